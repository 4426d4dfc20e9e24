package io.millrace.buf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/**
 * The Internet checksum against RFC 1071 taken literally: two bytes at a time, in network order.
 */
class ChecksumTest {
  private static int naive(byte... bytes) {
    long sum = 0;
    for (int i = 0; i < bytes.length; i += 2) {
      int high = bytes[i] & 0xff;
      int low = i + 1 < bytes.length ? bytes[i + 1] & 0xff : 0;
      sum += high * 256 + low;
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) (~sum & 0xffff);
  }

  /** Zero and its complement stand for the same sum. */
  private static int normal(int checksum) {
    return checksum == 0xffff ? 0 : checksum;
  }

  private static MemorySegment copy(Arena arena, int shift, byte... bytes) {
    MemorySegment memory = arena.allocate(bytes.length + shift + 8L, 8).fill((byte) 0xff);
    MemorySegment at = memory.asSlice(shift, bytes.length);
    return at.copyFrom(MemorySegment.ofArray(bytes));
  }

  @Test
  void theExampleOfRfc1071() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data =
          copy(
              arena,
              0,
              new byte[] {
                0, 1, (byte) 0xf2, 3, (byte) 0xf4, (byte) 0xf5, (byte) 0xf6, (byte) 0xf7
              });
      assertThat(Checksum.fold(Checksum.add(0, data.address(), 8))).isEqualTo(0xddf2);
      assertThat(Checksum.finish(Checksum.add(0, data.address(), 8))).isEqualTo(0x220d);
    }
  }

  @Property
  void anyBytesAtAnyAlignment(
      @ForAll @Size(max = 300) byte[] bytes, @ForAll @IntRange(min = 0, max = 7) int shift) {
    try (Arena arena = Arena.ofConfined()) {
      long at = copy(arena, shift, bytes).address();
      assertThat(Checksum.finish(Checksum.add(0, at, bytes.length))).isEqualTo(naive(bytes));
      assertThat(Checksum.finish(Checksum.add(0, at, bytes.length))).isEqualTo(naive(bytes));
    }
  }

  @Test
  void everyLengthAroundTheVectorLoopAndAllOnes() {
    Random random = new Random(1);
    try (Arena arena = Arena.ofConfined()) {
      for (int length = 0; length < 2_100; length++) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        long at = copy(arena, length & 3, bytes).address();
        assertThat(Checksum.finish(Checksum.add(0, at, length))).isEqualTo(naive(bytes));
      }
      for (int length : new int[] {1, 2, 3, 4, 5, 63, 64, 65, 1_499, 9_000, 65_535, 65_536}) {
        byte[] ones = new byte[length];
        Arrays.fill(ones, (byte) 0xff);
        long at = copy(arena, 0, ones).address();
        assertThat(Checksum.finish(Checksum.add(0, at, length))).isEqualTo(naive(ones));
      }
    }
  }

  @Property
  void sumsOfPartsAddUpIfOnlyTheLastIsOdd(
      @ForAll @Size(max = 200) byte[] bytes,
      @ForAll @IntRange(min = 0, max = 100) int half,
      @ForAll @LongRange(min = 0, max = 0xffff_ffffL) long start) {
    int cut = Math.min(half * 2, bytes.length / 2 * 2);
    try (Arena arena = Arena.ofConfined()) {
      long at = copy(arena, 0, bytes).address();
      long whole = Checksum.add(start, at, bytes.length);
      long parts = Checksum.add(Checksum.add(start, at, cut), at + cut, bytes.length - cut);
      assertThat(normal(Checksum.finish(parts))).isEqualTo(normal(Checksum.finish(whole)));
    }
  }

  @Property
  void foldingKeepsTheSumModulo65535(@ForAll @LongRange(min = 0) long sum) {
    int folded = Checksum.fold(sum);
    assertThat(folded).isBetween(0, 0xffff);
    assertThat(folded % 0xffff).isEqualTo((int) (sum % 0xffff));
    assertThat(folded == 0).isEqualTo(sum == 0);
  }

  @Property
  void theUpdateOfRfc1624GivesTheChecksumOfTheChangedBytes(
      @ForAll @Size(min = 2, max = 60) byte[] bytes,
      @ForAll @IntRange(min = 0, max = 29) int where,
      @ForAll @IntRange(min = 0, max = 65_535) int word) {
    byte[] even = Arrays.copyOf(bytes, bytes.length / 2 * 2);
    int at = where * 2 % even.length;
    ByteBuffer buffer = ByteBuffer.wrap(even);
    int before = naive(even);
    int old = buffer.getShort(at) & 0xffff;
    buffer.putShort(at, (short) word);
    int updated = Checksum.update(before, old, word);
    assertThat(normal(updated)).isEqualTo(normal(naive(even)));
  }

  @Test
  void theUpdateDoesNotMakeTheMistakeOfRfc1141() {
    // RFC 1624 §4: 0xdd2f, 0x5555 becomes 0x3285.
    assertThat(Checksum.update(0xdd2f, 0x5555, 0x3285)).isZero();
  }

  @Property
  void thePseudoHeaderOfIpv4(
      @ForAll int source,
      @ForAll int destination,
      @ForAll @IntRange(min = 0, max = 255) int protocol,
      @ForAll @IntRange(min = 0, max = 65_535) int length) {
    byte[] header =
        ByteBuffer.allocate(12)
            .putInt(source)
            .putInt(destination)
            .put((byte) 0)
            .put((byte) protocol)
            .putShort((short) length)
            .array();
    long mapped = 0xffffL << 32;
    long sum =
        Checksum.pseudoHeader(
            0,
            mapped | Integer.toUnsignedLong(source),
            0,
            mapped | Integer.toUnsignedLong(destination),
            protocol);
    assertThat(normal(Checksum.finish(sum + length))).isEqualTo(normal(naive(header)));
  }

  @Property
  void thePseudoHeaderOfIpv6(
      @ForAll long sourceHi,
      @ForAll long sourceLo,
      @ForAll long destinationHi,
      @ForAll long destinationLo,
      @ForAll @IntRange(min = 0, max = 255) int protocol,
      @ForAll @IntRange(min = 0) int length) {
    byte[] header =
        ByteBuffer.allocate(40)
            .putLong(sourceHi)
            .putLong(sourceLo)
            .putLong(destinationHi)
            .putLong(destinationLo)
            .putInt(length)
            .putInt(protocol)
            .array();
    long sum = Checksum.pseudoHeader(sourceHi, sourceLo, destinationHi, destinationLo, protocol);
    boolean mapped = sourceHi == 0 && sourceLo >>> 32 == 0xffff;
    if (!mapped) {
      assertThat(normal(Checksum.finish(sum + length))).isEqualTo(normal(naive(header)));
    }
  }

  @Property(tries = 300)
  void completingFillsInWhatVerifiesToZero(
      @ForAll @Size(min = 20, max = 100) byte[] own,
      @ForAll @Size(max = 50) byte[] payload,
      @ForAll @IntRange(min = 0, max = 65_535) int pseudo) {
    try (Arena arena = Arena.ofConfined();
        FramePool pool = new FramePool(1, 512, 0, false)) {
      Frame frame = pool.allocate();
      long header = frame.append(14) + 14;
      frame.append(own.length);
      Bytes.copyIn(own, 0, header, own.length);
      Bytes.put16(header + 16, pseudo);
      frame.requestChecksum(header, 16);
      WrappedBuffer owner = WrappedBuffer.of(copy(arena, 0, payload));
      frame.tail(owner, owner.address(), payload.length);
      Checksum.complete(frame);
      assertThat(frame.has(Frame.CHECKSUM_PARTIAL)).isFalse();
      byte[] whole = Arrays.copyOf(own, own.length + payload.length);
      Bytes.copyOut(header, whole, 0, own.length);
      System.arraycopy(payload, 0, whole, own.length, payload.length);
      // The receiver's check: everything and the pseudo-header's sum give zero.
      int sum = ~naive(whole) & 0xffff;
      assertThat(normal(Checksum.finish((long) sum + pseudo))).isZero();
      assertThat(Bytes.u16(header + 16)).isNotZero();
      frame.release();
      assertThat(owner.references()).isEqualTo(1);
    }
  }

  /** See {@code Checksum.sumBlocks}: what the JIT inlines into large methods is not vectorised. */
  @Test
  void theLoopOverLongRangesIsTooLargeToBeInlined() throws IOException {
    try (InputStream in = Checksum.class.getResourceAsStream("Checksum.class")) {
      ClassModel model = ClassFile.of().parse(in.readAllBytes());
      int size =
          model.methods().stream()
              .filter(m -> m.methodName().equalsString("sumBlocks"))
              .map(m -> m.findAttribute(Attributes.code()).orElseThrow().codeLength())
              .findFirst()
              .orElseThrow();
      assertThat(size).as("bytes of bytecode; FreqInlineSize is 325").isGreaterThan(325);
    }
  }
}
