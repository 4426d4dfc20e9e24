package io.millrace.script.python;

import java.util.List;

/** What operators do with the values of Python: whole numbers, fractions, truth, strings, lists. */
final class Numbers {
  private Numbers() {}

  static boolean isTrue(Object value) {
    return switch (value) {
      case Boolean truth -> truth;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case String text -> !text.isEmpty();
      case List<?> list -> !list.isEmpty();
      case null -> false;
      default -> true;
    };
  }

  /** A number for arithmetic; truth counts as 1 and 0. */
  private static Object number(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1L : 0L;
    }
    if (value instanceof Long || value instanceof Double) {
      return value;
    }
    throw new UnsupportedOperationException("the code calculates with " + show(value));
  }

  private static double fraction(Object value) {
    return ((Number) number(value)).doubleValue();
  }

  private static long whole(Object value) {
    if (number(value) instanceof Long number) {
      return number;
    }
    throw new UnsupportedOperationException("the code uses the bits of " + show(value));
  }

  static Object calculate(String operator, Object a, Object b) {
    if (operator.equals("+") && a instanceof String left && b instanceof String right) {
      return left + right;
    }
    if (operator.equals("%") && a instanceof String format) {
      return format(format, b instanceof List<?> list ? list : List.of(b));
    }
    boolean isWhole = number(a) instanceof Long && number(b) instanceof Long;
    return switch (operator) {
      case "&" -> whole(a) & whole(b);
      case "|" -> whole(a) | whole(b);
      case "^" -> whole(a) ^ whole(b);
      case "<<" -> whole(a) << whole(b);
      case ">>" -> whole(a) >> whole(b);
      case "/" -> divide(fraction(a), fraction(b));
      case "//" -> isWhole ? floorDivide(whole(a), whole(b)) : floor(fraction(a), fraction(b));
      case "%" -> isWhole ? remainder(whole(a), whole(b)) : modulo(fraction(a), fraction(b));
      case "**" -> power(a, b, isWhole);
      default -> isWhole ? wholes(operator, whole(a), whole(b)) : fractions(operator, a, b);
    };
  }

  private static Object wholes(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      default -> Math.multiplyExact(a, b);
    };
  }

  private static Object fractions(String operator, Object a, Object b) {
    return switch (operator) {
      case "+" -> fraction(a) + fraction(b);
      case "-" -> fraction(a) - fraction(b);
      default -> fraction(a) * fraction(b);
    };
  }

  private static Object power(Object a, Object b, boolean isWhole) {
    double power = Math.pow(fraction(a), fraction(b));
    if (isWhole && whole(b) >= 0 && Math.abs(power) < 1L << 52) {
      return (long) power;
    }
    return power;
  }

  private static double divide(double a, double b) {
    requireNotZero(b);
    return a / b;
  }

  private static long floorDivide(long a, long b) {
    requireNotZero((double) b);
    return Math.floorDiv(a, b);
  }

  private static double floor(double a, double b) {
    return Math.floor(divide(a, b));
  }

  private static long remainder(long a, long b) {
    requireNotZero((double) b);
    return Math.floorMod(a, b);
  }

  private static double modulo(double a, double b) {
    return a - b * floor(a, b);
  }

  private static void requireNotZero(double b) {
    if (b == 0) {
      throw new AssertionFailure(0, "division by zero");
    }
  }

  static Object negative(Object value) {
    return number(value) instanceof Long number ? (Object) (-number) : (Object) (-fraction(value));
  }

  static boolean compare(String operator, Object a, Object b) {
    return switch (operator) {
      case "==", "is" -> same(a, b);
      case "!=", "is not" -> !same(a, b);
      case "in" -> contains(b, a);
      case "not in" -> !contains(b, a);
      case "<" -> order(a, b) < 0;
      case "<=" -> order(a, b) <= 0;
      case ">" -> order(a, b) > 0;
      default -> order(a, b) >= 0;
    };
  }

  private static boolean same(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return order(a, b) == 0;
    }
    if (a instanceof List<?> left && b instanceof List<?> right) {
      boolean equal = left.size() == right.size();
      for (int i = 0; equal && i < left.size(); i++) {
        equal = same(left.get(i), right.get(i));
      }
      return equal;
    }
    return a == null ? b == null : a.equals(b);
  }

  private static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  private static boolean contains(Object container, Object item) {
    if (container instanceof String text && item instanceof String part) {
      return text.contains(part);
    }
    if (container instanceof List<?> list) {
      return list.stream().anyMatch(each -> same(each, item));
    }
    throw new UnsupportedOperationException("the code looks for something in " + show(container));
  }

  private static int order(Object a, Object b) {
    if (a instanceof String left && b instanceof String right) {
      return left.compareTo(right);
    }
    if (number(a) instanceof Long left && number(b) instanceof Long right) {
      return Long.compare(left, right);
    }
    return Double.compare(fraction(a), fraction(b));
  }

  /** {@code "%d of %s" % (a, b)}: each place gets its value, however it is to look. */
  private static String format(String format, List<?> values) {
    StringBuilder out = new StringBuilder();
    int used = 0;
    int i = 0;
    while (i < format.length()) {
      char c = format.charAt(i++);
      if (c != '%') {
        out.append(c);
        continue;
      }
      while (i < format.length() && "0123456789.-+ ".indexOf(format.charAt(i)) >= 0) {
        i++;
      }
      boolean isPercent = i < format.length() && format.charAt(i) == '%';
      i++;
      out.append(isPercent ? "%" : used < values.size() ? show(values.get(used++)) : "");
    }
    return out.toString();
  }

  static String show(Object value) {
    return switch (value) {
      case null -> "None";
      case Boolean truth -> truth ? "True" : "False";
      case List<?> list ->
          list.stream()
              .map(Numbers::show)
              .collect(java.util.stream.Collectors.joining(", ", "(", ")"));
      default -> String.valueOf(value);
    };
  }
}
