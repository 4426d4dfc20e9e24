package io.millrace.buf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames: their window, their owners, their tails, and the pool that they come from. */
class FrameTest {
  private final FramePool pool = new FramePool(4, 512, 2, false);

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.outstanding()).isEmpty();
    assertThat(pool.available()).isEqualTo(4);
    assertThat(pool.availableLarge()).isEqualTo(2);
    pool.close();
  }

  @Test
  void aNewFrameIsEmptyWithHeadroom() {
    Frame frame = pool.allocate();
    assertThat(frame.length()).isZero();
    assertThat(frame.headroom()).isEqualTo(FramePool.HEADROOM);
    assertThat(frame.tailroom()).isEqualTo(512 - FramePool.HEADROOM);
    assertThat(frame.capacity()).isEqualTo(512);
    assertThat(frame.references()).isEqualTo(1);
    assertThat(frame.flags()).isZero();
    assertThat(frame.next()).isNull();
    frame.release();
  }

  @Test
  void thePoolFindsAFrameByAnyAddressInItsChunk() {
    for (int size : new int[] {256, 512, 2048, 2112, 9280}) {
      try (FramePool other = new FramePool(1000, size, 1, false)) {
        for (int i = 0; i < 1000; i++) {
          Frame frame = other.frame(i);
          assertThat(frame.base()).isEqualTo(other.region().address() + (long) i * size);
          assertThat(other.indexOf(frame.base())).isEqualTo(i);
          assertThat(other.indexOf(frame.base() + size - 1)).isEqualTo(i);
        }
        Frame large = other.allocateLarge();
        assertThat(other.indexOf(large.base())).isGreaterThanOrEqualTo(other.frames());
        large.release();
      }
    }
  }

  @Test
  void theWindowMovesAsLayersPushAndPull() {
    Frame frame = pool.allocate();
    long payload = frame.append(10);
    long transport = frame.push(20);
    assertThat(transport).isEqualTo(payload - 20);
    assertThat(frame.push(14)).isEqualTo(frame.address());
    assertThat(frame.length()).isEqualTo(44);
    assertThat(frame.headroom()).isEqualTo(FramePool.HEADROOM - 34);
    assertThat(frame.pull(14)).isEqualTo(transport);
    frame.markL3();
    assertThat(frame.l3Address()).isEqualTo(transport);
    frame.pull(20);
    assertThat(frame.address()).isEqualTo(payload);
    assertThat(frame.l3Address()).as("remembered").isEqualTo(transport);
    frame.trim(4);
    assertThat(frame.length()).isEqualTo(4);
    frame.window(0, 512);
    assertThat(frame.headroom()).isZero();
    assertThat(frame.tailroom()).isZero();
    frame.release();
  }

  @Test
  void aFrameThatIsTakenAgainKnowsNothingOfItsFormerLife() {
    List<Frame> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(pool.allocate());
    }
    for (Frame frame : all) {
      frame.set(-1);
      frame.segmentSize(1_000);
      frame.vlan(7);
      frame.next(frame);
      frame.append(300);
      frame.release();
    }
    Frame again = pool.allocate();
    assertThat(again.flags()).isZero();
    assertThat(again.segmentSize()).isZero();
    assertThat(again.vlan()).isZero();
    assertThat(again.next()).isNull();
    assertThat(again.length()).isZero();
    assertThat(again.tailLength()).isZero();
    again.release();
  }

  @Test
  void theLastReleaseGivesTheFrameBack() {
    Frame frame = pool.allocate();
    frame.retain();
    frame.release();
    assertThat(pool.available()).isEqualTo(3);
    frame.release();
    assertThat(pool.available()).isEqualTo(4);
    assertThatThrownBy(frame::release)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("release() on a buffer that was already released");
    assertThatThrownBy(frame::retain)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("retain() on a buffer that was already released");
    assertThat(pool.available()).as("not given back twice").isEqualTo(4);
  }

  @Test
  void whatIsGivenBackIsPoisoned() {
    Frame frame = pool.allocate();
    long at = frame.append(100);
    Bytes.fill(at, 100, 0);
    frame.release();
    assertThat(Bytes.u8(frame.base())).isEqualTo(0xdb);
    assertThat(Bytes.u8(at + 50)).isEqualTo(0xdb);
    assertThat(Bytes.u8(frame.base() + 511)).isEqualTo(0xdb);
  }

  @Test
  void aTailIsGatheredAndLetGoWithTheFrame() {
    AtomicInteger released = new AtomicInteger();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(8);
      memory.asByteBuffer().put(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
      WrappedBuffer owner = WrappedBuffer.of(memory, released::incrementAndGet);
      Frame frame = pool.allocate();
      Bytes.put16(frame.append(2), 0x0a0b);
      frame.tail(owner, memory.address() + 2, 3);
      owner.release();
      assertThat(released).as("the frame still needs it").hasValue(0);
      assertThat(frame.length()).isEqualTo(2);
      assertThat(frame.tailLength()).isEqualTo(3);
      assertThat(frame.totalLength()).isEqualTo(5);
      MemorySegment wire = arena.allocate(6);
      frame.gather(wire.address());
      assertThat(wire.toArray(ValueLayout.JAVA_BYTE)).containsExactly(10, 11, 3, 4, 5, 0);
      frame.release();
      assertThat(released).hasValue(1);
    }
  }

  @Test
  void anEmptyTailRetainsNothing() {
    try (Arena arena = Arena.ofConfined()) {
      WrappedBuffer owner = WrappedBuffer.of(arena.allocate(1));
      Frame frame = pool.allocate();
      frame.tail(owner, owner.address(), 0);
      assertThat(owner.references()).isEqualTo(1);
      frame.release();
      assertThat(owner.references()).isEqualTo(1);
    }
  }

  @Test
  void aFrameMayBeTheTailOfAnother() {
    Frame payload = pool.allocate();
    payload.append(5);
    Frame header = pool.allocate();
    header.tail(payload, payload.address(), 5);
    payload.release();
    assertThat(pool.available()).isEqualTo(2);
    header.release();
    assertThat(pool.available()).isEqualTo(4);
  }

  @Test
  void theListenerHearsOfTheLastReleaseOnce() {
    List<Object> heard = new ArrayList<>();
    Frame frame = pool.allocate();
    frame.append(9);
    frame.onReleased((context, length) -> heard.add(context + " " + length), "window");
    frame.retain();
    frame.release();
    assertThat(heard).isEmpty();
    frame.release();
    assertThat(heard).containsExactly("window 9");
    Frame again = pool.allocate();
    again.release();
    assertThat(heard).hasSize(1);
  }

  @Test
  void checksumRequestsStayWhereTheyWereWhenHeadersArePushed() {
    Frame frame = pool.allocate();
    long transport = frame.append(20);
    frame.requestChecksum(transport, 16);
    frame.push(34);
    assertThat(frame.has(Frame.CHECKSUM_PARTIAL)).isTrue();
    assertThat(frame.checksumAddress()).isEqualTo(transport);
    assertThat(frame.checksumOffset()).isEqualTo(16);
    frame.release();
  }

  @Test
  void anEmptyPoolAnswersNullAndCounts() {
    List<Frame> all = new ArrayList<>();
    Frame frame;
    while ((frame = pool.allocate()) != null) {
      all.add(frame);
    }
    assertThat(all).hasSize(4).doesNotHaveDuplicates();
    Frame large = pool.allocateLarge();
    Frame large2 = pool.allocateLarge();
    assertThat(pool.allocateLarge()).isNull();
    assertThat(pool.exhausted()).isEqualTo(2);
    assertThat(large.tailroom()).isGreaterThanOrEqualTo(65_535 + 18);
    all.forEach(Frame::release);
    large.release();
    large2.release();
  }

  @Test
  void framesDoNotOverlapAndLieInTheRegion() {
    List<Frame> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(pool.allocate());
    }
    all.add(pool.allocateLarge());
    all.add(pool.allocateLarge());
    all.sort(java.util.Comparator.comparingLong(Frame::base));
    long end = pool.region().address();
    for (Frame frame : all) {
      assertThat(frame.base()).isGreaterThanOrEqualTo(end);
      end = frame.base() + frame.capacity();
      assertThat(frame.pool()).isSameAs(pool);
    }
    assertThat(end).isLessThanOrEqualTo(pool.region().address() + pool.region().size());
    all.forEach(Frame::release);
  }

  @Test
  void standardFramesOfTheLargeSizeAreNotMistakenForLargeOnes() {
    try (FramePool even = new FramePool(1, FramePool.LARGE_SIZE, 1, false)) {
      Frame standard = even.allocate();
      Frame large = even.allocateLarge();
      large.release();
      assertThat(even.available()).isZero();
      assertThat(even.availableLarge()).isEqualTo(1);
      standard.release();
      assertThat(even.available()).isEqualTo(1);
    }
  }

  @Test
  void whatIsNotGivenBackIsListed() {
    Frame frame = pool.allocate();
    frame.append(33);
    frame.retain();
    Frame large = pool.allocateLarge();
    assertThat(pool.outstanding().lines())
        .containsExactly("frame 3: 33 bytes, references: 2", "frame 5: 0 bytes, references: 1");
    frame.release();
    frame.release();
    large.release();
  }

  @Test
  void aPoolNeedsFramesOfAUsefulSize() {
    for (int[] bad : new int[][] {{0, 512, 0}, {1, 255, 0}, {1, 300, 0}, {1, 512, -1}}) {
      assertThatThrownBy(() -> new FramePool(bad[0], bad[1], bad[2], false))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aBufferIsReadWithinItsBounds() {
    Frame frame = pool.allocate();
    Bytes.put32(frame.append(4), 0x01020304);
    assertThat(frame.getByte(3)).isEqualTo((byte) 4);
    assertThatThrownBy(() -> frame.getByte(4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.getByte(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    byte[] to = new byte[3];
    frame.getBytes(1, to, 0, 3);
    assertThat(to).containsExactly(2, 3, 4);
    assertThatThrownBy(() -> frame.getBytes(2, to, 0, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.getBytes(0, to, 1, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(frame.asSegment().byteSize()).isEqualTo(4);
    frame.release();
  }

  @Test
  void onlyOffHeapMemoryIsWrapped() {
    assertThatThrownBy(() -> WrappedBuffer.of(MemorySegment.ofArray(new byte[4])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("off-heap");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(3);
      WrappedBuffer buffer = WrappedBuffer.of(memory);
      assertThat(buffer.segment()).isSameAs(memory);
      assertThat(buffer.length()).isEqualTo(3);
      buffer.release();
      assertThatThrownBy(buffer::release).isInstanceOf(IllegalStateException.class);
    }
  }
}
