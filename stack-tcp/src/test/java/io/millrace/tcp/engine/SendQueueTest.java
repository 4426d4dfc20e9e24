package io.millrace.tcp.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.buf.WrappedBuffer;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * A send queue gives back exactly the bytes that were put in, wherever one looks, until they are
 * acknowledged.
 */
class SendQueueTest {
  @Property(tries = 300)
  void anyMixOfPiecesReadsAndAcknowledgmentsIsAStream(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 120) int operations) {
    Random random = new Random(seed);
    AtomicInteger lent = new AtomicInteger();
    try (FramePool pool = new FramePool(200, 2048, 0, false);
        SmallSends slots = new SmallSends()) {
      int free = pool.available();
      SendQueue queue = slots.newQueue();
      byte[] expected = new byte[0];
      for (int i = 0; i < operations; i++) {
        switch (random.nextInt(4)) {
          case 0, 1 -> expected = join(expected, add(queue, pool, random, lent));
          case 2 -> {
            int n = random.nextInt(expected.length + 1);
            queue.remove(n);
            expected = Arrays.copyOfRange(expected, n, expected.length);
          }
          default -> read(queue, pool, expected, random);
        }
        assertThat(queue.bytes()).isEqualTo(expected.length);
        read(queue, pool, expected, random);
      }
      queue.clear();
      assertThat(pool.available()).isEqualTo(free);
      assertThat(lent).hasValue(0);
    }
  }

  private static byte[] add(SendQueue queue, FramePool pool, Random random, AtomicInteger lent) {
    byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 100 : 5000)];
    random.nextBytes(bytes);
    if (bytes.length <= 1000 && random.nextBoolean()) {
      assertThat(queue.addCopy(bytes, 0, bytes.length, pool)).isTrue();
      return bytes;
    }
    MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
    lent.incrementAndGet();
    WrappedBuffer buffer = WrappedBuffer.of(memory, lent::decrementAndGet);
    queue.add(buffer, buffer.address(), bytes.length, pool);
    buffer.release();
    return bytes;
  }

  private static void read(SendQueue queue, FramePool pool, byte[] expected, Random random) {
    if (expected.length == 0) {
      return;
    }
    int offset = random.nextInt(expected.length);
    int length = 1 + random.nextInt(Math.min(1460, expected.length - offset));
    assertThat(queue.contiguous(offset)).isBetween(1, expected.length - offset);
    Frame frame = pool.allocate();
    queue.fill(frame, offset, length);
    MemorySegment out = Arena.ofAuto().allocate(frame.totalLength());
    frame.gather(out.address());
    assertThat(out.toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
    frame.release();
  }

  private static byte[] join(byte[] a, byte[] b) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(a);
    out.writeBytes(b);
    return out.toByteArray();
  }
}
