package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.time.ShardClock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV6Packet;

/**
 * A stack with one port, IPv6 and stand-ins for TCP and UDP, on a clock that stands still until
 * told. Closing it checks that every frame has come back and that nothing was thrown.
 */
final class TestHost implements AutoCloseable {
  static final String OURS = "2001:db8::1";
  static final String PEER = "2001:db8::2";
  static final String ROUTER = "fe80::fe";
  static final long PEER_MAC = 0x02_00_00_00_00_02L;
  static final long ROUTER_MAC = 0x02_00_00_00_00_feL;
  static final long SECOND = 1_000_000_000;

  final TestPort port;
  final NetStack stack;
  final Shard shard;
  final Ipv6Family family;
  final TestTransport tcp;
  final TestTransport udp;
  private long now = 5 * SECOND;
  private final int frames;
  private final int largeFrames;

  static TestHost start() {
    return start(1500, 0, Ipv6Config.defaults(), OURS + "/64");
  }

  static TestHost start(Ipv6Config config) {
    return start(1500, 0, config, OURS + "/64");
  }

  static TestHost start(int mtu, int offloads, Ipv6Config config, String... addresses) {
    return new TestHost(mtu, offloads, config, addresses);
  }

  private TestHost(int mtu, int offloads, Ipv6Config config, String... addresses) {
    port = new TestPort(mtu, offloads);
    stack =
        NetStack.builder()
            .shards(ShardConfig.defaults().withFrames(4096))
            .driven(ShardClock.of(() -> now))
            .port(port, addresses)
            .route("::/0", ROUTER)
            .with(config)
            .with(Ipv6Autoconf.defaults().withDadTransmits(0))
            .start();
    shard = stack.shard(0);
    family = (Ipv6Family) shard.ipv6();
    tcp = (TestTransport) shard.tcp();
    udp = (TestTransport) shard.udp();
    advance(3 * SECOND);
    port.takeSent();
    frames = shard.pool().frames();
    largeFrames = shard.pool().largeFrames();
  }

  long now() {
    return now;
  }

  void step() {
    while (shard.step() != 0) {
      // Until all is quiet.
    }
  }

  /**
   * Moves the clock, a tenth of a second at a time, as the timers of a running stack would see it.
   */
  void advance(long nanos) {
    long end = now + nanos;
    while (now < end) {
      now = Math.min(end, now + SECOND / 10);
      step();
    }
  }

  void receive(byte[] frame) {
    port.put(frame);
    step();
  }

  List<byte[]> sent() {
    step();
    return port.takeSent();
  }

  /** The IPv6 packets that were sent, decoded independently. */
  List<IpV6Packet> sentPackets() {
    return sent().stream().map(each -> decode(each).get(IpV6Packet.class)).toList();
  }

  /** What was sent, from the IPv6 header on; fails if there is not exactly one frame. */
  byte[] sentOne() {
    List<byte[]> all = sent();
    assertThat(all).hasSize(1);
    return Arrays.copyOfRange(all.get(0), 14, all.get(0).length);
  }

  /** An ICMPv6 error that was sent; fails if there is not exactly one, or its checksum is wrong. */
  Problem sentError() {
    List<Problem> errors = sentErrors();
    assertThat(errors).hasSize(1);
    return errors.get(0);
  }

  List<Problem> sentErrors() {
    List<Problem> errors = new ArrayList<>();
    for (byte[] each : sent()) {
      String source = address(each, 14 + 8);
      String destination = address(each, 14 + 24);
      byte[] icmp = Arrays.copyOfRange(each, 14 + 40, each.length);
      assertThat(Packets.pseudoChecksum(source, destination, Packets.ICMPV6, icmp)).isZero();
      if (icmp[0] >= 0) {
        int rest = ByteBuffer.wrap(icmp).getInt(4);
        byte[] quote = Arrays.copyOfRange(icmp, 8, icmp.length);
        errors.add(new Problem(icmp[0], icmp[1], rest, IpAddress.parse(source), quote));
      }
    }
    return errors;
  }

  private static String address(byte[] frame, int at) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    return new IpAddress(bytes.getLong(at), bytes.getLong(at + 8)).toString();
  }

  /** An ICMPv6 error as it was sent. */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Problem(int type, int code, int rest, IpAddress source, byte[] quote) {}

  static EthernetPacket decode(byte[] frame) {
    try {
      return EthernetPacket.newPacket(frame, 0, frame.length);
    } catch (IllegalRawDataException e) {
      throw new AssertionError("not decodable", e);
    }
  }

  /** Lets us know a neighbor's link address, by a solicitation for ours. */
  TestHost introduce(String address, long mac, String target) {
    receive(Packets.solicitation(address, mac, target));
    port.takeSent();
    return this;
  }

  TestHost introducePeer() {
    return introduce(PEER, PEER_MAC, OURS);
  }

  /** Our link-local address, as it is on the wire. */
  String linkLocal() {
    return family.addresses().stream()
        .map(each -> each.address().toString())
        .filter(each -> each.startsWith("fe80"))
        .map(each -> each.substring(0, each.indexOf('%')))
        .findFirst()
        .orElseThrow();
  }

  Ipv6Route routeTo(String destination) {
    IpAddress to = IpAddress.parse(destination);
    return (Ipv6Route) family.route(0, 0, to.hi(), to.lo());
  }

  /** A frame with a transport packet in it. */
  Frame frame(byte[] bytes) {
    boolean large = bytes.length > shard.pool().frameSize() - FramePool.HEADROOM;
    Frame frame = large ? shard.pool().allocateLarge() : shard.pool().allocate();
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    return frame;
  }

  void send(Ipv6Route route, byte[] transport, boolean dontFragment) {
    route.send(frame(transport), IpProtocol.UDP, 0, 64, dontFragment, now);
  }

  long drops(DropReason reason) {
    return shard.counters().get(reason);
  }

  /** Asserts that exactly one more drop, of this kind, is counted by what {@code action} does. */
  void expectDrop(DropReason reason, Runnable action) {
    long before = drops(reason);
    long total = shard.counters().totalDrops();
    action.run();
    assertThat(drops(reason)).as(reason.name()).isEqualTo(before + 1);
    assertThat(shard.counters().totalDrops()).isEqualTo(total + 1);
  }

  void expectDrop(DropReason reason, byte[] frame) {
    expectDrop(reason, () -> receive(frame));
  }

  void expectDrop(DropReason reason, Packets.Ip packet) {
    expectDrop(reason, packet.build());
  }

  long count(Counter counter) {
    return shard.counters().get(counter);
  }

  /** Whether all frames are back in their pool. */
  void checkFrames() {
    assertThat(shard.pool().available()).as("free frames").isEqualTo(frames);
    assertThat(shard.pool().availableLarge()).as("free large frames").isEqualTo(largeFrames);
  }

  @Override
  public void close() {
    // Everything that waits for something gives up.
    advance(90 * SECOND);
    checkFrames();
    assertThat(count(Counter.EXCEPTIONS)).as("exceptions").isZero();
    stack.close();
  }
}
