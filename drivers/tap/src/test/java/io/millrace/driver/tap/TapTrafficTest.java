package io.millrace.driver.tap;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.os.Linux;
import io.millrace.os.Namespace;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Packets made by hand, against the kernel's own protocols and sockets. */
@Timeout(60)
final class TapTrafficTest {
  private static final String KERNEL = "10.7.0.1";
  private static final String OURS = "10.7.0.2";
  private static final long MAC = 0x0200_0000_0002L;
  private static final int MSS = 1460;
  private static final int TCP = 34;

  private NetworkNamespace namespace;
  private FramePool pool;
  private Port port;
  private PortQueue queue;
  private long kernelMac;

  @BeforeEach
  void makeNamespace() {
    NetworkNamespace.assumeAvailable();
    namespace = NetworkNamespace.create("tap");
    namespace.withoutIpv6();
    pool = new FramePool(256, 2048, 16, false);
  }

  @AfterEach
  void removeNamespace() {
    if (namespace != null) {
      port.close();
      namespace.close();
      int left = pool.available();
      int leftLarge = pool.availableLarge();
      pool.close();
      assertThat(left).isEqualTo(256);
      assertThat(leftLarge).isEqualTo(16);
    }
  }

  private void open(String offload, int queues) {
    Map<String, String> options =
        Map.of(
            "netns",
            namespace.name(),
            "address",
            KERNEL + "/24",
            "mac",
            Ethernet.format(MAC),
            "offload",
            offload,
            "queues",
            "" + queues);
    port = new TapDriver().open(new PortConfig("mr0", options, 1));
    queue = port.queue(0, pool);
    namespace.run("ip", "neigh", "add", OURS, "lladdr", Ethernet.format(MAC), "dev", "mr0");
    String mac = namespace.run("cat", "/sys/class/net/mr0/address").strip();
    kernelMac = Long.parseLong(mac.replace(":", ""), 16);
  }

  private Frame frame(byte[] packet) {
    boolean small = packet.length <= pool.frameSize() - FramePool.HEADROOM;
    Frame frame = small ? pool.allocate() : pool.allocateLarge();
    Bytes.copyIn(packet, 0, frame.append(packet.length), packet.length);
    return frame;
  }

  private void send(Frame frame) {
    assertThat(queue.txBurst(new Frame[] {frame}, 0, 1)).isEqualTo(1);
    assertThat(queue.takeTransmitDrops()).isZero();
  }

  /**
   * The next frame that is wanted, owned by the caller; the others are released. Waits on the
   * descriptor.
   */
  private Frame receive(PortQueue from, Predicate<Decoded> wanted) {
    Frame[] one = new Frame[1];
    try (Arena arena = Arena.ofConfined()) {
      long poll = arena.allocate(8, 8).address();
      Linux linux = new Linux();
      for (int tries = 0; tries < 100; tries++) {
        Bytes.put32Native(poll, from.fd());
        Bytes.put32Native(poll + 4, Linux.POLLIN);
        linux.poll(poll, 1, 100);
        while (from.rxBurst(one, 1, 0) == 1) {
          if (wanted.test(decode(one[0]))) {
            return one[0];
          }
          one[0].release();
        }
      }
    }
    throw new AssertionError("the kernel sent nothing that was waited for");
  }

