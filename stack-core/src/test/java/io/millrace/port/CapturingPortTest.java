package io.millrace.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.buf.WrappedBuffer;
import io.millrace.capture.CaptureReader;
import io.millrace.capture.CaptureWriter;
import io.millrace.capture.Direction;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.spi.ScriptedPort;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the file after frames have passed a capturing port. */
class CapturingPortTest {
  private record Packet(long time, Direction direction, List<Byte> bytes) {}

  @TempDir Path directory;

  private final ScriptedPort wire = new ScriptedPort();
  private final FramePool pool = new FramePool(64, 2048, 0, false);
  private final Frame[] out = new Frame[64];

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.available()).isEqualTo(64);
    pool.close();
  }

  private static List<Packet> read(Path file) throws IOException {
    List<Packet> packets = new ArrayList<>();
    try (CaptureReader in = CaptureReader.open(file)) {
      while (in.next()) {
        List<Byte> bytes = new ArrayList<>();
        for (byte each : in.toByteArray()) {
          bytes.add(each);
        }
        packets.add(new Packet(in.time(), in.direction(), bytes));
      }
    }
    return packets;
  }

  private void receive(PortQueue queue, long now) {
    int n = queue.rxBurst(out, out.length, now);
    for (int i = 0; i < n; i++) {
      out[i].release();
    }
  }

  private Frame frame(int... bytes) {
    Frame frame = pool.allocate();
    for (int each : bytes) {
      Bytes.put8(frame.append(1), each);
    }
    return frame;
  }

  @Test
  void everyFrameIsInTheFileWithItsTimeAndDirection() throws IOException {
    Path file = directory.resolve("all.pcapng");
    Port port = PortDecorators.apply(wire, Map.of("capture", file.toString()));
    assertThat(port.info()).isSameAs(wire.info());
    long before = System.currentTimeMillis() * 1_000_000;
    PortQueue queue = port.queue(0, pool);
    long after = System.currentTimeMillis() * 1_000_000 + 1_000_000;
    wire.arrive(new byte[] {1}, new byte[] {2});
    receive(queue, -5_000);
    assertThat(queue.txBurst(new Frame[] {frame(3)}, 0, 1)).isEqualTo(1);
    wire.arrive(new byte[] {4});
    receive(queue, 995_000);
    port.close();
    assertThat(wire.closed).isTrue();
    List<Packet> packets = read(file);
    long first = packets.getFirst().time();
    assertThat(first).as("wall-clock time").isBetween(before, after);
    assertThat(packets)
        .containsExactly(
            new Packet(first, Direction.INBOUND, List.of((byte) 1)),
            new Packet(first, Direction.INBOUND, List.of((byte) 2)),
            new Packet(first, Direction.OUTBOUND, List.of((byte) 3)),
            new Packet(first + 1_000_000, Direction.INBOUND, List.of((byte) 4)));
  }

  @Test
  void aTailIsCapturedAndSnapCutsThePacket() throws IOException {
    Path file = directory.resolve("snap.pcapng");
    Port port = PortDecorators.apply(wire, Map.of("capture", file.toString(), "snap", "5"));
    PortQueue queue = port.queue(0, pool);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment payload = arena.allocate(10).fill((byte) 7);
      WrappedBuffer owner = WrappedBuffer.of(payload);
      Frame frame = frame(1, 2, 3);
      frame.tail(owner, payload.address(), 10);
      assertThat(queue.txBurst(new Frame[] {frame}, 0, 1)).isEqualTo(1);
      assertThat(owner.references()).isEqualTo(1);
    }
    port.close();
    try (CaptureReader in = CaptureReader.open(file)) {
      assertThat(in.next()).isTrue();
      assertThat(in.toByteArray()).containsExactly(1, 2, 3, 7, 7);
      assertThat(in.originalLength()).isEqualTo(13);
    }
  }

  @Test
  void whatAFullDeviceRefusesIsCapturedOnce() throws IOException {
    Path file = directory.resolve("full.pcapng");
    Port port = PortDecorators.capture(wire, file, 100);
    PortQueue queue = port.queue(0, pool);
    wire.capacity = 3;
    Frame[] frames = {frame(0), frame(1), frame(2), frame(3), frame(4), frame(5), frame(6)};
    assertThat(queue.txBurst(frames, 0, 7)).isEqualTo(3);
    assertThat(queue.txBurst(frames, 3, 7)).as("still full").isZero();
    queue.flush();
    assertThat(queue.txBurst(frames, 3, 4)).as("fewer are offered").isEqualTo(1);
    assertThat(queue.txBurst(frames, 4, 7)).isEqualTo(2);
    queue.flush();
    Frame[] more = {frames[6], frame(7)};
    assertThat(queue.txBurst(more, 0, 2)).isEqualTo(2);
    port.close();
    assertThat(read(file).stream().map(p -> (int) p.bytes().getFirst()))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(wire.sent).hasSize(8);
  }

  @Test
  void theFileIsCompleteAtEveryInterval() throws IOException {
    Path file = directory.resolve("interval.pcapng");
    Port port = PortDecorators.capture(wire, file, 100);
    PortQueue queue = port.queue(0, pool);
    receive(queue, 1_000);
    assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    wire.arrive(new byte[] {1});
    receive(queue, 2_000);
    assertThat(read(file)).isEmpty();
    assertThat(queue.nextDeadline()).isEqualTo(1_000 + CapturingQueue.FLUSH_INTERVAL);
    wire.deadline = 77;
    assertThat(queue.nextDeadline()).isEqualTo(77);
    wire.deadline = Long.MAX_VALUE;
    receive(queue, 1_000 + CapturingQueue.FLUSH_INTERVAL - 1);
    assertThat(read(file)).isEmpty();
    receive(queue, queue.nextDeadline());
    assertThat(read(file)).hasSize(1);
    assertThat(queue.nextDeadline()).as("nothing more to write").isEqualTo(Long.MAX_VALUE);
    port.close();
  }

  @Test
  void aFileThatCannotBeWrittenAnyMoreEndsTheCaptureNotThePort() throws IOException {
    Path file = directory.resolve("broken.pcapng");
    CaptureWriter writer = CaptureWriter.create(file, "x");
    CapturingQueue queue = new CapturingQueue(wire.queue(0, pool), writer, file.toString(), 0);
    wire.arrive(new byte[] {1});
    receive(queue, 0);
    writer.close(); // What the disk does when it is full: the next write fails.
    wire.arrive(new byte[] {2});
    receive(queue, 1);
    receive(queue, CapturingQueue.FLUSH_INTERVAL);
    assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    wire.arrive(new byte[] {3});
    assertThat(queue.rxBurst(out, 1, CapturingQueue.FLUSH_INTERVAL)).isEqualTo(1);
    assertThat(queue.txBurst(out, 0, 1)).isEqualTo(1);
    assertThat(wire.sent).hasSize(1);
    queue.close();
    assertThat(read(file)).as("whole blocks only").hasSize(1);
  }

  @Test
  void aFileThatCannotBeCreatedIsSaidInOneSentence() {
    Path file = directory.resolve("no").resolve("x.pcapng");
    assertThatThrownBy(() -> PortDecorators.apply(wire, Map.of("capture", file.toString())))
        .isInstanceOf(PortException.class)
        .hasMessage("option capture: cannot write " + file + ": there is no such directory");
  }

  @Test
  void eachQueueHasAFileOfItsOwn() throws IOException {
    Port three =
        new Port() {
          @Override
          public PortInfo info() {
            return new PortInfo("three", 0, 1500, 3, 0);
          }

          @Override
          public PortQueue queue(int index, FramePool frames) {
            return new ScriptedPort().queue(index, frames);
          }

          @Override
          public void close() {}
        };
    Port port = PortDecorators.capture(three, directory.resolve("a.b.pcapng"), 100);
    PortQueue last = port.queue(2, pool);
    last.txBurst(new Frame[] {frame(9)}, 0, 1);
    port.close();
    assertThat(read(directory.resolve("a.b.pcapng"))).isEmpty();
    assertThat(read(directory.resolve("a.b-1.pcapng"))).isEmpty();
    assertThat(read(directory.resolve("a.b-2.pcapng"))).hasSize(1);
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  void theFileShowsTheWireNotWhatTheImpairmentTookBefore() throws IOException {
    Path file = directory.resolve("wire.pcapng");
    Port port = PortDecorators.apply(wire, Map.of("capture", file.toString(), "loss", "100%"));
    PortQueue queue = port.queue(0, pool);
    wire.arrive(new byte[] {1});
    assertThat(queue.rxBurst(out, 1, 0)).isZero();
    assertThat(queue.txBurst(new Frame[] {frame(2)}, 0, 1)).isEqualTo(1);
    port.close();
    assertThat(read(file).stream().map(Packet::direction)).containsExactly(Direction.INBOUND);
    assertThat(wire.sent).isEmpty();
  }

  @Test
  void passingBothDecoratorsAllocatesNothing() {
    Path file = directory.resolve("zero.pcapng");
    Echo echo = new Echo();
    Port captured = PortDecorators.capture(echo, file, 64);
    Port port =
        PortDecorators.impair(
            captured,
            new Impairment(
                .01,
                .01,
                .01,
                2,
                .01,
                1_000,
                100,
                1_000_000_000_000L,
                1_000,
                0,
                1,
                Impairment.Ways.BOTH));
    PortQueue queue = port.queue(0, pool);
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    long now = 0;
    for (int round = 0; round < 5; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 20_000; i++) {
        now += 1_000;
        int n = queue.rxBurst(out, 8, now);
        queue.txBurst(out, 0, n);
        queue.flush();
        queue.nextDeadline();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    port.close();
    // 160,000 packets a round; the file is written 16 times, which costs the JDK a few bytes each.
    assertThat(least).isLessThan(10_000);
    assertThat(echo.passed).isGreaterThan(500_000);
  }

  /** Eight frames arrive in every burst; what is sent is forgotten. */
  private static final class Echo implements Port, PortQueue {
    private FramePool frames;
    private long passed;

    @Override
    public PortInfo info() {
      return new PortInfo("echo", 0, 1500, 1, 0);
    }

    @Override
    public PortQueue queue(int index, FramePool pool) {
      frames = pool;
      return this;
    }

    @Override
    public int rxBurst(Frame[] out, int max, long now) {
      for (int i = 0; i < 8; i++) {
        out[i] = frames.allocate();
        out[i].append(60);
      }
      return 8;
    }

    @Override
    public int txBurst(Frame[] sent, int from, int to) {
      for (int i = from; i < to; i++) {
        sent[i].release();
        passed++;
      }
      return to - from;
    }

    @Override
    public void flush() {}

    @Override
    public int reclaim(int max) {
      return 0;
    }

    @Override
    public int fd() {
      return -1;
    }

    @Override
    public void close() {}
  }
}
