package io.millrace.script.python;

import java.util.ArrayList;
import java.util.List;

/** A logical line of code, cut into words. */
final class Tokens {
  private static final String[] OPERATORS = {
    "**", "//", "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=", "*=", "<", ">", "=", "+", "-", "*",
    "/", "%", "(", ")", "[", "]", "{", "}", ",", ":", ";", ".", "&", "|", "^", "~"
  };

  /** What a word is. */
  enum Kind {
    NAME,
    NUMBER,
    TEXT,
    OPERATOR,
    END
  }

  /**
   * A word.
   *
   * @param text as written; of a string what is in it
   */
  record Token(Kind kind, String text) {}

  private final List<Token> tokens = new ArrayList<>();
  private final String line;
  private int at;
  private int next;

  Tokens(String line) {
    this.line = line;
    while (skip()) {
      tokens.add(read());
    }
  }

  private boolean skip() {
    while (at < line.length() && (Character.isWhitespace(line.charAt(at)) || isJoin())) {
      at++;
    }
    return at < line.length() && line.charAt(at) != '#';
  }

  private boolean isJoin() {
    return line.charAt(at) == '\\' && at + 1 < line.length() && line.charAt(at + 1) == '\n';
  }

  private Token read() {
    char c = line.charAt(at);
    if (c == '"' || c == '\'') {
      return string(c);
    }
    if (Character.isDigit(c) || (c == '.' && isDigit(at + 1))) {
      return number();
    }
    if (Character.isJavaIdentifierStart(c)) {
      int start = at;
      while (at < line.length() && Character.isJavaIdentifierPart(line.charAt(at))) {
        at++;
      }
      return new Token(Kind.NAME, line.substring(start, at));
    }
    for (String operator : OPERATORS) {
      if (line.startsWith(operator, at)) {
        at += operator.length();
        return new Token(Kind.OPERATOR, operator);
      }
    }
    throw unsupported("the character '" + c + "'");
  }

  private boolean isDigit(int index) {
    return index < line.length() && Character.isDigit(line.charAt(index));
  }

  private Token string(char quote) {
    StringBuilder text = new StringBuilder();
    for (at++; at < line.length() && line.charAt(at) != quote; at++) {
      if (line.charAt(at) == '\\' && at + 1 < line.length()) {
        at++;
        text.append(line.charAt(at) == 'n' ? '\n' : line.charAt(at));
      } else {
        text.append(line.charAt(at));
      }
    }
    if (at >= line.length()) {
      throw unsupported("a string without an end");
    }
    at++;
    return new Token(Kind.TEXT, text.toString());
  }

  private Token number() {
    int start = at;
    boolean hex = line.startsWith("0x", at) || line.startsWith("0X", at);
    at += hex ? 2 : 0;
    while (at < line.length()
        && (Character.isDigit(line.charAt(at))
            || (hex && Character.digit(line.charAt(at), 16) >= 0)
            || (!hex && ".eE_".indexOf(line.charAt(at)) >= 0))) {
      at++;
    }
    return new Token(Kind.NUMBER, line.substring(start, at));
  }

  /** The line is not Python as it is known here. */
  UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException(
        "the code has " + what + ", which is not known here: " + line.strip());
  }

  Token peek() {
    return next < tokens.size() ? tokens.get(next) : new Token(Kind.END, "its end");
  }

  Token take() {
    Token token = peek();
    next++;
    return token;
  }

  boolean isAtEnd() {
    return next >= tokens.size();
  }

  /** Whether an operator or a keyword is next. */
  boolean looksAt(String text) {
    Token token = peek();
    return token.text().equals(text)
        && (token.kind() == Kind.OPERATOR || token.kind() == Kind.NAME);
  }

  boolean accept(String text) {
    if (!looksAt(text)) {
      return false;
    }
    next++;
    return true;
  }

  void expect(String text) {
    if (!accept(text)) {
      throw unsupported("'" + peek().text() + "' where '" + text + "' is needed");
    }
  }

  /** Whether what is next is a name with {@code operator} behind it. */
  boolean isAssignment() {
    return peek().kind() == Kind.NAME
        && next + 1 < tokens.size()
        && tokens.get(next + 1).kind() == Kind.OPERATOR
        && List.of("=", "+=", "-=", "*=").contains(tokens.get(next + 1).text());
  }
}