  /**
   * The frame as an independent decoder reads it, which is strict, with the checksum filled in that
   * was left out.
   */
  private static Decoded decode(Frame frame) {
    byte[] packet = frame.toByteArray();
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      int start = (int) (frame.checksumAddress() - frame.address());
      int checksum = ~sum(packet, start, packet.length) & 0xffff;
      packet[start + frame.checksumOffset()] = (byte) (checksum >>> 8);
      packet[start + frame.checksumOffset() + 1] = (byte) checksum;
    }
    return Decoded.of(packet);
  }

  private static int u16(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  /** RFC 1071 in its plainest form. */
  private static int sum(byte[] bytes, int from, int to) {
    int sum = 0;
    for (int i = from; i < to; i++) {
      sum += (bytes[i] & 0xff) << ((i - from) % 2 == 0 ? 8 : 0);
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  /** The pseudo-header's sum of an IPv4 packet without options, length included. */
  private static int pseudoHeader(byte[] packet) {
    int sum = sum(packet, 26, 34) + (packet[23] & 0xff) + packet.length - TCP;
    return (sum & 0xffff) + (sum >>> 16);
  }

  @Test
  void theKernelAnswersAnArpRequest() {
    open("on", 1);
    byte[] request = new byte[42];
    ByteBuffer.wrap(request)
        .putLong(0xffff_ffff_ffff_0200L)
        .putInt(2)
        .putShort((short) Ethernet.TYPE_ARP)
        .putShort((short) 1)
        .putShort((short) 0x0800)
        .putShort((short) 0x0604)
        .putShort((short) 1)
        .putShort((short) 0x0200)
        .putInt(2)
        .put(new byte[] {10, 7, 0, 2})
        .put(new byte[6])
        .put(new byte[] {10, 7, 0, 1});
    send(frame(request));
    Frame answer = receive(queue, Decoded::isArp);
    Decoded arp = decode(answer);
    assertThat(arp.arpOperation()).isEqualTo(2);
    assertThat(arp.arpSender()).isEqualTo(KERNEL);
    assertThat(arp.arpSenderMac()).isEqualTo(Ethernet.format(kernelMac));
    assertThat(arp.destinationMac()).isEqualTo(Ethernet.format(MAC));
    answer.release();
  }

  @Test
  void theKernelAnswersAPing() {
    open("on", 1);
    byte[] echo =
        PacketBuilder.icmp(8, 0, 0x1234_0001)
            .ethernet(MAC, kernelMac)
            .from(OURS, 0)
            .to(KERNEL, 0)
            .payload("how are you".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
            .bytes();
    send(frame(echo));
    Frame answer = receive(queue, Decoded::isIcmp);
    Decoded reply = decode(answer);
    assertThat(reply.icmpType()).isZero();
    assertThat(Decoded.problems(answer.toByteArray())).isEmpty();
    answer.release();
  }

  @Test
  void aDatagramOfTheKernelsComesWithItsChecksumLeftOut() throws IOException {
    open("on", 1);
    try (DatagramChannel socket = datagrams()) {
      socket.send(ByteBuffer.allocate(99), new InetSocketAddress(OURS, 9999));
      Frame datagram = receive(queue, Decoded::isUdp);
      assertThat(datagram.has(Frame.RX_CHECKSUM_OK)).isTrue();
      assertThat(datagram.has(Frame.CHECKSUM_PARTIAL)).isTrue();
      byte[] raw = datagram.toByteArray();
      assertThat(u16(raw, TCP + 6)).as("the pseudo-header's sum").isEqualTo(pseudoHeader(raw));
      Checksum.complete(datagram);
      assertThat(Decoded.problems(datagram.toByteArray())).isEmpty();
      datagram.release();
    }
  }

  @Test
  void withoutOffloadItComesWithItsChecksum() throws IOException {
    open("off", 1);
    try (DatagramChannel socket = datagrams()) {
      socket.send(ByteBuffer.allocate(99), new InetSocketAddress(OURS, 9999));
      Frame datagram = receive(queue, Decoded::isUdp);
      assertThat(datagram.flags()).isZero();
      assertThat(Decoded.problems(datagram.toByteArray())).isEmpty();
      datagram.release();
    }
  }

  @Test
  void aDatagramOfOursReachesASocketWithItsChecksumLeftOut() throws IOException {
    for (String offload : new String[] {"on", "off"}) {
      open(offload, 1);
      try (DatagramChannel socket = datagrams()) {
        int to = ((InetSocketAddress) socket.getLocalAddress()).getPort();
        byte[] payload = {1, 2, 3, 4, 5};
        byte[] packet =
            PacketBuilder.udp()
                .ethernet(MAC, kernelMac)
                .from(OURS, 9999)
                .to(KERNEL, to)
                .payload(payload)
                .bytes();
        Frame frame = frame(packet);
        Bytes.put16(frame.address() + TCP + 6, pseudoHeader(packet));
        frame.requestChecksum(frame.address() + TCP, 6);
        send(frame);
        ByteBuffer got = ByteBuffer.allocate(64);
        assertThat(socket.receive(got)).isEqualTo(new InetSocketAddress(OURS, 9999));
        assertThat(Arrays.copyOf(got.array(), got.position())).isEqualTo(payload);
      }
      port.close();
    }
  }

  private DatagramChannel datagrams() {
    return Namespace.in(
        namespace.name(),
        () -> {
          try {
            return DatagramChannel.open(java.net.StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(KERNEL, 0));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Test
  void largeSegmentsReachASocketAndComeFromOne() throws IOException {
    open("on", 1);
    try (ServerSocketChannel server = listener()) {
      int to = ((InetSocketAddress) server.getLocalAddress()).getPort();
      PacketBuilder syn = tcp(to).seq(999).flags("S").window(65_535);
      send(frame(syn.options(TcpOption.mss(MSS)).bytes()));
      Frame answer = receive(queue, Decoded::isTcp);
      Decoded synAck = decode(answer);
      assertThat(synAck.ack()).isEqualTo(1000);
      answer.release();
      long theirs = synAck.seq() + 1;
      send(frame(tcp(to).seq(1000).ack(theirs).flags("A").window(65_535).bytes()));
      try (SocketChannel socket = server.accept()) {
        sendsLarge(to, theirs, socket);
        receivesLarge(to, socket);
      }
    }
  }

  private static final int LENGTH = 20_000;

  private void sendsLarge(int to, long theirs, SocketChannel socket) throws IOException {
    byte[] payload = new byte[LENGTH];
    new Random(7).nextBytes(payload);
    byte[] packet =
        tcp(to).seq(1000).ack(theirs).flags("AP").window(65_535).payload(payload).bytes();
    // Headers in one frame, payload as its tail, as the stack sends.
    Frame data = frame(packet);
    Frame frame = frame(Arrays.copyOf(packet, TCP + 20));
    frame.tail(data, data.address() + TCP + 20, LENGTH);
    data.release();
    Bytes.put16(frame.address() + TCP + 16, pseudoHeader(packet));
    frame.requestChecksum(frame.address() + TCP, 16);
    frame.segmentSize(MSS);
    send(frame);
    ByteBuffer got = ByteBuffer.allocate(LENGTH);
    while (got.hasRemaining()) {
      assertThat(socket.read(got)).isPositive();
    }
    assertThat(got.array()).isEqualTo(payload);
  }

  /** The kernel sends its first window, ten segments, as one packet. */
  private void receivesLarge(int to, SocketChannel socket) throws IOException {
    byte[] payload = new byte[10 * MSS];
    new Random(8).nextBytes(payload);
    socket.write(ByteBuffer.wrap(payload));
    ByteBuffer got = ByteBuffer.allocate(payload.length);
    int longest = 0;
    while (got.hasRemaining()) {
      Frame frame = receive(queue, each -> each.isTcp() && each.payload().length > 0);
      assertThat(frame.has(Frame.RX_CHECKSUM_OK)).isTrue();
      if (frame.length() > 1514) {
        assertThat(frame.segmentSize()).isEqualTo(MSS);
        assertThat(frame.capacity()).isEqualTo(FramePool.LARGE_SIZE);
      }
      longest = Math.max(longest, frame.length());
      Decoded segment = decode(frame);
      got.put(segment.payload());
      frame.release();
      long next = segment.seq() + segment.payload().length;
      send(frame(tcp(to).seq(1000 + LENGTH).ack(next).flags("A").window(65_535).bytes()));
    }
    assertThat(got.array()).isEqualTo(payload);
    assertThat(longest).as("longest packet").isGreaterThan(1514);
  }

  private PacketBuilder tcp(int to) {
    return PacketBuilder.tcp().ethernet(MAC, kernelMac).from(OURS, 40_000).to(KERNEL, to);
  }

  private ServerSocketChannel listener() {
    return Namespace.in(
        namespace.name(),
        () -> {
          try {
            return ServerSocketChannel.open(java.net.StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(KERNEL, 0));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Test
  void theKernelDividesFlowsAmongTheQueues() throws IOException {
    open("on", 2);
    PortQueue second = port.queue(1, pool);
    int[] got = new int[2];
    for (int flow = 0; flow < 64; flow++) {
      try (DatagramChannel socket = datagrams()) {
        socket.send(ByteBuffer.allocate(20), new InetSocketAddress(OURS, 9999));
      }
    }
    Frame[] burst = new Frame[64];
    for (int i = 0; i < 2; i++) {
      int n = (i == 0 ? queue : second).rxBurst(burst, 64, 0);
      for (int k = 0; k < n; k++) {
        got[i] += decode(burst[k]).isUdp() ? 1 : 0;
        burst[k].release();
      }
    }
    assertThat(got[0] + got[1]).isEqualTo(64);
    assertThat(got).doesNotContain(0);
  }

  @Test
  void aLargePacketWithoutALargeFrameIsDroppedAndCounted() throws IOException {
    open("on", 1);
    namespace.run("ip", "link", "set", "mr0", "mtu", "9000");
    Frame[] hoard = new Frame[16];
    for (int i = 0; i < 16; i++) {
      hoard[i] = pool.allocateLarge();
    }
    try (DatagramChannel socket = datagrams()) {
      socket.send(ByteBuffer.allocate(5_000), new InetSocketAddress(OURS, 9999));
      socket.send(ByteBuffer.allocate(50), new InetSocketAddress(OURS, 9999));
      Frame small = receive(queue, Decoded::isUdp);
      assertThat(small.length()).isEqualTo(14 + 28 + 50);
      assertThat(queue.takeReceiveDrops()).isEqualTo(1);
      small.release();
      for (Frame frame : hoard) {
        frame.release();
      }
      socket.send(ByteBuffer.allocate(5_000), new InetSocketAddress(OURS, 9999));
      Frame large = receive(queue, Decoded::isUdp);
      assertThat(large.length()).isEqualTo(14 + 28 + 5_000);
      assertThat(large.segmentSize()).isZero();
      large.release();
    }
  }
}
