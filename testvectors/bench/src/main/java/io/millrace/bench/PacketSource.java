package io.millrace.bench;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.driver.mem.MemDriver;
import io.millrace.ip.IpProtocol;
import io.millrace.link.Ethernet;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import java.util.Map;

/** One end of a wire that sends bursts of the smallest Ethernet frames, without a stack. */
final class PacketSource implements AutoCloseable {
  /** Packets in a burst. */
  static final int PACKETS = 512;

  /** 64 bytes on the wire, of which the last four are the checksum that software does not see. */
  private static final int SIZE = 60;

  private static final int HOST = 0x0a01_0002;
  private static final int DATAGRAM = SIZE - Ethernet.HEADER_SIZE;

  private final FramePool pool = new FramePool(2048, 2048, 0, false);
  private final Port port;
  private final PortQueue queue;
  private final long router;
  private final int[] destinations;
  private final Frame[] burst = new Frame[PACKETS];
  private int next;

  /**
   * Opens the other end of a wire.
   *
   * @param router where the packets are sent to on the link
   * @param destinations whom they are for, in turn; a power of two of them
   */
  PacketSource(String wire, long router, int[] destinations) {
    port = new MemDriver().open(new PortConfig(wire, Map.of(), 1));
    queue = port.queue(0, pool);
    this.router = router;
    this.destinations = destinations;
  }

  /** Sends a burst, and throws away what has come in. */
  void send() {
    int received;
    while ((received = queue.rxBurst(burst, PACKETS, 0)) != 0) {
      for (int i = 0; i < received; i++) {
        burst[i].release();
      }
    }
    for (int i = 0; i < PACKETS; i++) {
      burst[i] = packet(destinations[next++ & (destinations.length - 1)]);
    }
    int sent = queue.txBurst(burst, 0, PACKETS);
    for (int i = sent; i < PACKETS; i++) {
      burst[i].release();
    }
    queue.flush();
  }

  private Frame packet(int destination) {
    Frame frame = pool.allocate();
    long at = frame.append(SIZE);
    Ethernet.write(at, router, port.info().mac(), Ethernet.TYPE_IPV4, 0);
    long ip = at + Ethernet.HEADER_SIZE;
    Bytes.put32(ip, 0x4500_0000 | DATAGRAM);
    Bytes.put32(ip + 4, 0);
    Bytes.put32(ip + 8, 64 << 24 | IpProtocol.UDP << 16);
    Bytes.put32(ip + 12, HOST);
    Bytes.put32(ip + 16, destination);
    Bytes.put16(ip + 10, Checksum.finish(Checksum.add(0, ip, 20)));
    return frame;
  }

  @Override
  public void close() {
    port.close();
    pool.close();
  }
}
