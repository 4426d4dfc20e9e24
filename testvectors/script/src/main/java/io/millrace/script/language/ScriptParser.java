package io.millrace.script.language;

import io.millrace.script.language.Event.CallEvent;
import io.millrace.script.language.Event.CodeEvent;
import io.millrace.script.language.Event.CommandEvent;
import io.millrace.script.language.Event.PacketEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a script:
 *
 * <pre>
 * script : {--option[=value]} [`command`] event+ [`command`]
 * event  : time (packet | call | `command` | %{ code }%)
 * time   : T | +T | * | T~T | +T~+T            blocking call: T...T
 * call   : name(arguments) = expression [ERRNO (text)] [(note)]
 * </pre>
 */
public final class ScriptParser {
  private final Lexer lexer;
  private final ExpressionParser expressions;
  private final PacketParser packets;

  private ScriptParser(String text) {
    lexer = new Lexer(text);
    expressions = new ExpressionParser(lexer);
    packets = new PacketParser(lexer);
  }

  /**
   * Reads a script.
   *
   * @param system the name that {@code #ifdef} knows: {@code Linux} or {@code FreeBSD}
   * @param tokens what {@code -D NAME=value} replaces, further to the script's own
   * @throws ScriptException if it is wrong
   */
  public static Script parse(String text, String system, Map<String, String> tokens)
      throws ScriptException {
    return new ScriptParser(Preprocessor.process(text, system, tokens)).script();
  }

  /** Reads a script for Linux, without further tokens. */
  public static Script parse(String text) throws ScriptException {
    return parse(text, "Linux", Map.of());
  }

  private Script script() throws ScriptException {
    Map<String, String> options = options();
    boolean hasInit = lexer.looksAt("`");
    int initLine = lexer.line();
    String init = hasInit ? lexer.between("`", "`") : null;
    List<Event> events = new ArrayList<>();
    String cleanup = null;
    while (!lexer.atEnd()) {
      if (lexer.looksAt("`") && !events.isEmpty()) {
        cleanup = lexer.between("`", "`");
        if (!lexer.atEnd()) {
          throw lexer.error("expected a time");
        }
      } else {
        events.add(event());
      }
    }
    if (events.isEmpty()) {
      throw lexer.error("expected an event");
    }
    return new Script(options, init, initLine, events, cleanup);
  }

  private Map<String, String> options() throws ScriptException {
    Map<String, String> options = new LinkedHashMap<>();
    while (lexer.looksAt("-")) {
      if (lexer.accept("-D")) {
        lexer.token(); // The preprocessor has replaced it.
        continue;
      }
      lexer.expect("--");
      String[] parts = lexer.token().split("=", 2);
      if (parts[0].isEmpty() || options.put(parts[0], parts.length == 2 ? parts[1] : "") != null) {
        throw lexer.error("expected each option once, with a name");
      }
    }
    return options;
  }

  private Event event() throws ScriptException {
    lexer.skip();
    int start = lexer.position();
    int line = lexer.line();
    ScriptTime time = time();
    if (lexer.accept("...")) {
      boolean relative = lexer.accept("+");
      long nanos = lexer.seconds();
      ScriptTime.Kind kind = relative ? ScriptTime.Kind.RELATIVE : ScriptTime.Kind.ABSOLUTE;
      return call(start, line, time, new ScriptTime(kind, nanos, nanos));
    }
    if (lexer.accept("<")) {
      PacketSpec packet = packets.packet();
      return new PacketEvent(line, lexer.since(start), time, true, packet);
    }
    if (lexer.accept(">")) {
      PacketSpec packet = packets.packet();
      return new PacketEvent(line, lexer.since(start), time, false, packet);
    }
    if (lexer.looksAt("`")) {
      String command = lexer.between("`", "`");
      return new CommandEvent(line, lexer.since(start), time, command.strip());
    }
    if (lexer.looksAt("%{")) {
      String code = lexer.between("%{", "}%");
      return new CodeEvent(line, lexer.since(start), time, code);
    }
    return call(start, line, time, null);
  }

  private ScriptTime time() throws ScriptException {
    if (lexer.accept("*")) {
      return ScriptTime.ANY_TIME;
    }
    boolean relative = lexer.accept("+");
    long nanos = lexer.seconds();
    if (!lexer.accept("~")) {
      return new ScriptTime(
          relative ? ScriptTime.Kind.RELATIVE : ScriptTime.Kind.ABSOLUTE, nanos, nanos);
    }
    lexer.accept("+");
    long end = lexer.seconds();
    if (end < nanos) {
      throw lexer.error("expected a range that ends after it starts");
    }
    return new ScriptTime(
        relative ? ScriptTime.Kind.RELATIVE_RANGE : ScriptTime.Kind.ABSOLUTE_RANGE, nanos, end);
  }

  private Event call(int start, int line, ScriptTime time, ScriptTime end) throws ScriptException {
    String name = lexer.word("a packet, a system call or a command");
    lexer.expect("(");
    List<Expression> arguments = expressions.list(")");
    lexer.expect("=");
    Expression result = expressions.expression();
    String errno = lexer.peekWord();
    if (!errno.isEmpty()) {
      lexer.word("an error");
    }
    while (lexer.accept("(")) {
      lexer.upTo(")");
      lexer.expect(")");
    }
    return new CallEvent(
        line,
        lexer.since(start),
        time,
        end,
        name,
        arguments,
        result,
        errno.isEmpty() ? null : errno);
  }
}
