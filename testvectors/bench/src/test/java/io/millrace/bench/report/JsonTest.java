package io.millrace.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void writesMapsAndListsIndentedAndInOrder() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", "a");
    map.put("values", List.of(1, 2.5));
    map.put("none", null);
    map.put("yes", true);
    map.put("empty", List.of());

    assertThat(Json.of(map))
        .isEqualTo(
            """
            {
              "name": "a",
              "values": [
                1,
                2.5000
              ],
              "none": null,
              "yes": true,
              "empty": []
            }
            """);
  }

  @Test
  void escapesWhatJsonWantsEscaped() {
    assertThat(Json.of("a \"quote\", a \\ and a\nline\t"))
        .isEqualTo("\"a \\\"quote\\\", a \\\\ and a\\nline\\u0009\"\n");
  }

  @Test
  void hasNoWordForWhatIsNotANumber() {
    assertThat(Json.of(List.of(Double.NaN, Double.POSITIVE_INFINITY)))
        .isEqualTo("[\n  null,\n  null\n]\n");
  }
}
