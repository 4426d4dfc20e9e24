package io.millrace.bench;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.lang.foreign.Arena;
import java.util.List;

/** Connect, one request and its answer, close by the server: as HTTP/1.0 does. */
final class TcpConnects {
  private static final int SIZE = 64;

  private TcpConnects() {}

  static List<Row> run(Measurement m, Family family) {
    return List.of(
        new Row(
            "TCP connect + request + close, one at a time" + family.suffix,
            once(m, family, 1) / 1e6,
            "M/s",
            ""),
        new Row(
            "TCP connect + request + close, 8 at once" + family.suffix,
            once(m, family, 8) / 1e6,
            "M/s",
            ""));
  }

  private static double once(Measurement m, Family family, int atOnce) {
    try (Arena arena = Arena.ofConfined(); // closed last: the stacks may still refer to its memory
        Duo duo = new Duo(family, Duo.tcp())) {
      WrappedBuffer message = WrappedBuffer.of(arena.allocate(SIZE));
      Tcp.of(duo.server).listen(null, 80, c -> new Responder(message), 1024);
      Requester requester = new Requester(Tcp.of(duo.client), duo.serverAddress, message);
      for (int i = 0; i < atOnce; i++) {
        requester.connect();
      }
      return m.perSecond(duo::turn, () -> requester.done);
    }
  }

  private record Responder(WrappedBuffer message) implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(message);
      c.close();
    }
  }

  private static final class Requester implements TcpHandler {
    private final Tcp tcp;
    private final IpAddress server;
    private final WrappedBuffer message;
    private long done;

    Requester(Tcp tcp, IpAddress server, WrappedBuffer message) {
      this.tcp = tcp;
      this.server = server;
      this.message = message;
    }

    void connect() {
      tcp.connect(server, 80, this);
    }

    @Override
    public void onConnected(TcpConnection c) {
      c.send(message);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {}

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      if (reason == TcpCloseReason.STACK_CLOSED) {
        return;
      }
      if (reason != TcpCloseReason.NORMAL) {
        throw new IllegalStateException("a connection ended: " + reason.text());
      }
      done++;
      connect();
    }
  }
}
