package io.millrace.testkit.script;

import io.millrace.testkit.script.Event.CallEvent;
import io.millrace.testkit.script.Event.CodeEvent;
import io.millrace.testkit.script.Event.CommandEvent;
import io.millrace.testkit.script.Event.PacketEvent;
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
   * @throws UnsupportedScriptException if it uses what is not supported yet
   * @throws ScriptException if it is wrong
   */
  public static Script parse(String text) throws ScriptException {
    return new ScriptParser(text).script();
  }

  private Script script() throws ScriptException {
    Map<String, String> options = options();
    String init = lexer.looksAt("`") ? lexer.between("`", "`") : null;
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
    return new Script(options, init, events, cleanup);
  }

  private Map<String, String> options() throws ScriptException {
    Map<String, String> options = new LinkedHashMap<>();
    while (lexer.looksAt("-")) {
      if (lexer.looksAt("-D")) {
        throw lexer.unsupported("-D");
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
    if (lexer.looksAt("#")) {
      throw lexer.unsupported("#ifdef");
    }
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
    while (lexer.looksAt("(")) {
      lexer.between("(", ")");
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
