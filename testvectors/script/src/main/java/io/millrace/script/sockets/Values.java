package io.millrace.script.sockets;

import io.millrace.ip.IpAddress;
import io.millrace.script.ScriptFailure;
import io.millrace.script.language.Event.CallEvent;
import io.millrace.script.language.Expression;
import io.millrace.script.language.Expression.Any;
import io.millrace.script.language.Expression.Call;
import io.millrace.script.language.Expression.Field;
import io.millrace.script.language.Expression.Items;
import io.millrace.script.language.Expression.Or;
import io.millrace.script.language.Expression.Struct;
import io.millrace.script.language.Expression.Symbol;
import io.millrace.script.language.Expression.Text;
import io.millrace.script.language.Expression.Whole;
import java.util.List;

/** What the arguments of a system call mean. */
final class Values {
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
      case Symbol symbol -> Symbols.value(symbol.name());
      case Or or -> or.parts().stream().mapToLong(this::number).reduce(0, (a, b) -> a | b);
      case Call each
          when each.arguments().size() == 1
              && List.of("htons", "htonl", "ntohs", "ntohl").contains(each.name()) ->
          number(each.arguments().getFirst());
      default -> throw wrong("a number is needed, not " + expression);
    };
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
      case Text text -> new long[0];
      case Any any -> new long[0];
      default -> new long[] {number(index)};
    };
  }

  /** The bytes that the parts of {@code [{..., 100}, {..., 200}]} are long. */
  int vectorLength(int index) {
    return vectorLength(argument(index));
  }

  private int vectorLength(Expression vector) {
    if (!(vector instanceof Items items)) {
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

  /** A message of sendmsg or recvmsg. */
  Struct message(int index) {
    if (!(argument(index) instanceof Struct struct)) {
      throw wrong("argument " + (index + 1) + " is no message");
    }
    if (!isNothing(find(struct, "msg_control"))) {
      throw new UnsupportedOperationException("the stack has no control messages");
    }
    return struct;
  }

  private static boolean isNothing(Expression value) {
    return value == null
        || value instanceof Any
        || (value instanceof Items items && items.items().isEmpty());
  }

  /** The bytes that a message is long. */
  int messageLength(Struct message) {
    return vectorLength(field(message, "msg_iov"));
  }

  /** A socket address: what is not said is null. */
  record SocketAddress(IpAddress address, Integer port) {}

  /** The socket address of an argument. */
  SocketAddress address(int index) {
    return address(argument(index));
  }

  /** A socket address; what is not said in it is null. */
  SocketAddress address(Expression value) {
    if (value instanceof Any || (value instanceof Symbol symbol && symbol.name().equals("NULL"))) {
      return new SocketAddress(null, null);
    }
    if (!(value instanceof Struct struct)) {
      throw wrong("a socket address is needed");
    }
    Expression port = first(struct, "sin_port", "sin6_port");
    Expression address = first(struct, "sin_addr", "sin6_addr");
    return new SocketAddress(
        address == null || address instanceof Any ? null : ipAddress(address),
        port == null || port instanceof Any ? null : (int) number(port));
  }

  private static Expression first(Struct struct, String one, String other) {
    Expression found = find(struct, one);
    return found == null ? find(struct, other) : found;
  }

  private IpAddress ipAddress(Expression value) {
    if (value instanceof Symbol symbol && symbol.name().equals("INADDR_ANY")) {
      return IpAddress.ANY_V4;
    }
    if (value instanceof Call each
        && !each.arguments().isEmpty()
        && each.arguments().getLast() instanceof Text text) {
      try {
        return IpAddress.parse(text.value());
      } catch (IllegalArgumentException e) {
        throw wrong(e.getMessage());
      }
    }
    throw wrong("an address is written inet_addr(\"192.0.2.1\")");
  }

  /** The value of a field, or null if it is not there. */
  static Expression find(Struct struct, String name) {
    for (Field each : struct.fields()) {
      if (name.equals(each.name())) {
        return each.value();
      }
    }
    return null;
  }

  Expression field(Struct struct, String name) {
    Expression value = find(struct, name);
    if (value == null) {
      throw wrong("there is no field " + name);
    }
    return value;
  }

  List<Expression> items(int index) {
    if (argument(index) instanceof Items items) {
      return items.items();
    }
    throw wrong("argument " + (index + 1) + " is not a list");
  }
}
