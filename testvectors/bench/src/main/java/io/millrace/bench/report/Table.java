package io.millrace.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A table with a title: columns that are numbers stand on the right, the first one on the left.
 * What it is drawn with, text or HTML, is the caller's business.
 */
public final class Table {
  private final String title;
  private final List<String> columns;
  private final List<List<String>> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /** Starts a table. */
  public Table(String title, List<String> columns) {
    this.title = title;
    this.columns = List.copyOf(columns);
  }

  /**
   * Adds a row; it may be shorter than the table is wide.
   *
   * @param cells the first is the row's name
   */
  public Table row(List<String> cells) {
    rows.add(List.copyOf(cells));
    return this;
  }

  /** Adds a line below the table. */
  public Table note(String sentence) {
    notes.add(sentence);
    return this;
  }

  /** What the table is about. */
  public String title() {
    return title;
  }

  /**
   * A column as a chart, without the rows that have no number there.
   *
   * @param column its place, 1 or more
   * @param own what the names of our own rows begin with
   */
  public BarChart chart(int column, String unit, String own) {
    List<Bar> bars = new ArrayList<>();
    for (List<String> row : rows) {
      if (row.size() == columns.size() && row.get(column).matches("[0-9.]+( %)?")) {
        double value = Double.parseDouble(row.get(column).replace(" %", ""));
        bars.add(new Bar(row.get(0), value, row.get(0).startsWith(own)));
      }
    }
    return new BarChart(columns.get(column), unit, bars);
  }

  List<String> columns() {
    return columns;
  }

  List<List<String>> rows() {
    return rows;
  }

  List<String> notes() {
    return notes;
  }

  /** The table in lines of text. */
  public String toText() {
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = columns.get(i).length();
      for (List<String> row : rows) {
        // A lone remark behind the name may be as long as it likes.
        if (i < row.size() && row.size() == columns.size()) {
          widths[i] = Math.max(widths[i], row.get(i).length());
        } else if (i == 0) {
          widths[0] = Math.max(widths[0], row.get(0).length());
        }
      }
    }
    StringBuilder text = new StringBuilder().append(title).append('\n');
    line(text, columns, widths);
    rows.forEach(row -> line(text, row, widths));
    notes.forEach(note -> text.append("  ").append(note).append('\n'));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells, int[] widths) {
    text.append(String.format(Locale.ROOT, "  %-" + widths[0] + "s", cells.get(0)));
    boolean remark = cells.size() < widths.length;
    for (int i = 1; i < cells.size(); i++) {
      text.append("  ");
      text.append(
          remark ? cells.get(i) : String.format(Locale.ROOT, "%" + widths[i] + "s", cells.get(i)));
    }
    text.append('\n');
  }
}
