package io.millrace.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.buf.WrappedBuffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The writer's files, byte by byte where the format counts and through the reader where the content
 * does.
 */
class CaptureWriterTest {
  @TempDir Path directory;

  @Test
  void aFileOfOnePacketHasTheBlocksOfTheFormat() throws IOException {
    Path file = directory.resolve("one.pcapng");
    try (CaptureWriter out = CaptureWriter.create(file, "mr0", 1000)) {
      out.write(0x0123_4567_89ab_cdefL, Direction.OUTBOUND, new byte[] {1, 2, 3, 4, 5});
    }
    FileBytes expected = new FileBytes(java.nio.ByteOrder.nativeOrder());
    expected
        .block(
            0x0a0d0d0a,
            expected
                .options()
                .u32(0x1a2b3c4d)
                .u16(1)
                .u16(0)
                .i64(-1)
                .option(4, "Millrace".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .u32(0))
        .block(
            1,
            expected
                .options()
                .u16(1)
                .u16(0)
                .u32(1000)
                .option(2, (byte) 'm', (byte) 'r', (byte) '0')
                .option(9, (byte) 9)
                .u32(0))
        .enhanced(
            0,
            0x0123_4567_89ab_cdefL,
            new byte[] {1, 2, 3, 4, 5},
            expected.options().optionNumber(2, 2).u32(0));
    assertThat(Files.readAllBytes(file)).isEqualTo(expected.toByteArray());
  }

  @Test
  void aFrameIsWrittenWithItsTail() throws IOException {
    Path file = directory.resolve("tail.pcapng");
    try (Arena arena = Arena.ofConfined();
        FramePool pool = new FramePool(2, 2048, 0, false);
        CaptureWriter out = CaptureWriter.create(file, "x")) {
      MemorySegment payload = arena.allocate(3);
      payload.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 2, (byte) 9);
      WrappedBuffer owner = WrappedBuffer.of(payload);
      Frame frame = pool.allocate();
      Bytes.put32(frame.append(4), 0x01020304);
      frame.tail(owner, payload.address(), 3);
      out.write(7, Direction.INBOUND, frame);
      frame.release();
      assertThat(owner.references()).isEqualTo(1);
      assertThat(pool.available()).isEqualTo(2);
    }
    try (CaptureReader in = CaptureReader.open(file)) {
      assertThat(in.next()).isTrue();
      assertThat(in.toByteArray()).containsExactly(1, 2, 3, 4, 0, 0, 9);
      assertThat(in.direction()).isEqualTo(Direction.INBOUND);
    }
  }

  @Property(tries = 200)
  void whatIsWrittenIsRead(
      @ForAll @Size(max = 30) List<@IntRange(min = 0, max = 3_000) Integer> sizes,
      @ForAll @IntRange(min = 1, max = 2_000) int snapLength,
      @ForAll long seed)
      throws IOException {
    Path file = Files.createTempFile("capture", ".pcapng");
    try {
      Random random = new Random(seed);
      try (CaptureWriter out = CaptureWriter.create(file, "", snapLength)) {
        for (int size : sizes) {
          byte[] packet = new byte[size];
          random.nextBytes(packet);
          out.write(random.nextLong() >>> 1, Direction.ofFlags(size % 3), packet);
        }
        assertThat(out.packets()).isEqualTo(sizes.size());
      }
      random = new Random(seed);
      try (CaptureReader in = CaptureReader.open(file)) {
        for (int size : sizes) {
          byte[] packet = new byte[size];
          random.nextBytes(packet);
          assertThat(in.next()).isTrue();
          assertThat(in.time()).isEqualTo(random.nextLong() >>> 1);
          assertThat(in.direction()).isEqualTo(Direction.ofFlags(size % 3));
          assertThat(in.originalLength()).isEqualTo(size);
          assertThat(in.toByteArray())
              .isEqualTo(java.util.Arrays.copyOf(packet, Math.min(size, snapLength)));
        }
        assertThat(in.next()).isFalse();
      }
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void manyLargePacketsOverflowTheBufferAndAllArrive() throws IOException {
    Path file = directory.resolve("large.pcapng");
    byte[] packet = new byte[CaptureWriter.MAX_SNAP_LENGTH];
    try (CaptureWriter out = CaptureWriter.create(file, "x")) {
      for (int i = 0; i < 12; i++) {
        packet[i] = (byte) i;
        out.write(i, Direction.UNKNOWN, packet);
      }
    }
    try (CaptureReader in = CaptureReader.open(file)) {
      byte[] expected = new byte[CaptureWriter.MAX_SNAP_LENGTH];
      for (int i = 0; i < 12; i++) {
        expected[i] = (byte) i;
        assertThat(in.next()).isTrue();
        assertThat(in.toByteArray()).isEqualTo(expected);
      }
      assertThat(in.next()).isFalse();
    }
  }

  @Test
  void theFileIsWholeAfterEveryFlush() throws IOException {
    Path file = directory.resolve("flush.pcapng");
    try (CaptureWriter out = CaptureWriter.create(file, "x")) {
      assertThat(count(file)).as("the head is there at once").isZero();
      out.write(1, Direction.UNKNOWN, new byte[3]);
      assertThat(out.hasUnwritten()).isTrue();
      out.flush();
      assertThat(out.hasUnwritten()).isFalse();
      assertThat(count(file)).isEqualTo(1);
    }
  }

  @Test
  void aFullDiskIsAnErrorNotASilence() throws IOException {
    Path full = Path.of("/dev/full");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.isWritable(full));
    assertThatThrownBy(() -> CaptureWriter.create(full, "x"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot write /dev/full: ");
  }

  @Test
  void saysWhyAFileCannotBeWritten() {
    Path file = directory.resolve("no").resolve("where.pcapng");
    assertThatThrownBy(() -> CaptureWriter.create(file, "x"))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot write " + file + ": there is no such directory");
    assertThatThrownBy(() -> CaptureWriter.create(file, "x", 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static int count(Path file) throws IOException {
    int n = 0;
    try (CaptureReader in = CaptureReader.open(file)) {
      while (in.next()) {
        n++;
      }
    }
    return n;
  }
}
