package io.millrace.apps.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.testkit.Allocations;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Once warm, answering a request on a kept connection allocates nothing on the heap. */
class HttpAllocationTest {
  private static final int WARM_UP = 200_000;
  private static final int REQUESTS = 100_000;

  /** As in the test of the stacks' steady state: what the compiler causes stops by itself. */
  private static final int ROUNDS = 5;

  private long time;

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void answering(int pipelined) throws IOException {
    // The time of day is written anew each second, which allocates: 10 ns a look, no second passes.
    try (HttpLoop loop = new HttpLoop(new byte[500], 16, pipelined, () -> time += 10)) {
      answer(loop, WARM_UP);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS && least != 0; i++) {
        least = Math.min(least, Allocations.measure(() -> answer(loop, REQUESTS)));
      }
      assertThat(least).as("bytes allocated in %,d requests", REQUESTS).isZero();
    }
  }

  private static void answer(HttpLoop loop, int requests) {
    long end = loop.responses() + requests;
    while (loop.responses() < end) {
      loop.turn();
    }
  }
}
