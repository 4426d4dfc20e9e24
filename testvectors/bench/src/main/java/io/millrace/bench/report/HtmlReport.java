package io.millrace.bench.report;

import java.util.List;
import java.util.Map;

/** A page with tables and charts that needs nothing but itself: no network, no script. */
public final class HtmlReport {
  private static final String STYLE =
      """
      body { font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto;
             padding: 0 1rem; color: #1b1f24; background: #fff; }
      h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
      table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; }
      th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #d8dee4; }
      th:first-child, td:first-child { text-align: left; }
      td.remark { text-align: left; color: #59636e; }
      svg { max-width: 100%; height: auto; font: 13px system-ui, sans-serif; }
      rect.own { fill: #1a7f64; } rect.other { fill: #9aa5b1; }
      p.note { color: #59636e; }
      """;

  private final StringBuilder page = new StringBuilder();

  /**
   * Starts a page.
   *
   * @param facts where and when it was measured
   */
  public HtmlReport(String title, Map<String, Object> facts) {
    page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
        .append(escape(title))
        .append("</title>\n<style>\n")
        .append(STYLE)
        .append("</style></head><body>\n<h1>")
        .append(escape(title))
        .append("</h1>\n<table>\n");
    facts.forEach(
        (name, value) ->
            page.append("<tr><td>")
                .append(escape(name))
                .append("</td><td class=\"remark\">")
                .append(escape(String.valueOf(value)))
                .append("</td></tr>\n"));
    page.append("</table>\n");
  }

  /** Adds a table under its title, with charts above it. */
  public void add(Table table, List<BarChart> charts) {
    page.append("<h2>").append(escape(table.title())).append("</h2>\n");
    for (BarChart chart : charts) {
      page.append("<p>").append(escape(chart.title())).append("</p>\n").append(chart.toSvg());
    }
    page.append("<table>\n");
    row(table.columns(), "th", table.columns().size());
    table.rows().forEach(row -> row(row, "td", table.columns().size()));
    page.append("</table>\n");
    for (String note : table.notes()) {
      page.append("<p class=\"note\">").append(escape(note)).append("</p>\n");
    }
  }

  private void row(List<String> cells, String tag, int width) {
    page.append("<tr>");
    for (int i = 0; i < cells.size(); i++) {
      boolean remark = i > 0 && i == cells.size() - 1 && cells.size() < width;
      page.append('<').append(tag);
      if (remark) {
        page.append(" class=\"remark\" colspan=\"").append(width - i).append('"');
      }
      page.append('>').append(escape(cells.get(i))).append("</").append(tag).append('>');
    }
    page.append("</tr>\n");
  }

  /** The whole page. */
  public String toHtml() {
    return page + "</body></html>\n";
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
