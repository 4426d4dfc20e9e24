package io.millrace.bench;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.lang.foreign.Arena;
import java.util.List;

/** One connection, one direction, as much as goes. */
final class TcpBulk {
  private static final int PIECE = 1 << 20;

  private TcpBulk() {}

  static List<Row> run(Measurement m, Family family) {
    return List.of(
        once(m, family, false, "TCP bulk, delivered in place"),
        once(m, family, true, "TCP bulk, copied out by the application"));
  }

  private static Row once(Measurement m, Family family, boolean copyOut, String name) {
    try (Arena arena = Arena.ofConfined(); // closed last: the stacks may still refer to its memory
        Duo duo = new Duo(family, Duo.tcp())) {
      Sink sink = new Sink(copyOut ? arena.allocate(65_536).address() : 0);
      Tcp.of(duo.server).listen(null, 5001, c -> sink, 16);
      WrappedBuffer data = WrappedBuffer.of(arena.allocate(PIECE).fill((byte) 0x5a));
      Tcp.of(duo.client).connect(duo.serverAddress, 5001, new Source(data));
      double bytes = m.perSecond(duo::turn, () -> sink.received);
      long segments = duo.server.counters().get(Counter.TCP_IN_SEGS);
      double perSegment = (double) sink.received / segments;
      String note =
          String.format(
              "%.0f ns per data segment and side, %.0f bytes a segment",
              1e9 / (bytes / perSegment) / 2, perSegment);
      return new Row(name + family.suffix, bytes * 8 / 1e9, "Gbit/s", note);
    }
  }

  private record Source(WrappedBuffer data) implements TcpHandler {
    @Override
    public void onConnected(TcpConnection c) {
      onWritable(c);
    }

    @Override
    public void onWritable(TcpConnection c) {
      while (c.send(data)) {
        // until the queue is full
      }
    }

    @Override
    public void onData(TcpConnection c, Buffer received) {}
  }

  private static final class Sink implements TcpHandler {
    private final long copyTo;
    private long received;

    Sink(long copyTo) {
      this.copyTo = copyTo;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      if (copyTo != 0) {
        Bytes.copy(data.address(), copyTo, data.length());
      }
      received += data.length();
    }
  }
}
