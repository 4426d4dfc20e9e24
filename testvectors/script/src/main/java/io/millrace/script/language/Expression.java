package io.millrace.script.language;

import java.util.List;

/** An argument or result of a system call. */
public sealed interface Expression {
  /** {@code ...}: whatever. */
  record Any() implements Expression {}

  /** A whole number. */
  record Whole(long value) implements Expression {}

  /** A name, such as {@code SOCK_STREAM}. */
  record Symbol(String name) implements Expression {}

  /** A string. */
  record Text(String value) implements Expression {}

  /** {@code a|b}. */
  record Or(List<Expression> parts) implements Expression {
    /** Copies the list. */
    public Or {
      parts = List.copyOf(parts);
    }
  }

  /** {@code [a, b]}. */
  record Items(List<Expression> items) implements Expression {
    /** Copies the list. */
    public Items {
      items = List.copyOf(items);
    }
  }

  /** {@code htons(8080)}, {@code inet_addr("192.0.2.1")}. */
  record Call(String name, List<Expression> arguments) implements Expression {
    /** Copies the list. */
    public Call {
      arguments = List.copyOf(arguments);
    }
  }

  /** {@code {a=1, b(2)=3, 4}}. */
  record Struct(List<Field> fields) implements Expression {
    /** Copies the list. */
    public Struct {
      fields = List.copyOf(fields);
    }
  }

  /**
   * A field of a structure.
   *
   * @param name its name, or null if it is known by its place
   * @param size what stands in parentheses behind the name, or null
   * @param value its value
   */
  record Field(String name, Expression size, Expression value) {}
}
