package io.millrace.futures;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tcp.TcpConfig;
import io.millrace.testkit.LinkConfig;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * However reads of all sorts, writes of all sizes, and giving up are mixed: the bytes that were
 * written are read, each once, in order.
 */
class ByteStreamProperty {
  /** A read that may not be done. */
  private record Read(CompletableFuture<?> future, ByteBuffer target) {}

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final ByteArrayOutputStream read = new ByteArrayOutputStream();
  private final Deque<Read> reads = new ArrayDeque<>();

  @Property(tries = 60)
  void the_byte_stream_is_preserved(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 150) int steps) throws IOException {
    written.reset(); // the instance is the same for all tries
    read.reset();
    reads.clear();
    Random random = new Random(seed);
    LinkConfig link =
        LinkConfig.perfect()
            .withDelay(Duration.ofMillis(random.nextInt(3)))
            .withLoss(random.nextInt(4) * 0.01);
    StreamConfig streams = StreamConfig.defaults().withInputLimit(1 + random.nextInt(20_000));
    TcpConfig tcp =
        TcpConfig.defaults()
            .with()
            .receiveBuffer(2_048 + random.nextInt(30_000))
            .sendBuffer(2_048 + random.nextInt(30_000))
            .build();
    try (Net net = new Net(seed, link, streams, tcp)) {
      Net.Ends ends = net.connect();
      for (int i = 0; i < steps; i++) {
        step(net, ends, random);
      }
      ends.client().close();
      reads.descendingIterator().forEachRemaining(each -> each.future.cancel(false));
      takeOver();
      byte[] rest;
      while ((rest = net.value(ends.server().read(50_000))).length > 0) {
        read.write(rest);
      }
      ends.server().close();
      assertThat(read.toByteArray()).isEqualTo(written.toByteArray());
      net.assertNothingLeft();
    }
  }

  private void step(Net net, Net.Ends ends, Random random) throws IOException {
    switch (random.nextInt(8)) {
      case 0, 1 -> write(ends.client(), random);
      case 2 -> ask(ends.server().read(1 + random.nextInt(5_000)), null);
      case 3 -> ask(ends.server().readFully(1 + random.nextInt(20_000)), null);
      case 4 ->
          ask(ends.server().readUntil((byte) random.nextInt(256), 1 + random.nextInt(500)), null);
      case 5 -> {
        int size = 1 + random.nextInt(5_000);
        ByteBuffer target =
            random.nextBoolean() ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
        ask(ends.server().read(target), target);
      }
      case 6 -> {
        int chosen = reads.isEmpty() ? 0 : random.nextInt(reads.size());
        reads.stream().skip(chosen).findFirst().ifPresent(each -> each.future.cancel(false));
      }
      default -> net.run(Duration.ofMillis(random.nextInt(400)));
    }
    takeOver();
  }

  private void write(FutureConnection c, Random random) throws IOException {
    byte[] data = new byte[random.nextInt(3) == 0 ? random.nextInt(60_000) : random.nextInt(2_000)];
    random.nextBytes(data);
    written.write(data);
    CompletableFuture<Void> _ =
        switch (random.nextInt(3)) {
          case 0 -> c.write(data);
          case 1 -> c.write(ByteBuffer.wrap(data));
          default -> c.write(ByteBuffer.allocateDirect(data.length).put(data).flip());
        };
  }

  private void ask(CompletableFuture<?> future, ByteBuffer target) {
    reads.add(new Read(future, target));
  }

  /** Appends what reads have brought, in the order in which they were called. */
  private void takeOver() throws IOException {
    while (!reads.isEmpty() && reads.peek().future.isDone()) {
      Read done = reads.remove();
      if (done.future.isCancelled()) {
        continue;
      }
      if (done.future.isCompletedExceptionally()) {
        // No delimiter, or the end: it has taken nothing.
        assertThat(done.future.exceptionNow())
            .isInstanceOfAny(EOFException.class, IOException.class);
      } else if (done.target != null) {
        byte[] bytes = new byte[done.target.flip().remaining()];
        done.target.get(bytes);
        read.write(bytes);
      } else {
        read.write((byte[]) done.future.join());
      }
    }
  }
}
