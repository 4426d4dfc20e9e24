package io.millrace.driver.mem;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.spi.PortQueue;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** One wire, each end on a thread of its own: every byte, once, in order. */
final class TwoThreadsTest {
  @Property(tries = 30, edgeCases = EdgeCasesMode.NONE)
  void everyByteArrivesOnceAndInOrder(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int ringBits,
      @ForAll @IntRange(min = 1, max = 64) int sendBurst,
      @ForAll @IntRange(min = 1, max = 64) int receiveBurst,
      @ForAll boolean offload)
      throws ExecutionException, InterruptedException {
    Map<String, String> options =
        Map.of("ring", "" + (1 << ringBits), "offload", offload ? "on" : "off");
    int count = 3_000;
    try (Ends ends = new Ends("threads", options, 16);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> send(ends, seed, count, sendBurst, offload), threads);
      CompletableFuture<Integer> wrong =
          CompletableFuture.supplyAsync(
              () -> receive(ends.b, seed, count, receiveBurst, offload), threads);
      sending.get();
      assertThat(wrong.get()).as("frames that differ").isZero();
      ends.portA.close();
      ends.portB.close();
      assertThat(ends.poolA.available()).isEqualTo(Ends.FRAMES);
      assertThat(ends.poolB.available()).isEqualTo(Ends.FRAMES);
      assertThat(ends.poolA.availableLarge()).isEqualTo(16);
      assertThat(ends.poolB.availableLarge()).isEqualTo(16);
    }
  }

  private static int length(SplittableRandom random, boolean offload) {
    return offload && random.nextInt(50) == 0
        ? random.nextInt(1519, 9000)
        : random.nextInt(60, 1515);
  }

  private static void send(Ends ends, long seed, int count, int most, boolean offload) {
    SplittableRandom random = new SplittableRandom(seed);
    Frame[] waiting = new Frame[most];
    int n = 0;
    int made = 0;
    while (made < count || n > 0) {
      while (made < count && n < most && ends.poolA.availableLarge() > 0) {
        int length = length(random, offload);
        Frame frame = Ends.packet(ends.poolA, length, made);
        Bytes.put32(frame.address(), made++);
        frame.segmentSize(length > 1518 ? 1460 : 0);
        waiting[n++] = frame;
      }
      int taken = ends.a.txBurst(waiting, 0, n);
      System.arraycopy(waiting, taken, waiting, 0, n - taken);
      n -= taken;
      if (taken == 0) {
        Thread.onSpinWait();
      }
    }
  }

  private static int receive(PortQueue queue, long seed, int count, int most, boolean offload) {
    SplittableRandom random = new SplittableRandom(seed);
    Frame[] burst = new Frame[most];
    int wrong = 0;
    int got = 0;
    while (got < count) {
      int n = queue.rxBurst(burst, most, got);
      for (int i = 0; i < n; i++) {
        Frame frame = burst[i];
        int length = length(random, offload);
        boolean right = frame.length() == length && Bytes.i32(frame.address()) == got;
        for (int at = 4; right && at < length; at++) {
          right = Bytes.u8(frame.address() + at) == (got + at & 0xff);
        }
        wrong += right ? 0 : 1;
        frame.release();
        got++;
      }
      if (n == 0) {
        Thread.onSpinWait();
      }
    }
    return wrong;
  }
}
