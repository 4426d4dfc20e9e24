package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.testkit.host.SteppedHost;
import io.millrace.testkit.host.TestPort;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.pcap4j.packet.IpV6Packet;

/**
 * A stack with one port, IPv6 and stand-ins for TCP and UDP, on a clock that stands still until
 * told. Closing it checks that every frame has come back and that nothing was thrown.
 */
final class TestHost extends SteppedHost {
  static final String OURS = "2001:db8::1";
  static final String PEER = "2001:db8::2";
  static final String ROUTER = "fe80::fe";
  static final long ROUTER_MAC = 0x02_00_00_00_00_feL;

  final Ipv6Family family;

  static TestHost start() {
    return start(1500, 0, Ipv6Config.defaults(), OURS + "/64");
  }

  static TestHost start(Ipv6Config config) {
    return start(1500, 0, config, OURS + "/64");
  }

  static TestHost start(int mtu, int offloads, Ipv6Config config, String... addresses) {
    return new TestHost(new TestPort(mtu, offloads), List.of(config), addresses);
  }

  /** With settings in the place of the defaults. */
  static TestHost with(List<Record> settings, String... addresses) {
    return new TestHost(new TestPort(1500, 0), settings, addresses);
  }

  private TestHost(TestPort port, List<Record> settings, String... addresses) {
    super(port, builder(port, settings, addresses));
    family = (Ipv6Family) shard.ipv6();
    advance(3 * SECOND);
    port.takeSent();
  }

  private static NetStack.Builder builder(
      TestPort port, List<Record> settings, String... addresses) {
    NetStack.Builder builder =
        NetStack.builder()
            .port(port, addresses)
            .route("::/0", ROUTER)
            .with(Ipv6Autoconf.defaults().withDadTransmits(0));
    settings.forEach(builder::with);
    return builder;
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

  void send(Ipv6Route route, byte[] transport, boolean dontFragment) {
    route.send(frame(transport), IpProtocol.UDP, 0, 64, dontFragment, now());
  }

  void expectDrop(DropReason reason, Packets.Ip packet) {
    expectDrop(reason, packet.build());
  }
}
