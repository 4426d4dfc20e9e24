package io.millrace.bench.report;

import java.util.List;
import java.util.Locale;

/**
 * Horizontal bars, drawn as SVG that stands in the page itself.
 *
 * @param title what is compared
 * @param unit behind each number
 * @param bars from above
 */
public record BarChart(String title, String unit, List<Bar> bars) {
  private static final int WIDTH = 760;
  private static final int NAME = 280;
  private static final int NUMBER = 120;
  private static final int ROW = 24;

  /** Copies the bars. */
  public BarChart {
    bars = List.copyOf(bars);
  }

  String toSvg() {
    double most = bars.stream().mapToDouble(Bar::value).max().orElse(1);
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            "<svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\"><title>%s</title>%n",
            WIDTH, bars.size() * ROW, WIDTH, HtmlReport.escape(title)));
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      long length = Math.round((WIDTH - NAME - NUMBER) * bar.value() / Math.max(most, 1e-9));
      int y = i * ROW;
      svg.append(
          String.format(
              "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                  + "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  + "<text x=\"%d\" y=\"%d\">%s</text>%n",
              NAME - 8,
              y + 16,
              HtmlReport.escape(bar.name()),
              bar.own() ? "own" : "other",
              NAME,
              y + 4,
              length,
              ROW - 8,
              NAME + length + 6,
              y + 16,
              HtmlReport.escape(number(bar.value()) + " " + unit)));
    }
    return svg.append("</svg>\n").toString();
  }

  private static String number(double value) {
    return String.format(
        Locale.ROOT, value >= 1000 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }
}
