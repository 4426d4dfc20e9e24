package io.millrace.buf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Every access against a ByteBuffer over the same memory. */
class BytesTest {
  @Property
  void readsAndWritesInNetworkOrderUnlessNative(
      @ForAll long value, @ForAll @IntRange(min = 0, max = 8) int at) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(16, 8);
      ByteBuffer big = memory.asByteBuffer().order(ByteOrder.BIG_ENDIAN);
      ByteBuffer own = memory.asByteBuffer().order(ByteOrder.nativeOrder());
      long address = memory.address() + at;
      Bytes.put64(address, value);
      assertThat(big.getLong(at)).isEqualTo(value);
      assertThat(Bytes.i64(address)).isEqualTo(value);
      assertThat(Bytes.i32(address)).isEqualTo((int) (value >> 32));
      assertThat(Bytes.u32(address)).isEqualTo(value >>> 32);
      assertThat(Bytes.u16(address)).isEqualTo((int) (value >>> 48));
      assertThat(Bytes.u8(address)).isEqualTo((int) (value >>> 56));
      Bytes.put64Native(address, value);
      assertThat(own.getLong(at)).isEqualTo(value);
      assertThat(Bytes.i64Native(address)).isEqualTo(value);
      assertThat(Bytes.i32Native(address)).isEqualTo(own.getInt(at));
      assertThat(Bytes.u16Native(address)).isEqualTo(own.getShort(at) & 0xffff);
      Bytes.put32(address, (int) value);
      assertThat(big.getInt(at)).isEqualTo((int) value);
      Bytes.put32Native(address, (int) value);
      assertThat(own.getInt(at)).isEqualTo((int) value);
      Bytes.put16(address, (int) value);
      assertThat(big.getShort(at)).isEqualTo((short) value);
      Bytes.put16Native(address, (int) value);
      assertThat(own.getShort(at)).isEqualTo((short) value);
      Bytes.put8(address, (int) value);
      assertThat(big.get(at)).isEqualTo((byte) value);
    }
  }

  @Test
  void ringIndicesAreReadAndWrittenAligned() {
    try (Arena arena = Arena.ofConfined()) {
      long at = arena.allocate(8, 8).address();
      Bytes.setIntRelease(at, -5);
      assertThat(Bytes.getIntAcquire(at)).isEqualTo(-5);
      Bytes.setShortRelease(at + 6, 0xfffe);
      assertThat(Bytes.getShortAcquire(at + 6)).isEqualTo(0xfffe);
    }
  }

  @Property
  void copiesExactlyTheRangeAlsoWhereItOverlaps(
      @ForAll @Size(min = 1, max = 200) byte[] bytes,
      @ForAll @IntRange(min = 0, max = 80) int from,
      @ForAll @IntRange(min = 0, max = 80) int to,
      @ForAll @IntRange(min = 0, max = 200) int wanted) {
    int length = Math.max(0, Math.min(wanted, bytes.length - Math.max(from, to)));
    if (from > bytes.length || to > bytes.length) {
      return;
    }
    byte[] expected = bytes.clone();
    System.arraycopy(bytes, from, expected, to, length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(bytes.length);
      Bytes.copyIn(bytes, 0, memory.address(), bytes.length);
      Bytes.copy(memory.address() + from, memory.address() + to, length);
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
      byte[] out = new byte[bytes.length + 2];
      Bytes.copyOut(memory.address(), out, 1, bytes.length);
      assertThat(Arrays.copyOfRange(out, 1, out.length - 1)).isEqualTo(expected);
      assertThat(out[0]).isZero();
      assertThat(out[out.length - 1]).isZero();
      assertThat(Bytes.segment(memory.address(), bytes.length).toArray(ValueLayout.JAVA_BYTE))
          .isEqualTo(expected);
    }
  }

  @Test
  void fillsAndCompares() {
    try (Arena arena = Arena.ofConfined()) {
      long a = arena.allocate(32).address();
      long b = arena.allocate(32).address();
      Bytes.fill(a, 32, 7);
      Bytes.fill(b + 1, 30, 7);
      assertThat(Bytes.equal(a, b, 32)).isFalse();
      assertThat(Bytes.equal(a, b + 1, 30)).isTrue();
      assertThat(Bytes.equal(a, b + 1, 31)).isFalse();
      assertThat(Bytes.equal(a, b, 0)).isTrue();
    }
  }
}
