package io.millrace.bench;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.lang.foreign.Arena;
import java.util.List;

/** Requests of 64 bytes answered with 64 bytes, one outstanding on each connection. */
final class TcpRequestResponse {
  private static final int SIZE = 64;

  private TcpRequestResponse() {}

  static List<Row> run(Measurement m, Family family) {
    double one = once(m, family, 1);
    double thousand = once(m, family, 1000);
    String flat = String.format("%.0f %% of the rate with 1", 100 * thousand / one);
    return List.of(
        new Row("TCP request/response 64 B, 1 connection" + family.suffix, one / 1e6, "M/s", ""),
        new Row(
            "TCP request/response 64 B, 1,000 connections" + family.suffix,
            thousand / 1e6,
            "M/s",
            flat));
  }

  private static double once(Measurement m, Family family, int connections) {
    try (Arena arena = Arena.ofConfined(); // closed last: the stacks may still refer to its memory
        Duo duo = new Duo(family, Duo.tcp())) {
      WrappedBuffer message = WrappedBuffer.of(arena.allocate(SIZE));
      Tcp.of(duo.server).listen(null, 7, c -> new Responder(message), connections);
      Requester requester = new Requester(message);
      for (int i = 0; i < connections; i++) {
        Tcp.of(duo.client).connect(duo.serverAddress, 7, requester);
        duo.turn();
      }
      return m.perSecond(duo::turn, () -> requester.bytes / SIZE);
    }
  }

  private static final class Responder implements TcpHandler {
    private final WrappedBuffer message;

    Responder(WrappedBuffer message) {
      this.message = message;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(message);
    }
  }

  private static final class Requester implements TcpHandler {
    private final WrappedBuffer message;
    private long bytes;

    Requester(WrappedBuffer message) {
      this.message = message;
    }

    @Override
    public void onConnected(TcpConnection c) {
      c.send(message);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      bytes += data.length();
      c.send(message);
    }
  }
}
