package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.testkit.host.SteppedHost;
import io.millrace.testkit.host.TestPort;
import java.util.ArrayList;
import java.util.List;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IpV4Packet;

/**
 * A stack with one port, IPv4 and stand-ins for TCP and UDP, on a clock that stands still until
 * told. Closing it checks that every frame has come back and that nothing was thrown.
 */
final class TestHost extends SteppedHost {
  static final String OURS = "10.0.0.1";
  static final String PEER = "10.0.0.2";
  static final String ROUTER = "10.0.0.254";

  final Ipv4Family family;

  static TestHost start() {
    return start(1500, 0, Ipv4Config.defaults(), OURS + "/24");
  }

  static TestHost start(Ipv4Config config) {
    return start(1500, 0, config, OURS + "/24");
  }

  static TestHost start(int mtu, int offloads, Ipv4Config config, String... addresses) {
    return new TestHost(new TestPort(mtu, offloads), config, addresses);
  }

  private TestHost(TestPort port, Ipv4Config config, String... addresses) {
    super(port, NetStack.builder().port(port, addresses).route("0.0.0.0/0", ROUTER).with(config));
    family = (Ipv4Family) shard.ipv4();
    step();
    port.takeSent();
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

  void send(Ipv4Route route, byte[] transport, boolean dontFragment) {
    route.send(frame(transport), IpProtocol.UDP, 0, 64, dontFragment, now());
  }
}
