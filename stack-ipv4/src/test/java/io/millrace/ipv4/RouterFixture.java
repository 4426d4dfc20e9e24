package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IpV4Packet;

/**
 * A router between two links, whose other ends are the test.
 *
 * <pre>
 *   10.0.0.2 (host) --- left 10.0.0.1 [router] 10.5.0.1 right --- 10.5.0.2 (host), 10.5.0.9 (router to 10.9/16)
 * </pre>
 */
final class RouterFixture implements AutoCloseable {
  static final String LEFT_HOST = "10.0.0.2";
  static final String RIGHT_HOST = "10.5.0.2";
  static final String NEXT_ROUTER = "10.5.0.9";
  static final long RIGHT_MAC = 0x02_00_00_00_05_02L;
  static final long ROUTER_MAC = 0x02_00_00_00_05_09L;

  final TestPort left = new TestPort(1500, 0);
  final TestPort right;
  final NetStack stack;
  final Shard shard;
  private final int frames;
  private long now = TestHost.SECOND;

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
            .driven(ShardClock.of(() -> now))
            .port(left, "10.0.0.1/24")
            .port(right, "10.5.0.1/24")
            .route("10.9.0.0/16", NEXT_ROUTER, 1)
            .with(config);
    more.accept(builder);
    stack = builder.start();
    shard = stack.shard(0);
    step();
    left.put(Packets.arp(1, TestHost.PEER_MAC, LEFT_HOST, 0, "10.0.0.1"));
    right.put(Packets.arp(1, RIGHT_MAC, RIGHT_HOST, 0, "10.5.0.1"));
    right.put(Packets.arp(1, ROUTER_MAC, NEXT_ROUTER, 0, "10.5.0.1"));
    step();
    left.takeSent();
    right.takeSent();
    frames = shard.pool().available();
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

  /** A datagram of UDP from the host on the left. */
  static Packets.Ip fromLeft(String destination) {
    return Packets.udp(1000, 2000, Packets.random(7, 32)).from(LEFT_HOST).to(destination);
  }

  void fromLeft(Packets.Ip datagram) {
    left.put(datagram.build());
    step();
  }

  /** The datagrams that left by a port, decoded independently, headers verified. */
  static List<IpV4Packet> datagrams(TestPort port) {
    List<IpV4Packet> all = new ArrayList<>();
    for (byte[] frame : port.takeSent()) {
      IpV4Packet ip = TestHost.decode(frame).get(IpV4Packet.class);
      if (ip != null) {
        assertThat(ip.getHeader().hasValidChecksum(false)).isTrue();
        all.add(ip);
      }
    }
    return all;
  }

  /** The only frame that left by a port. */
  static byte[] frame(TestPort port) {
    List<byte[]> all = port.takeSent();
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  static EthernetPacket decoded(TestPort port) {
    return TestHost.decode(frame(port));
  }

  /** The only ICMP message that left by a port: type, code and the rest of its header. */
  static byte[] icmp(TestPort port) {
    List<IpV4Packet> all = datagrams(port);
    assertThat(all).hasSize(1);
    byte[] icmp = all.getFirst().get(IcmpV4CommonPacket.class).getRawData();
    assertThat(Packets.checksum(icmp, 0, icmp.length)).isZero();
    return icmp;
  }

  /** The datagram that an ICMP error quotes. */
  static byte[] quoted(byte[] icmp) {
    return Arrays.copyOfRange(icmp, 8, icmp.length);
  }

  /** Asserts that a datagram goes nowhere and is counted. */
  void expectDrop(DropReason reason, Packets.Ip datagram) {
    long before = shard.counters().get(reason);
    fromLeft(datagram);
    assertThat(shard.counters().get(reason)).as(reason.name()).isEqualTo(before + 1);
    assertThat(datagrams(right)).isEmpty();
  }

  @Override
  public void close() {
    advance(90 * TestHost.SECOND);
    assertThat(shard.pool().available()).as("free frames").isEqualTo(frames);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).as("exceptions").isZero();
    stack.close();
  }
}
