package io.millrace.script.python;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Runs the code of a script, block after block; what one block assigns, the next ones see.
 *
 * <pre>
 * statement : assert value [, message] | print(values) | name (= | += | -= | *=) value | pass
 *           | import ... | if value: block {elif value: block} [else: block]
 * </pre>
 *
 * <p>Blocks are told by their indentation, or stand behind the colon. Statements may stand on one
 * line with semicolons between them.
 */
public final class Interpreter {
  /**
   * A line of code.
   *
   * @param number the line in the block, from 0
   * @param indentation white space in front
   */
  private record Line(int number, int indentation, String text) {}

  private final Map<String, Object> assigned = new HashMap<>();
  private final Consumer<String> output;
  private Function<String, Object> snapshot;
  private int assertions;

  /** Creates an interpreter whose prints go to {@code output}. */
  public Interpreter(Consumer<String> output) {
    this.output = output;
  }

  /**
   * Runs a block.
   *
   * @param names the value of a name that nothing was assigned to; null if there is none
   * @return how many assertions were made
   * @throws AssertionFailure if one of them does not hold
   * @throws UnsupportedOperationException if the code is beyond what is known here
   */
  public int run(String code, Function<String, Object> names) {
    snapshot = names;
    assertions = 0;
    List<Line> lines = lines(code);
    if (!lines.isEmpty()) {
      block(lines, 0, lines.size());
    }
    return assertions;
  }

  /** Lines with something on them, brackets and backslashes joined. */
  private static List<Line> lines(String code) {
    List<Line> lines = new ArrayList<>();
    String[] raw = code.split("\n", -1);
    for (int i = 0; i < raw.length; i++) {
      int start = i;
      StringBuilder text = new StringBuilder(raw[i]);
      while (i + 1 < raw.length && isOpen(text)) {
        text.append('\n').append(raw[++i]);
      }
      String stripped = text.toString().strip();
      if (!stripped.isEmpty() && !stripped.startsWith("#")) {
        int indentation = text.length() - text.toString().stripLeading().length();
        lines.add(new Line(start, indentation, stripped));
      }
    }
    return lines;
  }

  private static boolean isOpen(CharSequence text) {
    int depth = 0;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote != 0) {
        quote = c == quote && text.charAt(i - 1) != '\\' ? 0 : quote;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '#') {
        while (i < text.length() && text.charAt(i) != '\n') {
          i++;
        }
      } else {
        depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      }
    }
    return depth > 0 || (!text.isEmpty() && text.charAt(text.length() - 1) == '\\');
  }

  private void block(List<Line> lines, int from, int to) {
    int i = from;
    while (i < to) {
      Line line = lines.get(i);
      Tokens tokens = new Tokens(line.text());
      if (tokens.looksAt("if")) {
        i = condition(lines, i, to);
      } else {
        statements(tokens, line.number());
        i++;
      }
    }
  }

  /** An {@code if} with all that belongs to it; returns the index behind. */
  private int condition(List<Line> lines, int from, int to) {
    boolean done = false;
    int i = from;
    do {
      Line line = lines.get(i);
      Tokens tokens = new Tokens(line.text());
      boolean isElse = !tokens.accept("if") && !tokens.accept("elif");
      if (isElse) {
        tokens.expect("else");
      }
      boolean holds = isElse || Numbers.isTrue(new Expressions(tokens, this::lookUp).value());
      tokens.expect(":");
      int end = i + 1;
      while (end < to && lines.get(end).indentation() > line.indentation()) {
        end++;
      }
      if (holds && !done) {
        done = true;
        if (tokens.isAtEnd()) {
          block(lines, i + 1, end);
        } else {
          statements(tokens, line.number());
        }
      }
      i = end;
    } while (i < to
        && lines.get(i).indentation() == lines.get(from).indentation()
        && lines.get(i).text().matches("(?s)(elif|else)\\b.*"));
    return i;
  }

  private void statements(Tokens tokens, int line) {
    do {
      if (!tokens.isAtEnd()) {
        statement(tokens, line);
      }
    } while (tokens.accept(";"));
    if (!tokens.isAtEnd()) {
      throw tokens.unsupported("'" + tokens.peek().text() + "'");
    }
  }

  private void statement(Tokens tokens, int line) {
    Expressions expressions = new Expressions(tokens, this::lookUp);
    if (tokens.accept("assert")) {
      assertion(tokens, expressions, line);
    } else if (tokens.accept("print")) {
      output.accept(Numbers.show(tokens.looksAt(";") ? "" : expressions.values()));
    } else if (tokens.accept("import") || tokens.accept("from")) {
      // What a module has is asked for where it is used, and is not known then.
      while (!tokens.isAtEnd() && !tokens.looksAt(";")) {
        tokens.take();
      }
    } else if (tokens.isAssignment()) {
      String name = tokens.take().text();
      String operator = tokens.take().text();
      Object value = expressions.values();
      assigned.put(
          name,
          operator.equals("=")
              ? value
              : Numbers.calculate(operator.substring(0, 1), lookUp(name), value));
    } else if (!tokens.accept("pass")) {
      throw tokens.unsupported("'" + tokens.peek().text() + "'");
    }
  }

  private void assertion(Tokens tokens, Expressions expressions, int line) {
    assertions++;
    Map<String, Object> used = new java.util.LinkedHashMap<>();
    Expressions watched =
        new Expressions(
            tokens,
            name -> {
              Object value = lookUp(name);
              used.put(name, value);
              return value;
            });
    boolean holds;
    try {
      holds = Numbers.isTrue(watched.value());
    } catch (AssertionFailure e) {
      throw new AssertionFailure(line, e.getMessage());
    }
    String message = tokens.accept(",") ? Numbers.show(expressions.value()) : "";
    if (!holds) {
      StringBuilder values = new StringBuilder();
      used.forEach(
          (name, value) ->
              values
                  .append(values.isEmpty() ? "" : ", ")
                  .append(name)
                  .append(" is ")
                  .append(Numbers.show(value)));
      throw new AssertionFailure(
          line,
          "the assertion does not hold: " + values + (message.isEmpty() ? "" : "; " + message));
    }
  }

  private Object lookUp(String name) {
    if (assigned.containsKey(name)) {
      return assigned.get(name);
    }
    Object value = snapshot.apply(name);
    if (value == null) {
      throw new UnsupportedOperationException(
          "the code asks for '" + name + "', which is not known");
    }
    return value;
  }
}
