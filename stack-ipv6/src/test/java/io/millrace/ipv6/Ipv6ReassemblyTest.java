package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
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

/** RFC 8200 §4.5, RFC 5722, RFC 6946, RFC 7112, RFC 3168 §5.3. */
class Ipv6ReassemblyTest {
  private static final int ID = 0x89ab_cdef;

  private static Packets.Ip piece(byte[] data, int from, int to, boolean more) {
    return Packets.ip(17, Arrays.copyOfRange(data, from, to)).fragment(ID, from, more);
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

  @Property(tries = 300)
  void anyOrderWithDuplicatesGivesTheDatagram(
      @ForAll @IntRange(min = 17, max = 12_000) int size,
      @ForAll @IntRange(min = 2, max = 40) int pieces,
      @ForAll long seed) {
    try (TestHost host = TestHost.start()) {
      Random random = new Random(seed);
      byte[] data = Packets.random(seed, size);
      List<byte[]> parts = cut(data, pieces, random);
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
      assertThat(got.source()).isEqualTo(IpAddress.parse(TestHost.PEER));
      assertThat(host.count(Counter.IP_REASM_OKS)).isEqualTo(1);
    }
  }

  @Property(tries = 300)
  void anOverlapOrALostPieceGivesNothingAtAll(
      @ForAll @IntRange(min = 200, max = 6_000) int size,
      @ForAll @IntRange(min = 2, max = 10) int pieces,
      @ForAll boolean overlaps,
      @ForAll long seed) {
    try (TestHost host = TestHost.start()) {
      Random random = new Random(seed);
      byte[] data = Packets.random(seed, size);
      List<byte[]> all = new ArrayList<>(cut(data, pieces, random));
      if (overlaps) {
        // Part of one fragment said otherwise, before the last fragment comes.
        byte[] longest = Collections.max(all, Comparator.comparingInt(each -> each.length));
        int at = ((longest[56] & 0xff) << 8 | (longest[57] & 0xf8));
        byte[] forged = new byte[16];
        Arrays.fill(forged, (byte) 0xee);
        byte[] overlap = Packets.ip(17, forged).fragment(ID, at, true).build();
        Collections.shuffle(all, random);
        all.add(random.nextInt(all.size()), overlap);
      } else {
        all.remove(random.nextInt(all.size()));
        Collections.shuffle(all, random);
      }
      for (byte[] each : all) {
        host.receive(each);
      }
      assertThat(host.udp.received).isEmpty();
      assertThat(host.drops(DropReason.FRAGMENT_OVERLAP) > 0).isEqualTo(overlaps);
      host.advance(61 * TestHost.SECOND);
      for (byte[] each : cut(data, pieces, random)) {
        host.receive(each);
      }
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Test
  void theLargestDatagramIsPutTogetherAndAByteMoreRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] data = Packets.random(1, 65_535);
      for (int at = 0; at < data.length; at += 1440) {
        host.receive(part(data, at, Math.min(at + 1440, data.length)));
      }
      assertThat(host.udp.received.get(0).bytes()).isEqualTo(data);
      // RFC 8200 §4.5: the sender is told, pointing to the offset.
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(17, new byte[8]).fragment(ID, 65_528, false));
      TestHost.Problem told = host.sentError();
      assertThat(told.type()).isEqualTo(4);
      assertThat(told.code()).isZero();
      assertThat(told.rest()).isEqualTo(42);
      // And of a length that is no multiple of eight, pointing to the payload length.
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(17, new byte[12]).fragment(ID, 0, true));
      assertThat(host.sentError().rest()).isEqualTo(4);
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(17, new byte[0]).fragment(ID, 8, true));
    }
  }

  @Test
  void fragmentsOfDifferentDatagramsDoNotMix() {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(part(data, 0, 1000));
      byte[] rest = Arrays.copyOfRange(data, 1000, 2000);
      host.receive(Packets.ip(17, rest).fragment(ID + 1, 1000, false).build());
      host.receive(Packets.ip(17, rest).fragment(ID, 1000, false).from("2001:db8::3").build());
      host.receive(Packets.ip(17, rest).fragment(ID, 1000, false).to(host.linkLocal()).build());
      assertThat(host.udp.received).isEmpty();
      assertThat(host.family.reassembly().datagrams()).isEqualTo(4);
      // RFC 8200 §4.5: the protocol is the first fragment's, whatever the others say.
      host.receive(Packets.ip(6, rest).fragment(ID, 1000, false).build());
      assertThat(host.udp.received.get(0).bytes()).isEqualTo(data);
    }
  }

  @Test
  void anAtomicFragmentIsHandledApartFromAllOthers() {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(part(data, 0, 1000));
      byte[] whole = Packets.udpPacket(1, 2, data);
      host.receive(Packets.ip(17, Arrays.copyOf(whole, 1000)).fragment(ID, 0, false).build());
      assertThat(host.udp.received).hasSize(1);
      host.receive(part(data, 1000, 2000));
      assertThat(host.udp.received.get(1).bytes()).isEqualTo(data);
    }
  }

  @Test
  void aFirstFragmentShowsAllHeaders() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[][] tooShort = {new byte[0], new byte[8], new byte[8]};
      int[] protocols = {17, 6, 132};
      for (int i = 1; i < protocols.length; i++) {
        host.expectDrop(
            DropReason.FRAGMENT_MALFORMED,
            Packets.ip(protocols[i], tooShort[i]).fragment(ID, 0, true));
        TestHost.Problem told = host.sentError();
        assertThat(told.code()).as("RFC 7112 §5").isEqualTo(3);
        assertThat(told.rest()).isZero();
      }
      // Options that end in the next fragment.
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED,
          Packets.ip(17, new byte[0]).fragment(ID, 0, true).with(60, 0, 1, 1, 4, 0, 0, 0, 0));
      assertThat(host.sentError().code()).isEqualTo(3);
    }
  }

  @Test
  void aFragmentInAFragmentIsRefused() {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED,
          Packets.udp(1, 2, new byte[8]).fragment(1, 0, false).fragment(2, 0, false));
      byte[] inner = new byte[24];
      inner[0] = 17;
      host.receive(Packets.ip(44, Arrays.copyOf(inner, 16)).fragment(ID, 0, true).build());
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED, Packets.ip(44, new byte[8]).fragment(ID, 16, false));
      assertThat(host.udp.received).isEmpty();
    }
  }

  @Tag("rfc8200:4-3")
  @Test
  void hopByHopOptionsBehindAFragmentHeaderAreRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] options = {17, 0, 1, 4, 0, 0, 0, 0};
      byte[] data = Arrays.copyOf(options, 24);
      host.expectDrop(
          DropReason.IP_BAD_EXTENSION, Packets.ip(0, data).fragment(ID, 0, false).build());
      assertThat(host.sentError().rest()).isEqualTo(40);
      host.receive(Packets.ip(0, Arrays.copyOf(data, 16)).fragment(ID, 0, true).build());
      host.expectDrop(
          DropReason.IP_BAD_EXTENSION, Packets.ip(0, new byte[8]).fragment(ID, 16, false).build());
      TestHost.Problem told = host.sentError();
      assertThat(told.type()).isEqualTo(4);
      assertThat(told.code()).isEqualTo(1);
      assertThat(told.rest()).as("in the packet without its fragment header").isEqualTo(6);
      assertThat(host.udp.received).isEmpty();
    }
  }

  @Test
  void headersInFrontOfTheFragmentHeaderAreThoseOfTheFirstFragment() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[][] quoted = new byte[1][];
      host.udp.taker =
          frame -> {
            int headers = (int) (frame.address() - frame.l3Address());
            quoted[0] = new byte[headers + frame.length()];
            Bytes.copyOut(frame.l3Address(), quoted[0], 0, quoted[0].length);
            frame.release();
          };
      byte[] data = Packets.random(1, 2000);
      int[] options = {0, 0, 0x1e, 4, 1, 2, 3, 4};
      Packets.Ip first =
          Packets.ip(17, Arrays.copyOf(data, 1000)).with(60, options).fragment(ID, 0, true);
      host.receive(first.build());
      host.receive(
          Packets.ip(17, Arrays.copyOfRange(data, 1000, 2000)).fragment(ID, 1000, false).build());
      byte[] expected = Packets.ip(17, data).with(60, options).datagram();
      assertThat(quoted[0]).isEqualTo(expected);
    }
  }

  @Test
  void whatIsNotWholeInTimeIsDroppedAndItsSenderTold() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] data = Packets.random(1, 3000);
      Packets.Ip first = piece(data, 0, 1000, true);
      host.receive(first.build());
      host.receive(Packets.ip(17, new byte[1000]).fragment(5, 1000, true).build());
      host.advance(58 * TestHost.SECOND);
      assertThat(host.drops(DropReason.REASSEMBLY_TIMEOUT)).isZero();
      host.introducePeer();
      host.advance(3 * TestHost.SECOND);
      assertThat(host.drops(DropReason.REASSEMBLY_TIMEOUT)).isEqualTo(2);
      List<TestHost.Problem> errors = host.sentErrors();
      assertThat(errors).as("only who sent a first fragment is told").hasSize(1);
      assertThat(errors.get(0).type()).isEqualTo(3);
      assertThat(errors.get(0).code()).isEqualTo(1);
      assertThat(errors.get(0).quote()).isEqualTo(first.datagram());
      assertThat(host.family.reassembly().datagrams()).isZero();
    }
  }

  @Test
  void aFloodOfFirstFragmentsHoldsBoundedMemoryAndOthersStillGetThrough() {
    try (TestHost host = TestHost.start()) {
      byte[] good = Packets.random(1, 2800);
      int whole = 0;
      for (int i = 0; i < 1_000_000; i++) {
        String prefix = Integer.toHexString(i >>> 16) + ":" + Integer.toHexString(i & 0xffff);
        host.port.put(
            Packets.ip(17, new byte[16])
                .from("2001:db8:" + prefix + "::9")
                .fragment(i, 0, true)
                .build());
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

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "1, 2, 1", "2, 3, 3", "3, 3, 3", "0, 3, -1"})
  void congestionThatOneFragmentMetTheDatagramMet(int first, int second, int whole) {
    try (TestHost host = TestHost.start()) {
      byte[] data = Packets.random(1, 2000);
      host.receive(piece(data, 0, 1000, true).trafficClass(0x28 | first).build());
      host.receive(piece(data, 1000, 2000, false).trafficClass(0x28 | second).build());
      if (whole < 0) {
        assertThat(host.udp.received).isEmpty();
        assertThat(host.drops(DropReason.FRAGMENT_MALFORMED)).isEqualTo(2);
      } else {
        assertThat(host.udp.received.get(0).trafficClass()).isEqualTo(0x28 | whole);
      }
    }
  }
}
