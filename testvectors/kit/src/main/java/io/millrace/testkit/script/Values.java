package io.millrace.testkit.script;

import io.millrace.ip.IpAddress;
import io.millrace.testkit.script.Event.CallEvent;
import io.millrace.testkit.script.Expression.Any;
import io.millrace.testkit.script.Expression.Call;
import io.millrace.testkit.script.Expression.Field;
import io.millrace.testkit.script.Expression.Items;
import io.millrace.testkit.script.Expression.Or;
import io.millrace.testkit.script.Expression.Struct;
import io.millrace.testkit.script.Expression.Symbol;
import io.millrace.testkit.script.Expression.Text;
import io.millrace.testkit.script.Expression.Whole;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the arguments of a system call mean. */
final class Values {
  private static final Map<String, Long> SYMBOLS = new HashMap<>();

  static {
    String[] all = {
      "AF_UNSPEC=0",
      "AF_INET=2",
      "AF_INET6=10",
      "PF_INET=2",
      "SOCK_STREAM=1",
      "SOCK_DGRAM=2",
      "SOCK_NONBLOCK=2048",
      "SOCK_CLOEXEC=524288",
      "IPPROTO_IP=0",
      "IPPROTO_TCP=6",
      "IPPROTO_UDP=17",
      "O_RDONLY=0",
      "O_WRONLY=1",
      "O_RDWR=2",
      "O_NONBLOCK=2048",
      "F_GETFL=3",
      "F_SETFL=4",
      "SHUT_RD=0",
      "SHUT_WR=1",
      "SHUT_RDWR=2",
      "POLLIN=1",
      "POLLPRI=2",
      "POLLOUT=4",
      "POLLERR=8",
      "POLLHUP=16",
      "POLLNVAL=32",
      "POLLRDHUP=8192",
      "MSG_DONTWAIT=64",
      "MSG_NOSIGNAL=16384",
      "MSG_MORE=32768",
    };
    for (String each : all) {
      int equals = each.indexOf('=');
      SYMBOLS.put(each.substring(0, equals), Long.parseLong(each.substring(equals + 1)));
    }
  }

  private final CallEvent call;

  Values(CallEvent call) {
    this.call = call;
  }

  ScriptFailure wrong(String message) {
    return new ScriptFailure(call.line(), call.name() + ": " + message);
  }

  Expression argument(int index) {
    if (index >= call.arguments().size()) {
      throw wrong("there is no argument " + (index + 1));
    }
    return call.arguments().get(index);
  }

  int count() {
    return call.arguments().size();
  }

  boolean isAny(int index) {
    return argument(index) instanceof Any;
  }

  long number(int index) {
    return number(argument(index));
  }

  int integer(int index, int most) {
    long value = number(index);
    if (value < 0 || value > most) {
      throw wrong("argument " + (index + 1) + " is not between 0 and " + most);
    }
    return (int) value;
  }

  long number(Expression expression) {
    return switch (expression) {
      case Whole number -> number.value();
      case Symbol symbol -> symbol(symbol.name());
      case Or or -> or.parts().stream().mapToLong(this::number).reduce(0, (a, b) -> a | b);
      case Call each when each.name().equals("htons") && each.arguments().size() == 1 ->
          number(each.arguments().getFirst());
      default -> throw wrong("a number is needed, not " + expression);
    };
  }

  private static long symbol(String name) {
    Long value = SYMBOLS.get(name);
    if (value == null) {
      throw new UnsupportedOperationException("the constant " + name + " is not supported yet");
    }
    return value;
  }

  /** The name of an option or level. */
  String name(int index) {
    if (argument(index) instanceof Symbol symbol) {
      return symbol.name();
    }
    throw new UnsupportedOperationException("socket options are supported by name only");
  }

  /** The numbers of {@code [1]}, {@code [1, 2]} or {@code {onoff=1, linger=0}}. */
  long[] numbers(int index) {
    return switch (argument(index)) {
      case Items items -> items.items().stream().mapToLong(this::number).toArray();
      case Struct struct ->
          struct.fields().stream().map(Field::value).mapToLong(this::number).toArray();
      case Text text ->
          throw new UnsupportedOperationException("options with strings are not supported yet");
      default -> new long[] {number(index)};
    };
  }

  /** The bytes that the parts of {@code [{..., 100}, {..., 200}]} are long. */
  int vectorLength(int index) {
    if (!(argument(index) instanceof Items items)) {
      throw wrong("a list of buffers is needed");
    }
    long sum = 0;
    for (Expression item : items.items()) {
      if (!(item instanceof Struct part) || part.fields().size() != 2) {
        throw wrong("a buffer is written {..., length}");
      }
      sum += number(part.fields().get(1).value());
    }
    if (sum < 0 || sum > 1 << 30) {
      throw wrong("the buffers are too long");
    }
    return (int) sum;
  }

  /** The port of a socket address, or {@code otherwise} if it is {@code ...}. */
  int port(int index, int otherwise) {
    Expression value = isAny(index) ? new Any() : field(index, "sin_port");
    return value instanceof Any ? otherwise : (int) number(value);
  }

  /** The IPv4 address of a socket address, or {@code otherwise} if it is {@code ...}. */
  IpAddress address(int index, String otherwise) {
    Expression value = isAny(index) ? new Any() : field(index, "sin_addr");
    if (value instanceof Any) {
      return IpAddress.parse(otherwise);
    }
    if (value instanceof Call each
        && each.name().equals("inet_addr")
        && each.arguments().size() == 1
        && each.arguments().getFirst() instanceof Text text) {
      try {
        return IpAddress.parse(text.value());
      } catch (IllegalArgumentException e) {
        throw wrong(e.getMessage());
      }
    }
    throw wrong("an address is written inet_addr(\"192.0.2.1\")");
  }

  private Expression field(int index, String name) {
    if (argument(index) instanceof Struct struct) {
      return field(struct, name);
    }
    throw wrong("argument " + (index + 1) + " is not a socket address");
  }

  Expression field(Struct struct, String name) {
    for (Field each : struct.fields()) {
      if (name.equals(each.name())) {
        return each.value();
      }
    }
    throw wrong("there is no field " + name);
  }

  List<Expression> items(int index) {
    if (argument(index) instanceof Items items) {
      return items.items();
    }
    throw wrong("argument " + (index + 1) + " is not a list");
  }
}
