package io.millrace.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** The header's bytes in the order of the wire. */
class EthernetTest {
  private static String written(int size, long destination, long source, int type, int tci) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(24).fill((byte) 0xee);
      Ethernet.write(memory.address(), destination, source, type, tci);
      assertThat(Bytes.u8(memory.address() + size)).as("nothing behind it").isEqualTo(0xee);
      return HexFormat.of().formatHex(memory.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void writesWhatTheStandardDraws() {
    assertThat(written(14, 0x0102_0304_0506L, 0xf1f2_f3f4_f5f6L, Ethernet.TYPE_IPV4, 0))
        .isEqualTo("010203040506" + "f1f2f3f4f5f6" + "0800");
    assertThat(written(18, Ethernet.BROADCAST, 0x0200_0000_0001L, Ethernet.TYPE_IPV6, 0xafff))
        .isEqualTo("ffffffffffff" + "020000000001" + "8100afff" + "86dd");
  }

  @Property
  void readsWhatItWrote(
      @ForAll @LongRange(min = 0, max = 0xffff_ffff_ffffL) long destination,
      @ForAll @LongRange(min = 0, max = 0xffff_ffff_ffffL) long source,
      @ForAll @IntRange(min = 0, max = 65_535) int type,
      @ForAll @IntRange(min = 0, max = 65_535) int tci) {
    try (Arena arena = Arena.ofConfined()) {
      long header = arena.allocate(18).address();
      Ethernet.write(header, destination, source, type, tci);
      assertThat(Ethernet.destination(header)).isEqualTo(destination);
      assertThat(Ethernet.source(header)).isEqualTo(source);
      if (tci == 0) {
        assertThat(Ethernet.type(header)).isEqualTo(type);
      } else {
        assertThat(Ethernet.type(header)).isEqualTo(Ethernet.TYPE_VLAN);
        assertThat(Ethernet.tci(header)).isEqualTo(tci);
        assertThat(Ethernet.typeBehindTag(header)).isEqualTo(type);
      }
    }
  }

  @Test
  void groupAddressesHaveTheLowBitOfTheFirstByte() {
    assertThat(Ethernet.isGroup(Ethernet.BROADCAST)).isTrue();
    assertThat(Ethernet.isGroup(0x0100_5e00_0001L)).isTrue();
    assertThat(Ethernet.isGroup(0x3333_0000_0001L)).isTrue();
    assertThat(Ethernet.isGroup(0x0200_0000_0001L)).isFalse();
    assertThat(Ethernet.isGroup(0)).isFalse();
    assertThat(Ethernet.isGroup(0xfeff_ffff_ffffL)).isFalse();
  }

  @Test
  void formatsAsPeopleWrite() {
    assertThat(Ethernet.format(0x0a0b_0c0d_0e0fL)).isEqualTo("0a:0b:0c:0d:0e:0f");
    assertThat(Ethernet.format(0)).isEqualTo("00:00:00:00:00:00");
  }
}
