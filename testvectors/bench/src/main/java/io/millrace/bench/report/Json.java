package io.millrace.bench.report;

import java.util.Iterator;
import java.util.Locale;
import java.util.Map;

/** Writes maps, lists, strings, numbers and truth values as JSON (RFC 8259), indented. */
public final class Json {
  private final StringBuilder out = new StringBuilder();

  private Json() {}

  /**
   * The value as JSON text.
   *
   * @param value a map with strings as keys, an iterable, a string, a number, a boolean or null, of
   *     the same in turn; anything else is written as its {@code toString()}
   */
  public static String of(Object value) {
    Json json = new Json();
    json.write(value, "\n");
    return json.out.append('\n').toString();
  }

  private void write(Object value, String newLine) {
    switch (value) {
      case null -> out.append("null");
      case Boolean truth -> out.append(truth);
      case Double number when !Double.isFinite(number) -> out.append("null");
      case Double number -> out.append(String.format(Locale.ROOT, "%.4f", number));
      case Number number -> out.append(number);
      case Map<?, ?> map -> writeMap(map, newLine);
      case Iterable<?> list -> writeList(list, newLine);
      default -> writeText(value.toString());
    }
  }

  private void writeMap(Map<?, ?> map, String newLine) {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator).append(newLine).append("  ");
      writeText(entry.getKey().toString());
      out.append(": ");
      write(entry.getValue(), newLine + "  ");
      separator = ",";
    }
    out.append(map.isEmpty() ? "}" : newLine + "}");
  }

  private void writeList(Iterable<?> list, String newLine) {
    out.append('[');
    Iterator<?> elements = list.iterator();
    boolean empty = !elements.hasNext();
    while (elements.hasNext()) {
      out.append(newLine).append("  ");
      write(elements.next(), newLine + "  ");
      if (elements.hasNext()) {
        out.append(',');
      }
    }
    out.append(empty ? "]" : newLine + "]");
  }

  private void writeText(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        default -> {
          if (c < ' ') {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
