package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.List;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV4Packet;

/**
 * A stack with one port, IPv4 and stand-ins for TCP and UDP, on a clock that stands still until
 * told. Closing it checks that every frame has come back and that nothing was thrown.
 */
final class TestHost implements AutoCloseable {
  static final String OURS = "10.0.0.1";
  static final String PEER = "10.0.0.2";
  static final String ROUTER = "10.0.0.254";
  static final long PEER_MAC = 0x02_00_00_00_00_02L;
  static final long SECOND = 1_000_000_000;

  final TestPort port;
  final NetStack stack;
  final Shard shard;
  final Ipv4Family family;
  final TestTransport tcp;
  final TestTransport udp;
  private long now = 5 * SECOND;
  private final int frames;
  private final int largeFrames;

  static TestHost start() {
    return start(1500, 0, Ipv4Config.defaults(), OURS + "/24");
  }

  static TestHost start(Ipv4Config config) {
    return start(1500, 0, config, OURS + "/24");
  }

  static TestHost start(int mtu, int offloads, Ipv4Config config, String... addresses) {
    return new TestHost(mtu, offloads, config, addresses);
  }

  private TestHost(int mtu, int offloads, Ipv4Config config, String... addresses) {
    port = new TestPort(mtu, offloads);
    stack =
        NetStack.builder()
            .shards(ShardConfig.defaults().withFrames(4096))
            .driven(ShardClock.of(() -> now))
            .port(port, addresses)
            .route("0.0.0.0/0", ROUTER)
            .with(config)
            .start();
    shard = stack.shard(0);
    family = (Ipv4Family) shard.ipv4();
    tcp = (TestTransport) shard.tcp();
    udp = (TestTransport) shard.udp();
    step();
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

  /** What was sent, decoded independently; fails if there is not exactly one frame. */
  EthernetPacket sentOne() {
    List<byte[]> all = sent();
    assertThat(all).hasSize(1);
    return decode(all.get(0));
  }

  List<IpV4Packet> sentDatagrams() {
    List<IpV4Packet> all = new ArrayList<>();
    for (byte[] frame : sent()) {
      IpV4Packet ip = decode(frame).get(IpV4Packet.class);
      if (ip != null) {
        assertThat(ip.getHeader().hasValidChecksum(false)).isTrue();
        all.add(ip);
      }
    }
    return all;
  }

  List<ArpPacket> sentArp() {
    return sent().stream()
        .map(each -> decode(each).get(ArpPacket.class))
        .filter(java.util.Objects::nonNull)
        .toList();
  }

  static EthernetPacket decode(byte[] frame) {
    try {
      return EthernetPacket.newPacket(frame, 0, frame.length);
    } catch (IllegalRawDataException e) {
      throw new AssertionError("not decodable", e);
    }
  }

  /** Lets us know the peer's link address, by an ARP request for ours. */
  TestHost introduce(String address, long mac) {
    receive(Packets.arp(1, mac, address, 0, OURS));
    port.takeSent();
    return this;
  }

  TestHost introducePeer() {
    return introduce(PEER, PEER_MAC);
  }

  Ipv4Route routeTo(String destination) {
    IpAddress to = IpAddress.parse(destination);
    return (Ipv4Route) family.route(0, 0, to.hi(), to.lo());
  }

  /** A frame with a transport packet in it. */
  Frame frame(byte[] bytes) {
    Frame frame = shard.pool().allocate();
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    return frame;
  }

  void send(Ipv4Route route, byte[] transport, boolean dontFragment) {
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
