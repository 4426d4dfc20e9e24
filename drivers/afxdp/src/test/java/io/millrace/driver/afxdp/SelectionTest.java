package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.driver.afxdp.Selection.Rule;
import io.millrace.spi.PortException;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import io.millrace.testkit.packet.PacketBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Only what was selected comes to us; the kernel keeps the rest, and both get what both need. */
final class SelectionTest {
  private static final int OF_THE_TEST = 0x88b5;

  @Test
  void isReadFromText() {
    assertThat(Selection.parse("udp:2152+sctp+TCP:8000-8010+fragments"))
        .isEqualTo(
            new Selection(
                List.of(new Rule(17, 2152, 2152), new Rule(132, 0, 0), new Rule(6, 8000, 8010)),
                true));
    assertThat(Selection.parse("tcp")).isEqualTo(new Selection(List.of(new Rule(6, 0, 0)), false));
    for (String wrong :
        new String[] {"", "icmp", "tcp:", "tcp:0", "tcp:65536", "tcp:9-8", "tcp:1:2", "udp++tcp"}) {
      assertThatThrownBy(() -> Selection.parse(wrong))
          .isInstanceOf(PortException.class)
          .hasMessage(
              "option only="
                  + wrong
                  + ": give tcp, udp or sctp, with or without a port or a range of them, and"
                  + " fragments, with + between them: udp:2152+sctp+tcp:8000-8010");
    }
  }

  private static PacketBuilder from(PacketBuilder builder, int port) {
    return builder
        .ethernet(0x0200_0000_00feL, 0x0200_0000_0001L)
        .from("192.0.2.1", 1000)
        .to("192.0.2.2", port)
        .payload(40);
  }

  private static byte[] ports(int destination) {
    return ByteBuffer.allocate(40).putShort((short) 1000).putShort((short) destination).array();
  }

  private static byte[] ipv6(int nextHeader, int type, int port) {
    ByteBuffer packet = ByteBuffer.allocate(14 + 40 + 40);
    packet.putShort((short) 0x0200).putInt(1).putShort((short) 0x0200).putInt(0xfe);
    packet.putShort((short) 0x86dd).putInt(0x6000_0000).putShort((short) 40);
    packet.put((byte) nextHeader).put((byte) 64);
    packet.put(54, (byte) type).putShort(56, (short) port);
    return packet.array();
  }

  private static byte[] arp() {
    return ByteBuffer.allocate(60)
        .putShort((short) -1)
        .putInt(-1)
        .putShort((short) 0x0200)
        .putInt(0xfe)
        .putShort((short) 0x0806)
        .array();
  }

  private static byte[] errorOfIcmp(int type) {
    return from(PacketBuilder.icmp(type, 1, 0), 0).bytes();
  }

  private final Map<String, byte[]> taken =
      Map.ofEntries(
          Map.entry("GTP-U", from(PacketBuilder.udp(), 2152).bytes()),
          Map.entry("tagged", from(PacketBuilder.udp(), 2152).vlan(7).bytes()),
          Map.entry(
              "with options",
              from(PacketBuilder.udp(), 2152).ipOptions(new byte[] {1, 1, 1, 0}).bytes()),
          Map.entry("first of the range", from(PacketBuilder.tcp(), 8000).bytes()),
          Map.entry("last of the range", from(PacketBuilder.tcp(), 8010).bytes()),
          Map.entry("SCTP", from(PacketBuilder.ip(132), 0).payload(ports(5)).bytes()),
          Map.entry("IPv6 UDP", ipv6(17, 0, 2152)),
          Map.entry("IPv6 SCTP", ipv6(132, 0, 77)));

  private final Map<String, byte[]> both =
      Map.ofEntries(
          Map.entry("ARP", arp()),
          Map.entry("unreachable", errorOfIcmp(3)),
          Map.entry("time exceeded", errorOfIcmp(11)),
          Map.entry("parameter problem", errorOfIcmp(12)),
          Map.entry("packet too big", ipv6(58, 2, 0)),
          Map.entry("neighbor solicitation", ipv6(58, 135, 0)),
          Map.entry("neighbor advertisement", ipv6(58, 136, 0)));

  private final Map<String, byte[]> left =
      Map.ofEntries(
          Map.entry("another port", from(PacketBuilder.udp(), 2153).bytes()),
          Map.entry("the port of another protocol", from(PacketBuilder.tcp(), 2152).bytes()),
          Map.entry("below the range", from(PacketBuilder.tcp(), 7999).bytes()),
          Map.entry("above the range", from(PacketBuilder.tcp(), 8011).bytes()),
          Map.entry("a fragment", from(PacketBuilder.udp(), 2152).fragment(0, true).bytes()),
          Map.entry("echo request", from(PacketBuilder.icmp(8, 0, 0), 0).bytes()),
          Map.entry("IPv6 echo request", ipv6(58, 128, 0)),
          Map.entry("IPv6 fragment", ipv6(44, 0, 2152)),
          Map.entry("IPv6 another port", ipv6(17, 0, 53)),
          Map.entry("not IP", notIp()));

