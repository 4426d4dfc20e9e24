package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.HostConnector;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * Fetches one page over the stack: {@code GET}, one connection, the body to a channel.
 *
 * <p>The body is written on the shard's thread in the memory that it arrived in; a channel that
 * blocks makes the shard wait, and with it the peer.
 */
public final class HttpFetch implements TcpHandler {
  /**
   * What came back.
   *
   * @param status the status code
   * @param bytes the length of the body in bytes
   * @param nanos from the connect to the last byte
   */
  public record Result(int status, long bytes, long nanos) {}

  /** How many bytes of a body are there so far; called on the shard's thread, must be quick. */
  @FunctionalInterface
  public interface Progress {
    /**
     * More has come.
     *
     * @param total as told by the server, or -1
     */
    void received(long bytes, long total);
  }

  private final String request;
  private final WritableByteChannel to;
  private final Progress progress;
  private final CompletableFuture<Result> result = new CompletableFuture<>();
  private final ResponseReader reader = new ResponseReader();
  private final long started;
  private long bytes;

  private HttpFetch(String host, String target, WritableByteChannel to, Progress progress) {
    this.request =
        "GET "
            + target
            + " HTTP/1.1\r\nHost: "
            + host
            + "\r\nUser-Agent: millrace\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    this.to = to;
    this.progress = progress;
    this.started = System.nanoTime();
  }

  /**
   * Fetches {@code target} from a server. Any thread; the result completes on the shard's, with an
   * {@link IOException} whose message is one sentence if it fails.
   *
   * @param host what the Host field says
   * @param target the path and query
   */
  public static CompletableFuture<Result> get(
      NetStack stack,
      IpAddress server,
      int port,
      String host,
      String target,
      WritableByteChannel to,
      Progress progress) {
    return start(
        stack,
        new HttpFetch(host, target, to, progress),
        (shard, fetch) -> Tcp.of(shard).connect(server, port, fetch));
  }

  /**
   * The same from a server that is known by name: the stack asks for its addresses and takes the
   * one that answers first (RFC 8305).
   */
  public static CompletableFuture<Result> get(
      NetStack stack,
      String server,
      int port,
      String host,
      String target,
      WritableByteChannel to,
      Progress progress) {
    return start(
        stack,
        new HttpFetch(host, target, to, progress),
        (shard, fetch) -> HostConnector.connect(shard, server, port, fetch.new Connected()));
  }

  private static CompletableFuture<Result> start(
      NetStack stack, HttpFetch fetch, BiConsumer<Shard, HttpFetch> connect) {
    Shard shard = stack.shard(0);
    shard.execute(
        () -> {
          try {
            connect.accept(shard, fetch);
          } catch (IllegalStateException e) {
            fetch.result.completeExceptionally(new IOException(e.getMessage(), e));
          }
        });
    return fetch.result;
  }

  /** One of the server's addresses has answered, or none has. */
  private final class Connected implements HostConnector.Result {
    @Override
    public TcpHandler onConnected(TcpConnection connection) {
      return HttpFetch.this;
    }

    @Override
    public void onFailed(IOException reason) {
      result.completeExceptionally(reason);
    }
  }

  @Override
  public void onConnected(TcpConnection c) {
    byte[] bytesOfRequest = request.getBytes(ISO_8859_1);
    c.send(bytesOfRequest, 0, bytesOfRequest.length);
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    int at = 0;
    while (!result.isDone()) {
      ResponseReader.Event event = reader.read(data.address() + at, data.length() - at);
      at += reader.consumed();
      switch (event) {
        case MORE -> {
          return;
        }
        case HEAD -> progress.received(0, reader.contentLength());
        case BODY -> body(c);
        case END -> done(c);
        case BAD -> fail(c, "the answer is not HTTP");
      }
    }
  }

  private void body(TcpConnection c) {
    bytes += reader.bodyLength();
    ByteBuffer piece = Bytes.segment(reader.bodyAddress(), reader.bodyLength()).asByteBuffer();
    try {
      while (piece.hasRemaining()) {
        to.write(piece);
      }
    } catch (IOException e) {
      fail(c, "cannot write: " + e.getMessage());
      return;
    }
    progress.received(bytes, reader.contentLength());
  }

  private void done(TcpConnection c) {
    c.close();
    result.complete(new Result(reader.status(), bytes, System.nanoTime() - started));
  }

  private void fail(TcpConnection c, String sentence) {
    c.abort();
    result.completeExceptionally(new IOException(sentence));
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    if (reader.endOfStream()) {
      done(c);
    } else {
      fail(c, "the server closed the connection after " + bytes + " bytes, before the end");
    }
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    if (result.isDone()) {
      return;
    }
    String sentence =
        switch (reason) {
          case REFUSED -> "the server refused the connection: nothing listens on that port";
          case RESET -> "the server reset the connection after " + bytes + " bytes";
          case TIMED_OUT -> "the server does not answer";
          case UNREACHABLE ->
              "the server cannot be reached: no route, or no host with that address";
          case NORMAL, ABORTED, STACK_CLOSED ->
              "the connection was closed after " + bytes + " bytes, before the end";
        };
    result.completeExceptionally(new IOException(sentence));
  }
}
