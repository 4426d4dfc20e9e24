package io.millrace.apps.iperf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client may ask a server for. */
class TestPlanTest {
  private static TestPlan parse(String json) throws ProtocolException {
    return TestPlan.parse(JsonParser.parseString(json).getAsJsonObject());
  }

  /** As iperf 3.12 says it. */
  @Test
  void theParametersOfIperf3() throws ProtocolException {
    assertThat(
            parse(
                "{\"tcp\":true,\"omit\":0,\"time\":0,\"num\":102400,\"blockcount\":0,"
                    + "\"parallel\":2,\"bidirectional\":true,\"len\":131072,"
                    + "\"pacing_timer\":1000,\"client_version\":\"3.12\"}"))
        .isEqualTo(new TestPlan(false, false, true, 2, 0, 0, 102_400, 0, 131_072, 0, false, 0));
    assertThat(
            parse(
                "{\"udp\":true,\"omit\":1,\"time\":5,\"num\":0,\"blockcount\":0,\"parallel\":1,"
                    + "\"reverse\":true,\"len\":1448,\"bandwidth\":1048576,\"pacing_timer\":1000,"
                    + "\"udp_counters_64bit\":1,\"client_version\":\"3.12\"}"))
        .isEqualTo(new TestPlan(true, true, false, 1, 5, 1, 0, 0, 1_448, 1 << 20, true, 0));
  }

  @Test
  void whatIsWrittenIsRead() throws ProtocolException {
    TestPlan plan = new TestPlan(true, false, true, 7, 0, 2, 0, 99, 512, 1_000, true, 8);
    assertThat(TestPlan.parse(plan.toJson())).isEqualTo(plan);
    assertThat(TestPlan.parse(TestPlan.defaults().toJson())).isEqualTo(TestPlan.defaults());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"tcp\":true,\"parallel\":129}             | number of streams is 129",
        "{\"tcp\":true,\"parallel\":1e99}            | not possible",
        "{\"tcp\":true,\"parallel\":\"many\"}        | 'parallel' is not a number",
        "{\"tcp\":true,\"parallel\":[1]}             | 'parallel' is not a number",
        "{\"tcp\":true,\"time\":-1}                  | time in seconds is -1",
        "{\"tcp\":true,\"len\":0}                    | size of a block is 0",
        "{\"tcp\":true,\"len\":1048577}              | size of a block is 1048577",
        "{\"udp\":true,\"len\":65508}                | size of a datagram is 65508",
        "{\"udp\":true,\"len\":15}                   | size of a datagram is 15",
        "{\"sctp\":true}                             | SCTP",
        "{\"tcp\":true,\"reverse\":1,\"bidirectional\":1} | not both",
      })
  void whatIsNotPossibleIsRefused(String json, String sentence) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void aStreamsShareIsInWholeBlocksAndTheSharesAreEnough() {
    TestPlan plan = new TestPlan(false, false, false, 3, 0, 0, 1_000, 0, 100, 0, false, 0);
    assertThat(plan.bytesPerStream()).isEqualTo(400);
    assertThat(3 * plan.bytesPerStream()).isGreaterThanOrEqualTo(plan.bytesInAll());
  }
}
