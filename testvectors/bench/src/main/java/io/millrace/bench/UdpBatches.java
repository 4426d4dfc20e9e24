package io.millrace.bench;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSegmentHandler;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Datagrams one way: each for itself, in rows, and in rows that the wire leaves whole, as a port
 * with segmentation does. One thread sends and receives.
 */
final class UdpBatches {
  private static final int ROW = 32;

  private UdpBatches() {}

  static List<Row> run(Measurement m, Family family) {
    List<Row> rows = new ArrayList<>();
    for (int size : new int[] {64, 1200}) {
      rows.add(row(m, family, size, false, false));
      rows.add(row(m, family, size, true, false));
      rows.add(row(m, family, size, true, true));
    }
    return rows;
  }

  private static Row row(Measurement m, Family family, int size, boolean inRows, boolean cut) {
    try (Arena arena = Arena.ofConfined(); // closed last: the stacks may still refer to its memory
        Duo duo = new Duo(family, Duo.tcp(), cut ? ",offload" : "")) {
      Counting counting = inRows ? new Rows() : new Counting();
      Udp.of(duo.server).bind(7, counting);
      UdpSocket socket = Udp.of(duo.client).connect(duo.serverAddress, 7, new Counting());
      WrappedBuffer data = WrappedBuffer.of(arena.allocate((long) ROW * size));
      socket.send(data, 0, 1);
      for (int i = 0; i < 100; i++) {
        duo.turn(); // they find each other
      }
      Runnable turn =
          () -> {
            if (inRows) {
              socket.sendSegments(data, 0, ROW * size, size);
            } else {
              for (int i = 0; i < ROW; i++) {
                socket.send(data, i * size, size);
              }
            }
            duo.turn();
          };
      double rate = m.perSecond(turn, () -> counting.received);
      String how = cut ? ", in rows, cut by the port" : inRows ? ", in rows" : "";
      String name = "UDP one way " + size + " B" + how + family.suffix;
      return new Row(name, rate / 1e6, "M/s", ROW + " in a row, sent and received");
    }
  }

  /** Takes one by one. */
  private static class Counting implements UdpHandler {
    long received;

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      received++;
    }
  }

  /** Takes rows. */
  private static final class Rows extends Counting implements UdpSegmentHandler {
    @Override
    public void onSegments(
        UdpSocket socket, Frame data, int segmentSize, long hi, long lo, int port) {
      received += (data.length() + segmentSize - 1) / segmentSize;
    }
  }
}
