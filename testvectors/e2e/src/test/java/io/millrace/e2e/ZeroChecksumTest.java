package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpTunnel;
import io.millrace.udp.UdpTunnelConfig;
import io.millrace.udp.UdpTunnelConfig.OuterChecksum;
import io.millrace.udp.tunnel.Vxlan;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams without a checksum between two stacks, over both families. */
class ZeroChecksumTest {
  private final TwoStacks stacks = new TwoStacks();
  private final Checksums server = new Checksums();
  private final Checksums client = new Checksums();
  private final UdpSocket receiver = Udp.of(stacks.server()).bind(Vxlan.PORT, server);

  @AfterEach
  void nothingIsLost() {
    stacks.close();
    for (var shard : List.of(stacks.client(), stacks.server())) {
      assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
    }
  }

  /** Writes down the checksum fields of what comes, as they were on the wire. */
  private static final class Checksums implements UdpHandler {
    private final List<Integer> received = new ArrayList<>();
    private final List<IcmpError> errors = new ArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      received.add(Bytes.u16(data.address() - 2));
    }

    @Override
    public void onError(UdpSocket socket, IcmpError error, long hi, long lo, int port) {
      errors.add(error);
    }
  }

  private static IpAddress address(boolean six) {
    return six ? TwoStacks.SERVER_IPV6 : TwoStacks.SERVER;
  }

  private void settle() {
    for (int i = 0; i < 100; i++) {
      stacks.turn();
    }
  }

  private static void send(UdpSocket from, IpAddress to, int length) {
    WrappedBuffer data = WrappedBuffer.of(Arena.ofAuto().allocate(length));
    assertThat(from.sendTo(to, Vxlan.PORT, data, 0, length)).isEqualTo(SendResult.SENT);
  }

  @Tag("rfc6935:5-1")
  @Test
  void checksumsAreTakenUnlessTheSocketSaysOtherwise() {
    UdpSocket sender = Udp.of(stacks.client()).bind(0, client);
    for (int length : new int[] {1, 300}) {
      send(sender, TwoStacks.SERVER_IPV6, length);
      settle();
    }
    assertThat(server.received).hasSize(2).doesNotContain(0);
  }

  @Tag("rfc6936:5-1")
  @ParameterizedTest
  @ValueSource(ints = {1, 300, 1400})
  void overIpv6BothEndsHaveToAgree(int length) {
    UdpSocket sender = Udp.of(stacks.client()).bind(0, client).sendChecksums(false);
    send(sender, TwoStacks.SERVER_IPV6, length);
    settle();
    assertThat(server.received).isEmpty();
    assertThat(stacks.server().counters().get(DropReason.UDP_ZERO_CHECKSUM)).isEqualTo(1);
    receiver.acceptZeroChecksums(true);
    send(sender, TwoStacks.SERVER_IPV6, length);
    settle();
    assertThat(server.received).containsExactly(0);
  }

  @Tag("rfc1122:4.1.3.4-4")
  @ParameterizedTest
  @ValueSource(ints = {1, 300, 1400})
  void overIpv4TheReceiverNeedsNoPermission(int length) {
    send(Udp.of(stacks.client()).bind(0, client).sendChecksums(false), TwoStacks.SERVER, length);
    settle();
    assertThat(server.received).containsExactly(0);
  }

  @Tag("rfc6936:5-3")
  @Test
  void whatLeavesInFragmentsOverIpv6HasAChecksum() {
    UdpSocket sender = Udp.of(stacks.client()).bind(0, client).sendChecksums(false);
    send(sender, TwoStacks.SERVER_IPV6, 4000);
    settle();
    assertThat(server.received).hasSize(1).doesNotContain(0);
  }

  @Tag("rfc6936:4-5")
  @Test
  void anErrorAboutSuchADatagramReachesTheSocketThatSentIt() {
    receiver.close();
    UdpSocket sender = Udp.of(stacks.client()).bind(0, client);
    Checksums stranger = new Checksums();
    Udp.of(stacks.client()).bind(0, stranger);
    // One with a checksum, as others are never answered.
    send(sender, TwoStacks.SERVER_IPV6, 10);
    sender.sendChecksums(false);
    send(sender, TwoStacks.SERVER_IPV6, 10);
    settle();
    assertThat(client.errors).containsExactly(IcmpError.PORT_UNREACHABLE);
    assertThat(stranger.errors).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTunnelMayDoWithoutThem(boolean six) {
    receiver.acceptZeroChecksums(true);
    send(Udp.of(stacks.client()).bind(0, client), address(six), 1); // they find each other
    settle();
    UdpTunnelConfig config = UdpTunnelConfig.defaults();
    for (OuterChecksum each : List.of(OuterChecksum.NEVER, OuterChecksum.ALWAYS)) {
      UdpTunnel tunnel =
          UdpTunnel.to(stacks.client(), address(six), Vxlan.PORT, config.withChecksum(each));
      Frame inner = stacks.client().pool().allocate();
      inner.append(60);
      Vxlan.push(inner, 42);
      assertThat(tunnel.send(inner, 50_000, 0)).isEqualTo(SendResult.SENT);
      settle();
    }
    assertThat(server.received).hasSize(3);
    assertThat(server.received.get(1)).isZero();
    assertThat(server.received.get(2)).isNotZero();
  }
}
