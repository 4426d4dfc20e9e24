package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A router between two links, whose other ends are the test.
 *
 * <pre>
 *   2001:db8::2 (host) --- left 2001:db8::1 [router] 2001:db8:5::1 right --- 2001:db8:5::2 (host), fe80::9 (router to 2001:db8:9::/48)
 * </pre>
 */
final class RouterFixture implements AutoCloseable {
  static final String LEFT = "2001:db8::1";
  static final String RIGHT = "2001:db8:5::1";
  static final String LEFT_HOST = "2001:db8::2";
  static final String RIGHT_HOST = "2001:db8:5::2";
  static final String NEXT_ROUTER = "fe80::9";
  static final long RIGHT_MAC = 0x02_00_00_00_05_02L;
  static final long ROUTER_MAC = 0x02_00_00_00_05_09L;

  final TestPort left = new TestPort(1500, 0);
  final TestPort right;
  final NetStack stack;
  final Shard shard;
  final Ipv6Family family;
  private final int frames;
  private final int largeFrames;
  private long now = 5 * TestHost.SECOND;

  RouterFixture() {
    this(1500, ForwardingConfig.defaults(), builder -> {});
  }

  RouterFixture(int rightMtu, ForwardingConfig config, Consumer<NetStack.Builder> more) {
    this(new TestPort(rightMtu, 0), config, more);
  }

  RouterFixture(TestPort right, ForwardingConfig config, Consumer<NetStack.Builder> more) {
    this.right = right;
    NetStack.Builder builder =
        NetStack.builder()
            .shards(ShardConfig.defaults().withFrames(4096))
            .driven(ShardClock.of(() -> now))
            .port(left, LEFT + "/64")
            .port(right, RIGHT + "/64")
            .route("2001:db8:9::/48", NEXT_ROUTER, 1)
            .with(Ipv6Autoconf.defaults().withDadTransmits(0));
    if (config != null) {
      builder.with(config);
    }
    more.accept(builder);
    stack = builder.start();
    shard = stack.shard(0);
    family = (Ipv6Family) shard.ipv6();
    advance(3 * TestHost.SECOND);
    introduce(left, LEFT_HOST, TestHost.PEER_MAC);
    introduce(right, RIGHT_HOST, RIGHT_MAC);
    introduce(right, NEXT_ROUTER, ROUTER_MAC);
    frames = shard.pool().frames();
    largeFrames = shard.pool().largeFrames();
  }

  /** Lets the router know a neighbor's link address, by a solicitation for one of its own. */
  void introduce(TestPort port, String neighbor, long mac) {
    port.put(Packets.solicitation(neighbor, mac, port == left ? LEFT : RIGHT));
    step();
    port.takeSent();
  }

  void step() {
    while (shard.step() != 0) {
      // Until all is quiet.
    }
  }

  void advance(long nanos) {
    long end = now + nanos;
    while (now < end) {
      now = Math.min(end, now + TestHost.SECOND / 10);
      step();
    }
  }

  long now() {
    return now;
  }

  long count(Counter counter) {
    return shard.counters().get(counter);
  }

  /** A datagram of UDP from the host on the left. */
  static Packets.Ip fromLeft(String destination) {
    return Packets.udp(1000, 2000, Packets.random(7, 32)).from(LEFT_HOST).to(destination);
  }

  void fromLeft(Packets.Ip packet) {
    left.put(packet.build());
    step();
  }

  /** The frames that left by a port, but for Neighbor Discovery's own. */
  static List<byte[]> frames(TestPort port) {
    List<byte[]> all = new ArrayList<>();
    for (byte[] frame : port.takeSent()) {
      int type = frame[14 + 40] & 0xff;
      boolean discovery = frame[14 + 6] == Packets.ICMPV6 && type >= 133 && type <= 136;
      boolean report = frame[14 + 6] == 0 && frame[14 + 24] == (byte) 0xff;
      if (!discovery && !report) {
        all.add(frame);
      }
    }
    return all;
  }

  /** The only frame that left by a port. */
  static byte[] frame(TestPort port) {
    List<byte[]> all = frames(port);
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  /** The only packet that left by a port, from the IPv6 header on. */
  static byte[] packet(TestPort port) {
    byte[] frame = frame(port);
    return Arrays.copyOfRange(frame, 14, frame.length);
  }

  /** The link address that the only frame went to. */
  static long to(TestPort port) {
    return mac(frame(port));
  }

  static long mac(byte[] frame) {
    long mac = 0;
    for (int i = 0; i < 6; i++) {
      mac = mac << 8 | (frame[i] & 0xff);
    }
    return mac;
  }

  /** The only ICMPv6 message that left by a port, its checksum verified, from its header on. */
  static byte[] icmp(TestPort port) {
    byte[] packet = packet(port);
    assertThat(packet[6]).isEqualTo((byte) Packets.ICMPV6);
    byte[] icmp = Arrays.copyOfRange(packet, 40, packet.length);
    assertThat(
            Packets.pseudoChecksum(
                Packets.addressAt(packet, 8).toString(),
                Packets.addressAt(packet, 24).toString(),
                Packets.ICMPV6,
                icmp))
        .isZero();
    return icmp;
  }

  /** The packet that an ICMPv6 error quotes. */
  static byte[] quoted(byte[] icmp) {
    return Arrays.copyOfRange(icmp, 8, icmp.length);
  }

  /** Asserts that a packet goes nowhere and is counted. */
  void expectDrop(DropReason reason, Packets.Ip packet) {
    long before = shard.counters().get(reason);
    fromLeft(packet);
    assertThat(shard.counters().get(reason)).as(reason.name()).isEqualTo(before + 1);
    assertThat(frames(right)).isEmpty();
  }

  @Override
  public void close() {
    advance(90 * TestHost.SECOND);
    assertThat(shard.pool().available()).as("free frames").isEqualTo(frames);
    assertThat(shard.pool().availableLarge()).as("free large frames").isEqualTo(largeFrames);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).as("exceptions").isZero();
    stack.close();
  }
}
