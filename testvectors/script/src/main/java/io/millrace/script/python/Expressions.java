package io.millrace.script.python;

import io.millrace.script.python.Tokens.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Evaluates an expression while it is read, by Python's precedence: {@code if else}, {@code or},
 * {@code and}, {@code not}, chained comparisons, {@code | ^ &}, shifts, sums, products, signs,
 * powers.
 */
final class Expressions {
  private static final List<String> COMPARISONS = List.of("==", "!=", "<=", ">=", "<", ">");
  private static final String[][] LEVELS = {
    {"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%"}
  };

  private final Tokens tokens;
  private final Function<String, Object> names;

  /** What is passed over, because something before it has decided, is read but not looked up. */
  private int passedOver;

  Expressions(Tokens tokens, Function<String, Object> names) {
    this.tokens = tokens;
    this.names = names;
  }

  /** An expression, or several with commas between them as a tuple. */
  Object values() {
    Object first = value();
    if (!tokens.looksAt(",")) {
      return first;
    }
    List<Object> all = new ArrayList<>(List.of(first));
    while (tokens.accept(",") && !tokens.isAtEnd()) {
      all.add(value());
    }
    return all;
  }

  Object value() {
    Object value = or();
    if (!tokens.accept("if")) {
      return value;
    }
    Object condition = or();
    tokens.expect("else");
    Object otherwise = value();
    return Numbers.isTrue(condition) ? value : otherwise;
  }

  private Object or() {
    Object left = and();
    while (tokens.accept("or")) {
      boolean decided = Numbers.isTrue(left);
      passedOver += decided ? 1 : 0;
      Object right = and();
      passedOver -= decided ? 1 : 0;
      left = decided ? left : right;
    }
    return left;
  }

  private Object and() {
    Object left = not();
    while (tokens.accept("and")) {
      boolean decided = !Numbers.isTrue(left);
      passedOver += decided ? 1 : 0;
      Object right = not();
      passedOver -= decided ? 1 : 0;
      left = decided ? left : right;
    }
    return left;
  }

  private Object not() {
    return tokens.accept("not") ? (Object) !Numbers.isTrue(not()) : comparison();
  }

  private Object comparison() {
    Object left = binary(0);
    String operator = comparisonOperator();
    if (operator == null) {
      return left;
    }
    boolean holds = true;
    while (operator != null) {
      Object right = binary(0);
      holds = holds && (passedOver > 0 || Numbers.compare(operator, left, right));
      left = right;
      operator = comparisonOperator();
    }
    return holds;
  }

  private String comparisonOperator() {
    for (String each : COMPARISONS) {
      if (tokens.accept(each)) {
        return each;
      }
    }
    if (tokens.accept("in")) {
      return "in";
    }
    if (tokens.accept("is")) {
      return tokens.accept("not") ? "is not" : "is";
    }
    if (tokens.accept("not")) {
      tokens.expect("in");
      return "not in";
    }
    return null;
  }

  private Object binary(int level) {
    if (level == LEVELS.length) {
      return unary();
    }
    Object left = binary(level + 1);
    while (true) {
      String found = null;
      for (String each : LEVELS[level]) {
        if (found == null && tokens.accept(each)) {
          found = each;
        }
      }
      if (found == null) {
        return left;
      }
      Object right = binary(level + 1);
      left = passedOver > 0 ? (Object) 0L : Numbers.calculate(found, left, right);
    }
  }

  private Object unary() {
    if (tokens.accept("-")) {
      return Numbers.negative(unary());
    }
    if (tokens.accept("+")) {
      return unary();
    }
    if (tokens.accept("~")) {
      return Numbers.calculate("-", Numbers.negative(unary()), 1L);
    }
    Object base = atom();
    return tokens.accept("**") ? Numbers.calculate("**", base, unary()) : base;
  }

  private Object atom() {
    Token token = tokens.take();
    return switch (token.kind()) {
      case NUMBER -> number(token.text());
      case TEXT -> strings(token.text());
      case NAME -> tokens.accept("(") ? call(token.text()) : name(token.text());
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> list(")");
            case "[" -> list("]");
            default -> throw tokens.unsupported("'" + token.text() + "'");
          };
      case END -> throw tokens.unsupported("an end where a value is needed");
    };
  }

  /** Strings next to each other are one. */
  private String strings(String first) {
    StringBuilder all = new StringBuilder(first);
    while (tokens.peek().kind() == Tokens.Kind.TEXT) {
      all.append(tokens.take().text());
    }
    return all.toString();
  }

  private Object number(String text) {
    String digits = text.replace("_", "");
    try {
      return digits.matches("[0-9]+|0[xX].*")
          ? (Object) Long.decode(decimal(digits))
          : (Object) Double.valueOf(digits);
    } catch (NumberFormatException e) {
      throw tokens.unsupported("the number " + text);
    }
  }

  /** Without zeros in front, which would make it octal. */
  private static String decimal(String digits) {
    return digits.startsWith("0") && !digits.startsWith("0x") && !digits.startsWith("0X")
        ? digits.replaceFirst("^0+(?=.)", "")
        : digits;
  }

  private Object name(String name) {
    return switch (name) {
      case "True" -> true;
      case "False" -> false;
      case "None" -> null;
      default -> passedOver > 0 ? 0L : names.apply(name);
    };
  }

  /** What stands in brackets: one value, or a tuple or list. */
  private Object list(String close) {
    List<Object> items = new ArrayList<>();
    boolean isTuple = close.equals("]");
    while (!tokens.accept(close)) {
      items.add(value());
      if (!tokens.looksAt(close)) {
        tokens.expect(",");
        isTuple = true;
      }
    }
    return isTuple || items.isEmpty() ? items : items.getFirst();
  }

  private Object call(String name) {
    Object argument = list(")");
    List<?> all = argument instanceof List<?> list ? list : List.of(argument);
    if (passedOver > 0) {
      return 0L;
    }
    return switch (name) {
      case "abs" ->
          Numbers.compare("<", all.getFirst(), 0L)
              ? Numbers.negative(all.getFirst())
              : all.getFirst();
      case "int" ->
          Numbers.calculate("//", all.getFirst(), 1L) instanceof Number number
              ? (Object) number.longValue()
              : null;
      case "float" -> Numbers.calculate("/", all.getFirst(), 1L);
      case "round" -> Math.round(((Number) all.getFirst()).doubleValue());
      case "len" -> (long) all.size();
      case "str", "repr" -> Numbers.show(argument);
      case "min" -> extreme(all, "<");
      case "max" -> extreme(all, ">");
      default -> throw tokens.unsupported("the function " + name + "()");
    };
  }

  private static Object extreme(List<?> values, String better) {
    Object best = values.getFirst();
    for (Object each : values) {
      best = Numbers.compare(better, each, best) ? each : best;
    }
    return best;
  }
}
