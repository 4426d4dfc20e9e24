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
  private static final long HOST6_HI = 0x2001_0db8_0001_0000L;
  private static final long HOST6_LO = 2;
  private static final int DATAGRAM = SIZE - Ethernet.HEADER_SIZE;
  private static final int IPV6_HEADER = 40;
  private static final int NO_NEXT_HEADER = 59;

  private final FramePool pool = new FramePool(2048, 2048, 0, false);
  private final Port port;
  private final PortQueue queue;
  private final long router;
  private final long[] destinations;
  private final Frame[] burst = new Frame[PACKETS];
  private int next;

  /**
   * Opens the other end of a wire.
   *
   * @param router where the packets are sent to on the link
   * @param destinations whom they are for, in turn: both halves of each address; a power of two of
   *     them
   */
  PacketSource(String wire, long router, long[] destinations) {
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
      int at = 2 * next++ & (destinations.length - 1);
      burst[i] = packet(destinations[at], destinations[at + 1]);
    }
    int sent = queue.txBurst(burst, 0, PACKETS);
    for (int i = sent; i < PACKETS; i++) {
      burst[i].release();
    }
    queue.flush();
  }

  private Frame packet(long hi, long lo) {
    Frame frame = pool.allocate();
    long at = frame.append(SIZE);
    boolean v4 = hi == 0;
    int type = v4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6;
    Ethernet.write(at, router, port.info().mac(), type, 0);
    if (v4) {
      writeIpv4(at + Ethernet.HEADER_SIZE, (int) lo);
    } else {
      writeIpv6(at + Ethernet.HEADER_SIZE, hi, lo);
    }
    return frame;
  }

  private static void writeIpv4(long ip, int destination) {
    Bytes.put32(ip, 0x4500_0000 | DATAGRAM);
    Bytes.put32(ip + 4, 0);
    Bytes.put32(ip + 8, 64 << 24 | IpProtocol.UDP << 16);
    Bytes.put32(ip + 12, HOST);
    Bytes.put32(ip + 16, destination);
    Bytes.put16(ip + 10, Checksum.finish(Checksum.add(0, ip, 20)));
  }

  /** As small as the one of IPv4: too small for a header of UDP. */
  private static void writeIpv6(long ip, long hi, long lo) {
    Bytes.put32(ip, 0x6001_2345);
    Bytes.put32(ip + 4, (DATAGRAM - IPV6_HEADER) << 16 | NO_NEXT_HEADER << 8 | 64);
    Bytes.put64(ip + 8, HOST6_HI);
    Bytes.put64(ip + 16, HOST6_LO);
    Bytes.put64(ip + 24, hi);
    Bytes.put64(ip + 32, lo);
  }

  @Override
  public void close() {
    port.close();
    pool.close();
  }
}
