package io.millrace.driver.mem;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A wire has no descriptor to sleep on: whoever sends wakes whoever receives. */
final class WakeUpTest {
  private final AtomicInteger rung = new AtomicInteger();

  private static void send(Ends ends) {
    Frame[] burst = {Ends.packet(ends.poolA, 60, 0), Ends.packet(ends.poolA, 60, 1)};
    assertThat(ends.a.txBurst(burst, 0, 2)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void theReceiverIsWokenOncePerFlushAfterItsFramesCanBeSeen(String queues) {
    try (Ends ends = new Ends("wake" + queues, Map.of("queues", queues, "ring", "64"), 0)) {
      assertThat(
              ends.b.wakes(
                  () -> {
                    assertThat(ends.b.hasArrivals()).isTrue();
                    rung.incrementAndGet();
                  }))
          .isTrue();
      ends.a.flush();
      assertThat(rung).hasValue(0);
      assertThat(ends.b.hasArrivals()).isFalse();
      send(ends);
      assertThat(rung).hasValue(0);
      ends.a.flush();
      assertThat(rung).hasValue(1);
      ends.a.flush();
      assertThat(rung).hasValue(1);
      Frame[] out = new Frame[2];
      assertThat(ends.b.rxBurst(out, 2, 0)).isEqualTo(2);
      assertThat(ends.b.hasArrivals()).isFalse();
      out[0].release();
      out[1].release();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void aReceiverThatHasNotAskedIsLeftAlone(String queues) {
    try (Ends ends = new Ends("unasked" + queues, Map.of("queues", queues, "ring", "64"), 0)) {
      send(ends);
      ends.a.flush();
      assertThat(ends.b.hasArrivals()).isTrue();
    }
  }
}
