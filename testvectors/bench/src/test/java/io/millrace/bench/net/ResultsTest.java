package io.millrace.bench.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResultsTest {
  @Test
  void findsTheLineAmongWhateverElseAProgramSays() {
    HttpResult result =
        HttpResult.parse(
            "Running 2s test\nresult requests=200 micros=2000000 errors=1 p50=10 p90=20 p99=30"
                + " p999=40 max=50\nTransfer/sec: 1MB\n");

    assertThat(result).isEqualTo(new HttpResult(200, 2.0, 1, new Percentiles(10, 20, 30, 40, 50)));
    assertThat(result.perSecond()).isEqualTo(100.0);
  }

  @Test
  void aProgramWithoutResultIsQuoted() {
    assertThatThrownBy(() -> Results.parse("unable to connect\n"))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("unable to connect");
  }

  @Test
  void theMedianIsTheMiddleOne() {
    assertThat(Results.median(List.of(9.0, 1.0, 2.0))).isEqualTo(2.0);
  }

  @Test
  void cpuTimePerRequestIsTheProcessesAndTheCores() {
    HttpSample sample =
        new HttpSample(
            "a",
            new HttpScenario(64, false),
            1,
            new HttpResult(1_000_000, 4, 0, new Percentiles(1, 1, 1, 1, 1)),
            2,
            3,
            4);

    assertThat(sample.serverMicros()).isEqualTo(2.0);
    assertThat(sample.coreMicros()).isEqualTo(3.0);
    assertThat(sample.clientBusy()).isEqualTo(1.0);
  }
}
