package io.millrace.bench;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.util.List;

/** Datagrams of 64 bytes echoed, several outstanding. */
final class UdpEcho {
  private static final int SIZE = 64;
  private static final int OUTSTANDING = 32;

  private UdpEcho() {}

  static List<Row> run(Measurement m, Family family) {
    try (Arena arena = Arena.ofConfined(); // closed last: the stacks may still refer to its memory
        Duo duo = new Duo(family, Duo.tcp())) {
      Udp.of(duo.server).bind(7, new Echo());
      Client client = new Client();
      UdpSocket socket = Udp.of(duo.client).bind(0, client);
      socket.connect(duo.serverAddress, 7);
      WrappedBuffer message = WrappedBuffer.of(arena.allocate(SIZE));
      for (int i = 0; i < OUTSTANDING; i++) {
        socket.send(message);
      }
      double rate = m.perSecond(duo::turn, () -> client.received);
      String note = OUTSTANDING + " outstanding";
      return List.of(new Row("UDP echo 64 B" + family.suffix, rate / 1e6, "M/s", note));
    }
  }

  private static final class Echo implements UdpHandler {
    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      data.retain(); // sent on in place: the received frame itself goes back
      socket.sendFrame(data, hi, lo, port);
    }
  }

  private static final class Client implements UdpHandler {
    private long received;

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      received++;
      data.retain();
      socket.sendFrame(data);
    }
  }
}
