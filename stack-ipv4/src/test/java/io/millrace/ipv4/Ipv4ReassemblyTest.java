package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.testkit.host.TestTransport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pcap4j.packet.IpV4Packet;

/** RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2, RFC 1858, RFC 3128, RFC 3168 §5.3, RFC 5722. */
class Ipv4ReassemblyTest {
  /** A range of a datagram's data, and whether more follows. */
  private static Packets.Ip piece(byte[] data, int from, int to, boolean more) {
    return Packets.ip(17, Arrays.copyOfRange(data, from, to)).id(99).fragment(from, more);
  }

  private static byte[] part(byte[] data, int from, int to) {
    return piece(data, from, to, to < data.length).build();
  }

  /** Cuts at random multiples of eight, so that every piece fits into a frame. */
  private static List<byte[]> cut(byte[] data, int pieces, Random random) {
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0, data.length));
    for (int at = 1400; at < data.length; at += 1400) {
      cuts.add(at);
    }
    for (int i = 1; i < pieces; i++) {
      cuts.add(8 + random.nextInt((data.length - 9) / 8) * 8);
    }
    List<byte[]> parts = new ArrayList<>();
    int from = cuts.pollFirst();
    for (int to : cuts) {
      parts.add(part(data, from, to));
      from = to;
    }
    return parts;
  }

  @net.jqwik.api.Tag("rfc791:3.2-4")
  @net.jqwik.api.Tag("rfc1122:3.2.1.4-1")
  @net.jqwik.api.Tag("rfc1122:3.3.2-1")
  @Property(tries = 500)
  void anyOrderWithDuplicatesGivesTheDatagram(
      @ForAll @IntRange(min = 17, max = 12_000) int size,
      @ForAll @IntRange(min = 2, max = 40) int pieces,
      @ForAll long seed) {
    try (TestHost host = TestHost.start()) {
      Random random = new Random(seed);
      byte[] data = Packets.random(seed, size);
      List<byte[]> parts = cut(data, pieces, random);
      assertThat(parts).hasSizeGreaterThan(1);
      List<byte[]> all = new ArrayList<>(parts);
      for (int i = random.nextInt(4); i > 0; i--) {
        all.add(parts.get(random.nextInt(parts.size())));
      }
      Collections.shuffle(all, random);
      // A copy that comes when all is there already would begin anew.
      for (int i = 0; i < all.size() && host.udp.received.isEmpty(); i++) {
        host.receive(all.get(i));
      }
      assertThat(host.udp.received).hasSize(1);
      TestTransport.Received got = host.udp.received.get(0);
      assertThat(got.bytes()).isEqualTo(data);
      assertThat(got.flags() & Frame.REASSEMBLED).isNotZero();
      assertThat(got.source()).hasToString(TestHost.PEER);
      assertThat(host.count(Counter.IP_REASM_OKS)).isEqualTo(1);
    }
  }

  @Property(tries = 500)
  void anOverlapGivesNothingAtAll(
      @ForAll @IntRange(min = 200, max = 6_000) int size,
      @ForAll @IntRange(min = 2, max = 10) int pieces,
      @ForAll long seed) {
    try (TestHost host = TestHost.start()) {
      Random random = new Random(seed);
      byte[] data = Packets.random(seed, size);
      List<byte[]> all = new ArrayList<>(cut(data, pieces, random));
      // Part of one fragment said otherwise, before the last fragment comes.
      byte[] longest = Collections.max(all, Comparator.comparingInt(each -> each.length));
      int at = ((longest[20] & 0x1f) << 8 | (longest[21] & 0xff)) * 8;
      byte[] forged = new byte[8];
      Arrays.fill(forged, (byte) 0xee);
      byte[] overlap = Packets.ip(17, forged).id(99).fragment(at, true).build();
      Collections.shuffle(all, random);
      all.add(random.nextInt(all.size()), overlap);
      for (byte[] each : all) {
        host.receive(each);
      }
      assertThat(host.udp.received).isEmpty();
      assertThat(host.drops(DropReason.FRAGMENT_OVERLAP)).isPositive();
      // Nor do the same fragments revive it before its time is over.
      for (byte[] each : all) {
        host.receive(each);
      }
      assertThat(host.udp.received).isEmpty();
      host.advance(31 * TestHost.SECOND);
      for (byte[] each : cut(data, pieces, random)) {
        host.receive(each);
      }
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Tag("rfc791:3.1-3")
  @Tag("rfc1122:3.3.2-2")
  @Tag("rfc1122:3.3.2-3")
  @Tag("rfc1122:3.3.2-4")
  @Test
  void theLargestDatagramIsPutTogether() {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 65_515);
      for (int at = 0; at < data.length; at += 1480) {
        host.receive(part(data, at, Math.min(at + 1480, data.length)));
      }
      assertThat(host.udp.received.get(0).bytes()).isEqualTo(data);
    }
  }

  @Test
  void oneByteMoreIsRefused() {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED,
          Packets.ip(17, new byte[4]).fragment(65_512, false).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED,
          Packets.ip(17, new byte[8]).fragment(65_528, true).build());
      assertThat(host.family.reassembly().datagrams()).isZero();
    }
  }

  @Test
  void anExactCopyIsIgnoredADifferentOneIsNot() {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(part(data, 0, 1000));
      host.expectDrop(DropReason.FRAGMENT_DUPLICATE, part(data, 0, 1000));
      host.receive(part(data, 1000, 2000));
      assertThat(host.udp.received).hasSize(1);

      host.receive(part(data, 0, 1000));
      byte[] other = data.clone();
      other[500] ^= 1;
      host.receive(part(other, 0, 1000));
      assertThat(host.drops(DropReason.FRAGMENT_OVERLAP)).isEqualTo(2);
      host.expectDrop(DropReason.FRAGMENT_OVERLAP, part(data, 1000, 2000));
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // A second end, before, behind and between; something behind the end.
    "0, 800, true, 800, 1000, false, 800, 1200, false",
    "800, 1000, false, 1600, 1800, false, 0, 800, true",
    "800, 1000, false, 1000, 1080, true, 0, 800, true",
    "800, 1000, false, 1600, 1680, true, 0, 800, true",
    "800, 1600, true, 400, 800, false, 0, 400, true"
  })
  void aDatagramEndsOnce(
      int from1,
      int to1,
      boolean more1,
      int from2,
      int to2,
      boolean more2,
      int from3,
      int to3,
      boolean more3) {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(piece(data, from1, to1, more1).build());
      host.receive(piece(data, from2, to2, more2).build());
      if (!host.udp.received.isEmpty()) {
        // It was whole by then: the third begins another, which never ends.
        host.udp.received.clear();
      }
      host.receive(piece(data, from3, to3, more3).build());
      assertThat(host.udp.received).isEmpty();
    }
  }

  @Tag("rfc791:2.3-3")
  @Test
  void fragmentsOfDifferentDatagramsDoNotMix() {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(part(data, 0, 1000));
      host.receive(piece(data, 1000, 2000, false).id(98).build());
      host.receive(piece(data, 1000, 2000, false).from("10.0.0.3").build());
      host.receive(piece(data, 1000, 2000, false).to("10.0.0.255").build());
      host.receive(
          Packets.ip(6, Arrays.copyOfRange(data, 1000, 2000)).id(99).fragment(1000, false).build());
      assertThat(host.udp.received).isEmpty();
      assertThat(host.family.reassembly().datagrams()).isEqualTo(5);
      host.receive(part(data, 1000, 2000));
      assertThat(host.udp.received.get(0).bytes()).isEqualTo(data);
    }
  }

  @Test
  void refusesTinyFirstFragmentsAndThoseThatReachBackIntoTheTcpHeader() {
    try (TestHost host = TestHost.start()) {
      // RFC 1858 §3.2, RFC 3128.
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(6, new byte[8]).fragment(0, true).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(6, new byte[64]).fragment(8, true).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(132, new byte[8]).fragment(0, true).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(17, new byte[12]).fragment(0, true).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(17, new byte[0]).fragment(8, false).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(17, new byte[0]).fragment(0, true).build());
    }
  }

  @Tag("rfc791:3.2-5")
  @Tag("rfc792:TimeExceeded-1")
  @Tag("rfc1122:3.3.2-5")
  @Test
  void whatIsNotWholeInTimeIsDroppedAndItsSenderTold() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] data = Packets.random(1, 3000);
      byte[] first = part(data, 0, 1000);
      host.receive(first);
      host.receive(part(data, 2000, 3000));
      host.receive(piece(data, 1000, 2000, true).id(5).build());
      host.advance(28 * TestHost.SECOND);
      host.sent();
      assertThat(host.drops(DropReason.REASSEMBLY_TIMEOUT)).isZero();
      host.introducePeer();
      host.advance(3 * TestHost.SECOND);
      assertThat(host.drops(DropReason.REASSEMBLY_TIMEOUT)).isEqualTo(3);
      List<IpV4Packet> errors = host.sentDatagrams();
      assertThat(errors).as("only who sent a first fragment is told").hasSize(1);
      byte[] icmp = Arrays.copyOfRange(errors.get(0).getRawData(), 20, errors.get(0).length());
      assertThat(icmp).startsWith(11, 1);
      assertThat(Arrays.copyOfRange(icmp, 8, 200)).isEqualTo(Arrays.copyOfRange(first, 14, 206));
      assertThat(host.family.reassembly().datagrams()).isZero();
    }
  }

  @Test
  void aFloodOfFirstFragmentsHoldsBoundedMemoryAndOthersStillGetThrough() {
    try (TestHost host = TestHost.start()) {
      byte[] good = Packets.random(1, 2800);
      int whole = 0;
      for (int i = 0; i < 1_000_000; i++) {
        String source = "198." + (18 + (i >> 16)) + "." + (i >> 8 & 255) + "." + (i & 255);
        host.port.put(
            Packets.ip(17, new byte[16]).from(source).id(i & 0xffff).fragment(0, true).build());
        if (i % 1000 == 999) {
          for (int at = 0; at < good.length; at += 1400) {
            host.port.put(part(good, at, at + 1400));
          }
          host.step();
          whole++;
          assertThat(host.family.reassembly().datagrams()).isLessThanOrEqualTo(256);
          assertThat(host.family.reassembly().frames()).isLessThanOrEqualTo(1024);
        }
      }
      assertThat(host.udp.received).hasSize(whole);
    }
  }

  @Test
  void oneSourceCannotTakeThePlacesOfOthers() {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(piece(data, 0, 1000, true).from("10.0.0.3").build());
      for (int i = 0; i < 10_000; i++) {
        host.receive(piece(data, 0, 1000, true).id(i).build());
      }
      assertThat(host.family.reassembly().datagrams()).isEqualTo(65);
      host.receive(piece(data, 1000, 2000, false).from("10.0.0.3").build());
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Test
  void aDatagramInCrumbsIsRefused() {
    try (TestHost host = TestHost.start()) {
      for (int i = 0; i < 1000; i++) {
        host.receive(Packets.ip(17, new byte[8]).id(1).fragment(i * 16, true).build());
      }
      assertThat(host.family.reassembly().frames()).isZero();
      assertThat(host.drops(DropReason.REASSEMBLY_FULL)).isEqualTo(129);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // ECN bits of two fragments, and of the whole; -1: dropped.
    "0, 0, 0",
    "2, 2, 2",
    "1, 2, 1",
    "2, 3, 3",
    "3, 2, 3",
    "3, 3, 3",
    "0, 3, -1",
    "3, 0, -1"
  })
  void congestionThatOneFragmentMetTheDatagramMet(int first, int second, int whole) {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(piece(data, 0, 1000, true).tos(0x28 | first).build());
      host.receive(piece(data, 1000, 2000, false).tos(0x28 | second).build());
      if (whole < 0) {
        assertThat(host.udp.received).isEmpty();
        assertThat(host.drops(DropReason.FRAGMENT_MALFORMED)).isEqualTo(2);
      } else {
        assertThat(host.udp.received.get(0).trafficClass()).isEqualTo(0x28 | whole);
      }
    }
  }

  @Test
  void theWholeIsAGoodDatagramAgainForThoseWhoQuoteIt() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[][] quoted = new byte[1][];
      host.udp.taker =
          frame -> {
            int header = (int) (frame.address() - frame.l3Address());
            quoted[0] = new byte[header + frame.length()];
            io.millrace.buf.Bytes.copyOut(frame.l3Address(), quoted[0], 0, quoted[0].length);
            frame.release();
          };
      byte[] data = Packets.random(1, 2000);
      host.receive(piece(data, 0, 1000, true).options(1, 1, 1, 0).build());
      host.receive(piece(data, 1000, 2000, false).build());
      assertThat(quoted[0]).hasSize(2024);
      assertThat(Packets.checksum(quoted[0], 0, 24)).isZero();
      assertThat(Arrays.copyOfRange(quoted[0], 24, 2024)).isEqualTo(data);
      // Total length, no flags, no offset.
      assertThat(Arrays.copyOfRange(quoted[0], 2, 8)).containsExactly(7, 0xe8, 0, 99, 0, 0);
    }
  }

  @Test
  void fragmentsInLargeFramesDoNotHoldThose() {
    try (TestHost host = TestHost.start()) {
      host.port.large();
      host.port.receiveFlags(Frame.RX_CHECKSUM_OK);
      byte[] data = Packets.random(1, 3000);
      host.receive(part(data, 0, 1000));
      host.receive(part(data, 1000, 2000));
      assertThat(host.shard.pool().availableLarge()).isEqualTo(host.shard.pool().largeFrames());
      host.receive(part(data, 2000, 3000));
      assertThat(host.udp.received.get(0).bytes()).isEqualTo(data);
      assertThat(host.udp.received.get(0).flags() & Frame.RX_CHECKSUM_OK)
          .as("nobody vouches for the whole")
          .isZero();
    }
  }
}
