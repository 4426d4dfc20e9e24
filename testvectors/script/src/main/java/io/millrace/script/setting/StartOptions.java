package io.millrace.script.setting;

import io.millrace.script.language.Event;
import io.millrace.script.language.Event.CallEvent;
import io.millrace.script.language.Expression;
import io.millrace.script.language.Expression.Items;
import io.millrace.script.language.Expression.Symbol;
import io.millrace.script.language.Expression.Text;
import io.millrace.script.language.Expression.Whole;
import io.millrace.script.language.Script;
import java.util.Set;

/**
 * Socket options that the stack has for all its connections and not for one: as a script has one
 * connection under test, the stack is started with them.
 */
public final class StartOptions {
  /** Their names. */
  public static final Set<String> NAMES =
      Set.of(
          "SO_RCVBUF",
          "SO_SNDBUF",
          "TCP_MAXSEG",
          "TCP_CONGESTION",
          "TCP_SYNCNT",
          "TCP_LINGER2",
          "TCP_KEEPIDLE",
          "TCP_KEEPINTVL",
          "TCP_KEEPCNT");

  /** Those of them that mean nothing any more once a connection is there. */
  public static final Set<String> BEFORE_CONNECTING =
      Set.of("SO_RCVBUF", "TCP_MAXSEG", "TCP_CONGESTION", "TCP_SYNCNT");

  private StartOptions() {}

  /** Puts what the script's calls set into {@code settings}. */
  public static void read(Script script, StackSettings settings) {
    for (Event event : script.events()) {
      if (event instanceof CallEvent call
          && call.name().equals("setsockopt")
          && call.errno() == null
          && call.arguments().size() >= 4
          && call.arguments().get(2) instanceof Symbol option
          && NAMES.contains(option.name())) {
        String value = value(call.arguments().get(3));
        if (value != null) {
          settings.set("option." + option.name(), value);
        }
      }
    }
  }

  private static String value(Expression expression) {
    return switch (expression) {
      case Whole number -> String.valueOf(number.value());
      case Text text -> text.value();
      case Items items when items.items().size() == 1 -> value(items.items().getFirst());
      default -> null;
    };
  }
}
