package io.millrace.script.language;

/** A place in a script's text, and how to read on from there. Knows comments and lines. */
final class Lexer {
  private final String text;
  private int at;

  Lexer(String text) {
    this.text = text;
  }

  int position() {
    return at;
  }

  /** What stands from {@code start} to here, in one line, without spaces around it. */
  String since(int start) {
    return text.substring(start, at).replaceAll("\\s+", " ").strip();
  }

  int line() {
    int line = 1;
    for (int i = 0; i < at && i < text.length(); i++) {
      if (text.charAt(i) == '\n') {
        line++;
      }
    }
    return line;
  }

  /** The column of the next character that is no space, from 1. */
  int column() {
    int end = Math.min(at, text.length());
    while (end < text.length() && text.charAt(end) == ' ') {
      end++;
    }
    return end - text.lastIndexOf('\n', end - 1);
  }

  ScriptException error(String message) {
    return new ScriptException(line(), column(), message + here());
  }

  private String here() {
    if (at >= text.length()) {
      return ", but the script ends";
    }
    int end = text.indexOf('\n', at);
    String rest = text.substring(at, end < 0 ? text.length() : end).strip();
    return ", not '" + (rest.length() > 40 ? rest.substring(0, 40) + "..." : rest) + "'";
  }

  /** Passes over white space and comments. */
  void skip() throws ScriptException {
    while (at < text.length()) {
      if (Character.isWhitespace(text.charAt(at))) {
        at++;
      } else if (text.startsWith("//", at)) {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (text.startsWith("/*", at)) {
        int end = text.indexOf("*/", at + 2);
        if (end < 0) {
          throw error("a comment needs an end");
        }
        at = end + 2;
      } else {
        return;
      }
    }
  }

  boolean atEnd() throws ScriptException {
    skip();
    return at >= text.length();
  }

  /** The next character, or 0 at the end. */
  char peek() throws ScriptException {
    return atEnd() ? 0 : text.charAt(at);
  }

  boolean looksAt(String what) throws ScriptException {
    skip();
    return text.startsWith(what, at);
  }

  boolean accept(String what) throws ScriptException {
    if (!looksAt(what)) {
      return false;
    }
    at += what.length();
    return true;
  }

  void expect(String what) throws ScriptException {
    if (!accept(what)) {
      throw error("expected '" + what + "'");
    }
  }

  /** The name that starts here, or an empty string; does not move. */
  String peekWord() throws ScriptException {
    skip();
    int end = at;
    while (end < text.length() && isWord(text.charAt(end), end == at)) {
      end++;
    }
    return text.substring(at, end);
  }

  private static boolean isWord(char c, boolean first) {
    return c == '_' || (c < 128 && (first ? Character.isLetter(c) : Character.isLetterOrDigit(c)));
  }

  String word(String what) throws ScriptException {
    String word = peekWord();
    if (word.isEmpty()) {
      throw error("expected " + what);
    }
    at += word.length();
    return word;
  }

  boolean acceptWord(String word) throws ScriptException {
    if (!peekWord().equals(word)) {
      return false;
    }
    at += word.length();
    return true;
  }

  /** Characters of {@code set} from here on, without spaces between them. */
  String run(String set) throws ScriptException {
    skip();
    int start = at;
    while (at < text.length() && set.indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return text.substring(start, at);
  }

  boolean looksAtDigit() throws ScriptException {
    char c = peek();
    return c >= '0' && c <= '9';
  }

  /** Whether a digit follows at once, without a space. */
  boolean touchesDigit() {
    return at > 0 && at < text.length() && isDigit(text.charAt(at)) && !isSpaceBefore();
  }

  private boolean isSpaceBefore() {
    return Character.isWhitespace(text.charAt(at - 1));
  }

  /** A whole number, decimal or hexadecimal, perhaps with a sign. */
  long number(String what, long least, long most) throws ScriptException {
    skip();
    int start = at;
    boolean negative = at < text.length() && text.charAt(at) == '-';
    if (negative) {
      at++;
    }
    boolean hex = text.startsWith("0x", at) || text.startsWith("0X", at);
    if (hex) {
      at += 2;
    }
    String digits = run(hex ? "0123456789abcdefABCDEF" : "0123456789");
    try {
      long value = Long.parseLong(digits, hex ? 16 : 10);
      value = negative ? -value : value;
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    at = start;
    throw error("expected " + what + " from " + least + " to " + most);
  }

  int integer(String what, int least, int most) throws ScriptException {
    return (int) number(what, least, most);
  }

  /** Seconds with a fraction, in nanoseconds. */
  long seconds() throws ScriptException {
    skip();
    int start = at;
    String whole = run("0123456789");
    String fraction = "";
    if (at + 1 < text.length() && text.charAt(at) == '.' && isDigit(text.charAt(at + 1))) {
      at++;
      fraction = run("0123456789");
    }
    if ((whole.isEmpty() && fraction.isEmpty()) || whole.length() > 6 || fraction.length() > 9) {
      at = start;
      throw error("expected a time in seconds, at most 999999.999999999");
    }
    long nanos = Long.parseLong((fraction + "000000000").substring(0, 9));
    return (whole.isEmpty() ? 0 : Long.parseLong(whole)) * 1_000_000_000L + nanos;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** What stands between two marks, the first of which is here. */
  String between(String open, String close) throws ScriptException {
    expect(open);
    int end = text.indexOf(close, at);
    if (end < 0) {
      throw error("expected a closing " + close);
    }
    String inside = text.substring(at, end);
    at = end + close.length();
    return inside;
  }

  /** What stands from here to one of the characters of {@code ends}, outside of brackets. */
  String upTo(String ends) throws ScriptException {
    skip();
    int start = at;
    int depth = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (depth == 0 && ends.indexOf(c) >= 0) {
        return text.substring(start, at).strip();
      }
      depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      at++;
    }
    at = start;
    throw error("expected one of '" + ends + "' further on");
  }

  /** What stands from here to a colon with white space behind it. */
  String upToColonAndSpace() throws ScriptException {
    skip();
    int start = at;
    while (at < text.length() && text.charAt(at) != '\n') {
      if (text.startsWith(":", at)
          && (at + 1 == text.length() || Character.isWhitespace(text.charAt(at + 1)))) {
        return text.substring(start, at).strip();
      }
      at++;
    }
    at = start;
    throw error("expected a colon and a space behind two addresses");
  }

  /** The next characters, up to forty. */
  String ahead() throws ScriptException {
    skip();
    return text.substring(at, Math.min(text.length(), at + 40));
  }

  /** The rest of the word, up to white space. */
  String token() throws ScriptException {
    skip();
    int start = at;
    while (at < text.length() && !Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return text.substring(start, at);
  }
}
