package io.millrace.udp;

import static io.millrace.udp.UdpFixture.buffer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.testkit.packet.PacketBuilder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Groups and UDP sockets (RFC 1112, RFC 3376 §2 and §3)")
class UdpMulticastTest {
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  private static final IpAddress OTHER = IpAddress.parse("239.1.2.4");
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");
  private static final IpAddress STRANGER = IpAddress.parse("10.0.0.99");
  private static final int PORT = 5_000;
  private static final byte[] DATA = {1, 2, 3};

  private final UdpFixture net = new UdpFixture();
  private final UdpFixture.Recorder handler = new UdpFixture.Recorder();

  @AfterEach
  void noFrameIsLost() {
    net.stack.shard(0).step();
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  private static PacketBuilder to(IpAddress group) {
    return PacketBuilder.udp()
        .ethernet(0x0200_0000_0002L, 0x0100_5e01_0203L)
        .from(PEER.toString(), 7)
        .to(group.toString(), PORT)
        .payload(DATA);
  }

  private UdpSocket bound() {
    return net.udp.bindShared(Udp.ANY, PORT, handler);
  }

  @Test
  void aMemberReceivesAndOthersDoNot() {
    UdpFixture.Recorder outsider = new UdpFixture.Recorder();
    UdpSocket member = bound();
    net.udp.bindShared(Udp.ANY, PORT, outsider);
    member.join(GROUP);
    net.inject(to(GROUP));
    assertThat(handler.received).containsExactly(DATA);
    assertThat(outsider.received).isEmpty();
  }

  @Test
  void whoHasLeftReceivesNoMore() {
    UdpSocket member = bound();
    member.join(GROUP);
    member.leave(GROUP);
    net.inject(to(GROUP));
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.IP_NOT_FOR_US)).isEqualTo(1);
  }

  @Test
  @DisplayName("closing leaves: the interface hears the group no more")
  void closingLeaves() {
    UdpSocket member = bound();
    member.join(GROUP);
    member.join(OTHER);
    assertThat(net.ip().filter(GROUP)).isEqualTo(SourceFilter.EVERYTHING);
    member.close();
    assertThat(net.ip().filter(GROUP)).isEqualTo(SourceFilter.NOTHING);
    assertThat(net.ip().filter(OTHER)).isEqualTo(SourceFilter.NOTHING);
  }

  @Test
  @DisplayName("each socket hears what its own filter admits, the interface what any of them wants")
  void filtersPerSocket() {
    UdpFixture.Recorder choosy = new UdpFixture.Recorder();
    UdpSocket socket = net.udp.bindShared(Udp.ANY, PORT, choosy);
    socket.join(GROUP, 0, STRANGER);
    net.inject(to(GROUP));
    assertThat(net.counters().get(DropReason.UDP_NOT_WANTED)).isEqualTo(1);
    bound().join(GROUP);
    net.inject(to(GROUP));
    assertThat(handler.received).hasSize(1);
    assertThat(choosy.received).isEmpty();
    socket.join(GROUP, 0, PEER);
    net.inject(to(GROUP));
    assertThat(choosy.received).hasSize(1);
    socket.leave(GROUP, 0, PEER);
    net.inject(to(GROUP));
    assertThat(choosy.received).hasSize(1);
  }

  @Test
  void blockedSourcesAreNotHeard() {
    UdpSocket socket = bound();
    socket.join(GROUP);
    socket.block(GROUP, 0, PEER);
    net.inject(to(GROUP));
    assertThat(handler.received).isEmpty();
    assertThat(socket.filter(GROUP, 0)).isEqualTo(SourceFilter.exclude(PEER));
    socket.unblock(GROUP, 0, PEER);
    net.inject(to(GROUP));
    assertThat(handler.received).hasSize(1);
  }

  @Test
  void includingAndExcludingDoNotMix() {
    UdpSocket socket = bound();
    assertThatThrownBy(() -> socket.block(GROUP, 0, PEER))
        .isInstanceOf(IllegalStateException.class);
    socket.join(GROUP);
    assertThatThrownBy(() -> socket.join(GROUP, 0, PEER))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("use block and unblock");
  }

  @Test
  @DisplayName("several members are lent the same bytes; who sends them on sends a copy")
  void severalMembersShareAFrame() {
    List<Frame> kept = new ArrayList<>();
    UdpSocket first =
        net.udp.bindShared(
            Udp.ANY,
            PORT,
            (socket, data, hi, lo, port) -> {
              data.retain();
              kept.add(data);
            });
    first.join(GROUP);
    UdpSocket second =
        net.udp.bindShared(
            Udp.ANY,
            PORT,
            (socket, data, hi, lo, port) -> {
              data.retain();
              assertThat(socket.sendFrame(data, hi, lo, port)).isEqualTo(SendResult.SENT);
              data.pull(1); // a header that only this handler knows
            });
    second.join(GROUP);
    bound().join(GROUP);
    net.inject(to(GROUP));
    assertThat(handler.received).containsExactly(DATA);
    assertThat(net.peer.next().payload()).isEqualTo(DATA);
    assertThat(kept).hasSize(1);
    assertThat(kept.get(0).has(Frame.SHARED)).isTrue();
    kept.get(0).release();
  }

  @Test
  @DisplayName("a single member may send the frame on in the memory that it came in")
  void aSingleMemberOwnsTheFrame() {
    UdpSocket only =
        net.udp.bind(
            Udp.ANY,
            PORT,
            (socket, data, hi, lo, port) -> {
              data.retain();
              assertThat(data.has(Frame.SHARED)).isFalse();
              assertThat(socket.sendFrame(data, hi, lo, port)).isEqualTo(SendResult.SENT);
            });
    only.join(GROUP);
    net.inject(to(GROUP));
    assertThat(net.peer.next().payload()).isEqualTo(DATA);
  }

  @Test
  void aHandlerMayCloseTheOtherMembers() {
    List<UdpSocket> members = new ArrayList<>();
    int[] calls = new int[1];
    for (int i = 0; i < 20; i++) {
      UdpSocket member =
          net.udp.bindShared(
              Udp.ANY,
              PORT,
              (socket, data, hi, lo, port) -> {
                calls[0]++;
                members.forEach(UdpSocket::close);
              });
      member.join(GROUP);
      members.add(member);
    }
    net.inject(to(GROUP));
    assertThat(calls[0]).isEqualTo(1);
    assertThat(net.udp.socketCount()).isZero();
  }

  @Test
  @DisplayName("a socket bound to the group hears nothing else, and sends from an address of ours")
  void bindsToAGroup() {
    UdpSocket socket = net.udp.bind(GROUP, PORT, handler);
    socket.join(GROUP);
    net.inject(to(GROUP));
    net.inject(UdpFixture.toStack(7, PORT).payload(DATA));
    assertThat(handler.received).hasSize(1);
    assertThat(socket.sendTo(PEER, 7, buffer(DATA), 0, 3)).isEqualTo(SendResult.SENT);
    net.world.settle();
    assertThat(net.peer.drain()).hasSize(1);
  }

  @Test
  void aSocketWithAnAddressOfItsOwnCannotJoin() {
    UdpSocket socket = net.udp.bind(IpAddress.parse("10.0.0.1"), PORT, handler);
    assertThatThrownBy(() -> socket.join(GROUP))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("bind it to all addresses, or to the group");
  }

  @Test
  void refusesWhatIsNoGroupNoInterfaceOrTooMuch() {
    UdpSocket socket = bound();
    assertThatThrownBy(() -> socket.join(PEER)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> socket.join(GROUP, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> socket.join(IpAddress.parse("ff0e::1"), 0))
        .isInstanceOf(IllegalArgumentException.class);
    List<IpAddress> sources = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      sources.add(IpAddress.v4(0x0a00_0000 + i));
    }
    assertThatThrownBy(() -> socket.listen(GROUP, 0, SourceFilter.include(sources)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("65 sources");
    socket.close();
    assertThatThrownBy(() -> socket.join(GROUP)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  @DisplayName("the group that every host is in needs no joining")
  void allHostsIsHeardByAll() {
    bound();
    net.inject(to(IpAddress.parse("224.0.0.1")));
    assertThat(handler.received).hasSize(1);
  }

  @Test
  @DisplayName("what is sent to a group has a hop limit of its own, 1 at first (RFC 1112 §6.1)")
  void hopLimits() {
    UdpSocket socket = bound();
    socket.hopLimit(9);
    socket.sendTo(GROUP, PORT, buffer(DATA), 0, 3);
    socket.multicastHopLimit(5).sendTo(GROUP, PORT, buffer(DATA), 0, 3);
    socket.sendTo(PEER, PORT, buffer(DATA), 0, 3);
    net.world.settle();
    byte[] first = net.peer.receive();
    assertThat(first).startsWith(0x01, 0x00, 0x5e, 0x01, 0x02, 0x03);
    assertThat(List.of(first[22], net.peer.receive()[22], net.peer.receive()[22]))
        .containsExactly((byte) 1, (byte) 5, (byte) 9);
  }

  @Test
  @DisplayName("our own members hear it too, after the handler that sent it has returned")
  void loops() {
    UdpSocket socket = bound();
    socket.join(GROUP);
    socket.multicastHopLimit(0);
    assertThat(socket.sendTo(GROUP, PORT, buffer(DATA), 0, 3)).isEqualTo(SendResult.SENT);
    assertThat(handler.received).isEmpty();
    net.world.settle();
    assertThat(handler.received).containsExactly(DATA);
    assertThat(handler.sources).containsExactly(PORT);
    assertThat(net.peer.receive()).as("hop limit 0").isNull();
    socket.multicastLoop(false).sendTo(GROUP, PORT, buffer(DATA), 0, 3);
    net.world.settle();
    assertThat(handler.received).hasSize(1);
  }

  @Test
  @DisplayName("a member that answers its own datagrams does not keep the shard from its work")
  void loopsAreBounded() {
    UdpSocket socket =
        net.udp.bind(
            Udp.ANY,
            PORT,
            (s, data, hi, lo, port) -> {
              s.sendTo(GROUP, PORT, buffer(DATA), 0, 3);
              s.sendTo(GROUP, PORT, buffer(DATA), 0, 3);
            });
    socket.join(GROUP);
    socket.multicastHopLimit(0);
    socket.sendTo(GROUP, PORT, buffer(DATA), 0, 3);
    for (int i = 0; i < 20; i++) {
      net.shard.step();
    }
    assertThat(net.counters().get(DropReason.UDP_LOOP_FULL)).isPositive();
    socket.close();
  }
}
