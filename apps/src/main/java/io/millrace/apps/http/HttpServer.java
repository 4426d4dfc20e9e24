package io.millrace.apps.http;

import io.millrace.net.NetStack;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpAcceptor;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.IOException;

/**
 * A web server on the stack: HTTP/1.1 (RFC 9110, 9112), files and pages, one state per shard,
 * nothing shared.
 *
 * <p>{@code PUT} or {@code POST} to {@code /sink} takes any body and answers with its SHA-256 and
 * length; {@code /stats} and {@code /stats.json} tell what the stack has counted.
 */
public final class HttpServer implements TcpAcceptor {
  private final HttpShard[] shards;

  private HttpServer(HttpShard[] shards) {
    this.shards = shards;
  }

  /**
   * Serves on {@code port} of every address. Any thread; it serves when this returns.
   *
   * @throws IOException if the root folder is not there
   * @throws IllegalStateException if the port is in use
   */
  public static HttpServer listen(NetStack stack, int port, HttpConfig config) throws IOException {
    SiteRoot root = config.root() == null ? null : new SiteRoot(config.root());
    ReadAhead readAhead = new ReadAhead();
    HttpShard[] shards = new HttpShard[stack.shardCount()];
    for (int i = 0; i < shards.length; i++) {
      shards[i] = new HttpShard(stack.shard(i), config, root, readAhead);
    }
    HttpServer server = new HttpServer(shards);
    Tcp.listen(stack, port, server);
    return server;
  }

  /** Accepts a connection, on the shard that it belongs to; refuses it if there are too many. */
  @Override
  public TcpHandler accept(TcpConnection connection) {
    HttpShard shard = shards[connection.shard().index()];
    return shard.admit() ? new HttpConnection(shard, connection) : null;
  }

  /** Any thread: what all shards have done, at most a moment old. */
  public HttpTotals totals() {
    HttpTotals sum = new HttpTotals(0, 0, 0, 0, 0, 0, 0);
    for (HttpShard shard : shards) {
      sum = sum.plus(shard.totals());
    }
    return sum;
  }
}
