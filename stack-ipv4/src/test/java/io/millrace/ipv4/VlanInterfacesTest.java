package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.Dot1qVlanTagPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;

/** Several networks on one port: none, 802.1Q 10, 802.1Q 20, and 802.1Q 10 inside 802.1ad 100. */
class VlanInterfacesTest {
  private static final int TEN = 10;
  private static final int TWENTY = 20;
  private static final int INSIDE = 100 << 16 | 10;

  private final TestPort port = new TestPort(1500, 0);
  private final NetStack stack =
      NetStack.builder()
          .driven(ShardClock.of(() -> TestHost.SECOND))
          .port(port, "10.0.0.1/24")
          .vlan(0, "10", "10.10.0.1/24")
          .vlan(0, "20", "10.20.0.1/24")
          .vlan(0, "100.10", "10.30.0.1/24")
          .start();
  private final Shard shard = stack.shard(0);

  @BeforeEach
  void announced() {
    shard.step();
    List<byte[]> announcements = port.takeSent();
    assertThat(announcements)
        .extracting(VlanInterfacesTest::tagsOf)
        .containsExactly(0, TEN, TWENTY, INSIDE);
  }

  @AfterEach
  void close() {
    assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
    stack.close();
  }

  /** A frame with these tags put in. */
  private static byte[] tagged(int tags, byte[] frame) {
    ByteBuffer out = ByteBuffer.allocate(frame.length + 8).put(frame, 0, 12);
    if (tags >>> 16 != 0) {
      out.putShort((short) 0x88a8).putShort((short) (tags >>> 16));
    }
    if ((tags & 0xffff) != 0) {
      out.putShort((short) 0x8100).putShort((short) tags);
    }
    out.put(frame, 12, frame.length - 12);
    return Arrays.copyOf(out.array(), out.position());
  }

  /** The frame without its outer tag, if that is one of 802.1ad, decoded. */
  private static EthernetPacket decode(byte[] frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    if (bytes.getShort(12) != (short) 0x88a8) {
      return TestHost.decode(frame);
    }
    byte[] inner = Arrays.copyOfRange(frame, 4, frame.length);
    System.arraycopy(frame, 0, inner, 0, 12);
    return TestHost.decode(inner);
  }

  private static int tagsOf(byte[] frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    int outer = bytes.getShort(12) == (short) 0x88a8 ? bytes.getShort(14) : 0;
    Dot1qVlanTagPacket tag = decode(frame).get(Dot1qVlanTagPacket.class);
    return outer << 16 | (tag == null ? 0 : tag.getHeader().getVidAsInt());
  }

  private List<byte[]> receive(int tags, byte[] frame) {
    port.put(tagged(tags, frame));
    shard.step();
    return port.takeSent();
  }

  @Test
  void addressesAreToldInTheirNetworkAlone() {
    int[] networks = {0, TEN, TWENTY, INSIDE};
    String[] ours = {"10.0.0.1", "10.10.0.1", "10.20.0.1", "10.30.0.1"};
    for (int in = 0; in < 4; in++) {
      for (int of = 0; of < 4; of++) {
        byte[] question =
            Packets.arp(1, TestHost.PEER_MAC, ours[in].replaceAll("1$", "2"), 0, ours[of]);
        List<byte[]> sent = receive(networks[in], question);
        assertThat(sent).as("%s asked for in %x", ours[of], networks[in]).hasSize(in == of ? 1 : 0);
        if (in == of) {
          assertThat(tagsOf(sent.get(0))).isEqualTo(networks[in]);
          ArpPacket answer = decode(sent.get(0)).get(ArpPacket.class);
          assertThat(answer.getHeader().getSrcProtocolAddr().getHostAddress()).isEqualTo(ours[of]);
        }
      }
    }
  }

  @Test
  void anAnswerLeavesWithTheTagsOfItsNetwork() {
    String[] peers = {"10.10.0.2", "10.20.0.2", "10.30.0.2"};
    int[] networks = {TEN, TWENTY, INSIDE};
    for (int i = 0; i < networks.length; i++) {
      String ours = peers[i].replaceAll("2$", "1");
      receive(networks[i], Packets.arp(1, TestHost.PEER_MAC, peers[i], 0, ours));
      // With a priority, which is not part of the network's number.
      int tags = networks[i] >>> 16 == 0 ? networks[i] | 0x6000 : networks[i] | 0xe000_2000;
      List<byte[]> sent =
          receive(tags, Packets.echo(1, 2, new byte[12]).from(peers[i]).to(ours).build());
      assertThat(sent).hasSize(1);
      assertThat(tagsOf(sent.get(0))).isEqualTo(networks[i]);
      assertThat(decode(sent.get(0)).get(IcmpV4CommonPacket.class)).isNotNull();
    }
  }

  @Test
  void neighborsAreSoughtInTheNetworkThatTheRouteLeadsTo() {
    IpAddress to = IpAddress.parse("10.30.0.9");
    Ipv4Route route = (Ipv4Route) shard.route(0, 0, to.hi(), to.lo());
    assertThat(route.networkInterface().index()).isEqualTo(3);
    assertThat(route.pathMtu()).isEqualTo(1492);
    route.send(shard.pool().allocate(), 17, 0, 64, true, TestHost.SECOND);
    shard.step();
    List<byte[]> asked = port.takeSent();
    assertThat(asked).hasSize(1);
    assertThat(tagsOf(asked.get(0))).isEqualTo(INSIDE);
    // The answer in another network is about somebody else.
    byte[] answer = Packets.arp(2, TestHost.PEER_MAC, "10.30.0.9", TestPort.MAC, "10.30.0.1");
    assertThat(receive(TEN, answer)).isEmpty();
    List<byte[]> sent = receive(INSIDE, answer);
    assertThat(sent).hasSize(1);
    assertThat(tagsOf(sent.get(0))).isEqualTo(INSIDE);
  }

  @Test
  void unknownNetworksAreCounted() {
    byte[] question = Packets.arp(1, TestHost.PEER_MAC, "10.0.0.2", 0, "10.0.0.1");
    for (int tags : new int[] {30, 100 << 16, 100 << 16 | 20, 200 << 16 | 10}) {
      assertThat(receive(tags, question)).isEmpty();
    }
    assertThat(shard.counters().get(DropReason.VLAN_UNKNOWN)).isEqualTo(4);
  }

  @Test
  void anAddressCanBeAddedToANetworkLater() {
    stack.addAddress(2, "10.21.0.1/24");
    shard.step();
    assertThat(port.takeSent()).extracting(VlanInterfacesTest::tagsOf).containsExactly(TWENTY);
  }
}
