package io.millrace.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
  private final Table table =
      new Table("Rates", List.of("server", "requests/s", "share"))
          .row(List.of("millrace-tap", "1200", "60 %"))
          .row(List.of("other", "800", "40 %"))
          .row(List.of("absent", "not measured: it is not installed"))
          .note("A note.");

  @Test
  void theTextHasColumnsThatFitAndRemarksOfAnyLength() {
    assertThat(table.toText())
        .isEqualTo(
            """
            Rates
              server        requests/s  share
              millrace-tap        1200   60 %
              other                800   40 %
              absent        not measured: it is not installed
              A note.
            """);
  }

  @Test
  void aChartHasTheRowsWithANumber() {
    BarChart chart = table.chart(1, "/s", "millrace");

    assertThat(chart.bars())
        .containsExactly(new Bar("millrace-tap", 1200, true), new Bar("other", 800, false));
    assertThat(table.chart(2, "%", "millrace").bars())
        .extracting(Bar::value)
        .containsExactly(60.0, 40.0);
  }

  @Test
  void theLongestBarIsThatOfTheLargestNumber() {
    String svg = table.chart(1, "/s", "millrace").toSvg();

    assertThat(svg).contains("class=\"own\" x=\"280\" y=\"4\" width=\"360\"");
    assertThat(svg).contains("class=\"other\" x=\"280\" y=\"28\" width=\"240\"");
  }

  @Test
  void thePageNeedsNothingButItselfAndEscapesWhatItIsGiven() {
    HtmlReport page = new HtmlReport("A <title>", Map.of("cpu", "x & y"));
    page.add(table, List.of(table.chart(1, "/s", "millrace")));

    assertThat(page.toHtml())
        .contains("<h1>A &lt;title&gt;</h1>", "x &amp; y", "<td>millrace-tap</td>", "A note.")
        .contains("colspan=\"2\">not measured")
        .doesNotContain("http", "<script", "src=")
        .endsWith("</html>\n");
  }
}
