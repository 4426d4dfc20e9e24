package io.millrace.apps.iperf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A block leaves when it is due: here one of 1,000 bytes each millisecond. */
class PaceTest {
  private static final long MILLI = 1_000_000;
  private final Pace pace = new Pace(8_000_000, 1_000);

  @Test
  void oneAfterTheOther() {
    pace.start(0);
    assertThat(pace.take(0)).isTrue();
    assertThat(pace.take(MILLI - 1)).isFalse();
    assertThat(pace.next()).isEqualTo(MILLI);
    assertThat(pace.take(MILLI)).isTrue();
  }

  @Test
  void aLateLookCatchesUp() {
    pace.start(0);
    assertThat(taken(10 * MILLI)).isEqualTo(11);
  }

  /** After a long stall there is no flood: a tenth of a second is caught up, no more. */
  @Test
  void aVeryLateLookDoesNot() {
    pace.start(0);
    assertThat(taken(10_000 * MILLI)).isEqualTo(101);
  }

  private int taken(long now) {
    int n = 0;
    while (pace.take(now)) {
      n++;
    }
    return n;
  }
}