  private static byte[] notIp() {
    byte[] packet = arp();
    packet[12] = (byte) 0x88;
    packet[13] = (byte) 0xb6;
    return packet;
  }

  @Test
  void ourPacketsComeToUsAndTheOthersToTheKernel() {
    NetworkNamespace.assumeAvailable();
    try (Cable cable = new Cable(1, 1500);
        PacketSocket peer = PacketSocket.open(cable.kernel.name(), Cable.PEER, OF_THE_TEST);
        PacketSocket kept = PacketSocket.open(cable.ours.name(), Cable.DEVICE, 3)) {
      cable.open(1, 2112, Map.of("only", "udp:2152+sctp+tcp:8000-8010"));
      taken.forEach((name, packet) -> check(cable, peer, kept, name, packet, true, false));
      both.forEach((name, packet) -> check(cable, peer, kept, name, packet, true, true));
      left.forEach((name, packet) -> check(cable, peer, kept, name, packet, false, true));
      // Many times round the ring of copies.
      for (int i = 0; i < 500; i++) {
        check(cable, peer, kept, "ARP", arp(), true, true);
      }
      assertThat(cable.queue(0).takeReceiveDrops()).isZero();
      assertThat(cable.closePort()).isTrue();
    }
  }

  /** Behind each packet comes one that must come to us, so that nobody waits for nothing. */
  private void check(
      Cable cable,
      PacketSocket peer,
      PacketSocket kept,
      String name,
      byte[] packet,
      boolean toUs,
      boolean toTheKernel) {
    byte[] mark = from(PacketBuilder.udp(), 2152).payload(new byte[] {1, 2, 3}).bytes();
    peer.send(packet);
    peer.send(mark);
    List<byte[]> ours = new ArrayList<>();
    Cable.until(
        "the packet behind it",
        () -> {
          ours.addAll(cable.receive(0));
          return ours.stream().anyMatch(each -> Arrays.equals(each, mark));
        });
    ours.addAll(cable.receive(0));
    assertThat(ours.stream().anyMatch(each -> Arrays.equals(each, packet)))
        .as("%s comes to us", name)
        .isEqualTo(toUs);
    if (toTheKernel) {
      Cable.until(name + " at the kernel", () -> isNext(kept, packet));
    }
    assertThat(kept.receive(0)).as("what goes to the kernel besides").isEmpty();
  }

  private static boolean isNext(PacketSocket kept, byte[] packet) {
    Optional<byte[]> got = kept.receive(1);
    got.ifPresent(bytes -> assertThat(bytes).isEqualTo(packet));
    return got.isPresent();
  }

  @Test
  void fragmentsComeIfTheyAreAskedFor() {
    NetworkNamespace.assumeAvailable();
    try (Cable cable = new Cable(1, 1500);
        PacketSocket peer = PacketSocket.open(cable.kernel.name(), Cable.PEER, OF_THE_TEST);
        PacketSocket kept = PacketSocket.open(cable.ours.name(), Cable.DEVICE, 3)) {
      cable.open(1, 2112, Map.of("only", "udp:2152+fragments"));
      byte[] first = from(PacketBuilder.udp(), 53).fragment(0, true).bytes();
      byte[] second = from(PacketBuilder.udp(), 53).fragment(48, false).bytes();
      check(cable, peer, kept, "a first fragment", first, true, false);
      check(cable, peer, kept, "a last fragment", second, true, false);
      check(cable, peer, kept, "an IPv6 fragment", ipv6(44, 0, 0), true, false);
    }
  }

  @Test
  void aCopyWakesUpWhoSleeps() {
    NetworkNamespace.assumeAvailable();
    try (Cable cable = new Cable(1, 1500);
        PacketSocket peer = PacketSocket.open(cable.kernel.name(), Cable.PEER, OF_THE_TEST)) {
      cable.open(1, 2112, Map.of("only", "tcp:80"));
      while (!cable.receive(0).isEmpty()) {
        // What the kernel may have sent of its own accord.
      }
      assertThat(Readable.now(cable.queue(0).fd())).isFalse();
      peer.send(arp());
      Cable.until("readable", () -> Readable.now(cable.queue(0).fd()));
      assertThat(cable.receive(0)).hasSize(1);
      assertThat(Readable.now(cable.queue(0).fd())).isFalse();
      peer.send(from(PacketBuilder.tcp(), 80).bytes());
      Cable.until("readable", () -> Readable.now(cable.queue(0).fd()));
      assertThat(cable.receive(0)).hasSize(1);
      assertThat(Readable.now(cable.queue(0).fd())).isFalse();
    }
  }
}
