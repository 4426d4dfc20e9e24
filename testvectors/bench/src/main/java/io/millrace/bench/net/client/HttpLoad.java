package io.millrace.bench.net.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import org.HdrHistogram.Histogram;

/**
 * Loads a web server from a shard: so many connections, on each one request after the other, or one
 * connection after the other with one request on each. <b>Thread:</b> the shard's.
 */
final class HttpLoad {
  private static final long LONGEST = 60_000_000_000L;

  private final Shard shard;
  private final IpAddress server;
  private final int port;
  private final boolean close;
  private final byte[] request;
  private final ResponseCounter.Known known = new ResponseCounter.Known();
  private final Histogram nanos = new Histogram(LONGEST, 3);
  private int open;
  private long requests;
  private long errors;
  private boolean stopping;

  HttpLoad(Shard shard, IpAddress server, int port, String path, boolean close) {
    this.shard = shard;
    this.server = server;
    this.port = port;
    this.close = close;
    String fields = "Host: " + server + "\r\n" + (close ? "Connection: close\r\n" : "");
    request = ("GET " + path + " HTTP/1.1\r\n" + fields + "\r\n").getBytes(ISO_8859_1);
  }

  void start(int connections) {
    for (int i = 0; i < connections; i++) {
      new Session().connect();
    }
  }

  /** No more requests; open connections are reset when their answer comes. */
  void stop() {
    stopping = true;
  }

  /** How many connections there still are. */
  int open() {
    return open;
  }

  long requests() {
    return requests;
  }

  long errors() {
    return errors;
  }

  /** From the request, or with a connection for each from the SYN, to the answer's last byte. */
  Histogram nanos() {
    return nanos;
  }

  /** One connection, whose place another one takes when it is over. */
  private final class Session implements TcpHandler {
    private final ResponseCounter responses = new ResponseCounter(known);
    private long startedAt;
    private boolean answered;
    private boolean replaced;

    void connect() {
      startedAt = shard.clock().now();
      Tcp.of(shard).connect(server, port, this);
      open++;
    }

    @Override
    public void onConnected(TcpConnection c) {
      ask(c);
    }

    private void ask(TcpConnection c) {
      if (!close) {
        startedAt = shard.clock().now();
      }
      c.send(request, 0, request.length);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      int read = responses.read(data.address(), data.length());
      if (read < 0) {
        c.abort(); // counted when it has closed
      } else if (read > 0) {
        answered(c);
      }
    }

    private void answered(TcpConnection c) {
      answered = true;
      if (stopping) {
        c.abort();
        return;
      }
      requests++;
      nanos.recordValue(Math.min(LONGEST, shard.clock().now() - startedAt));
      if (!close) {
        ask(c);
      }
    }

    @Override
    public void onPeerClosed(TcpConnection c) {
      c.close();
      if (close && answered && !stopping) {
        replaced = true; // the last acknowledgment need not be waited for
        new Session().connect();
      }
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      open--;
      if (!replaced && !stopping) {
        errors++;
        new Session().connect();
      }
    }
  }
}
