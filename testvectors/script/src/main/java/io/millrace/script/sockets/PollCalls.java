package io.millrace.script.sockets;

import io.millrace.script.language.Expression;
import io.millrace.script.language.Expression.Any;
import io.millrace.script.language.Expression.Items;
import io.millrace.script.language.Expression.Struct;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/** {@code poll} and {@code epoll} over the sockets of a script. */
final class PollCalls {
  private static final int NOT_YET = Errno.EAGAIN.failure();
  private static final long ALWAYS = ScriptSocket.POLLERR | ScriptSocket.POLLHUP;
  private static final long CONDITIONS = 0x3fff;
  private static final long EDGE_TRIGGERED = 1L << 31;

  private final LongFunction<ScriptSocket> sockets;
  private final LongSupplier clock;

  /** The interest of each epoll descriptor: events by descriptor. */
  private final Map<Long, Map<Long, Long>> interests = new HashMap<>();

  /** What was found last, for those that want edges. */
  private final Map<Long, Long> lastFound = new HashMap<>();

  PollCalls(LongFunction<ScriptSocket> sockets, LongSupplier clock) {
    this.sockets = sockets;
    this.clock = clock;
  }

  /** A call that ends when something is found, or when its milliseconds have passed. */
  private LongSupplier until(long millis, LongSupplier find) {
    long end = millis < 0 ? Long.MAX_VALUE : clock.getAsLong() + millis * 1_000_000L;
    return () -> {
      long found = find.getAsLong();
      return found != 0 ? found : clock.getAsLong() >= end ? 0 : NOT_YET;
    };
  }

  LongSupplier poll(Values values) {
    List<Expression> wanted = values.items(0);
    long[] found = new long[wanted.size()];
    LongSupplier attempt =
        until(
            values.number(2),
            () -> {
              int ready = 0;
              for (int i = 0; i < found.length; i++) {
                Struct each = (Struct) wanted.get(i);
                long events = values.number(values.field(each, "events"));
                long number = values.number(values.field(each, "fd"));
                found[i] = socket(values, number).poll() & (events | ALWAYS);
                ready += found[i] == 0 ? 0 : 1;
              }
              return ready;
            });
    return () -> {
      long result = attempt.getAsLong();
      for (int i = 0; result >= 0 && i < found.length; i++) {
        compare(values, (Struct) wanted.get(i), found[i]);
      }
      return result;
    };
  }

  private ScriptSocket socket(Values values, long number) {
    ScriptSocket socket = sockets.apply(number);
    if (socket == null) {
      throw values.wrong("no descriptor " + number + " was opened before");
    }
    return socket;
  }

  private static void compare(Values values, Struct each, long found) {
    Expression expected = Values.find(each, "revents");
    if (expected != null && !(expected instanceof Any) && values.number(expected) != found) {
      throw values.wrong(
          "revents are "
              + found
              + " for descriptor "
              + values.number(values.field(each, "fd"))
              + ", expected "
              + values.number(expected));
    }
  }

  // ---- epoll ----

  void create(long descriptor) {
    interests.put(descriptor, new TreeMap<>());
  }

  boolean isEpoll(long descriptor) {
    return interests.containsKey(descriptor);
  }

  private Map<Long, Long> interest(Values values) {
    Map<Long, Long> interest = interests.get(values.number(0));
    if (interest == null) {
      throw values.wrong("descriptor " + values.number(0) + " is not one of epoll");
    }
    return interest;
  }

  int control(Values values) {
    Map<Long, Long> interest = interest(values);
    long operation = values.number(1);
    long number = values.number(2);
    if (operation == 2) {
      return interest.remove(number) == null ? Errno.EINVAL.failure() : 0;
    }
    Struct event = (Struct) values.argument(3);
    interest.put(number, values.number(values.field(event, "events")));
    lastFound.remove(number);
    return 0;
  }

  LongSupplier waitForEvents(Values values) {
    Map<Long, Long> interest = interest(values);
    Map<Long, Long> found = new TreeMap<>();
    LongSupplier attempt =
        until(
            values.number(3),
            () -> {
              found.clear();
              interest.forEach((number, events) -> look(values, number, events, found));
              return Math.min(found.size(), values.number(2));
            });
    return () -> {
      long result = attempt.getAsLong();
      if (result > 0) {
        compare(values, found);
      }
      return result;
    };
  }

  private void look(Values values, long number, long events, Map<Long, Long> found) {
    long now = socket(values, number).poll() & (events & CONDITIONS | ALWAYS);
    boolean isEdge = (events & EDGE_TRIGGERED) != 0;
    if (now != 0 && !(isEdge && lastFound.getOrDefault(number, 0L) == now)) {
      found.put(number, now);
    }
    lastFound.put(number, now);
  }

  private static void compare(Values values, Map<Long, Long> found) {
    Expression argument = values.argument(1);
    List<Expression> expected = argument instanceof Items items ? items.items() : List.of(argument);
    for (Expression each : expected) {
      if (each instanceof Struct event) {
        Expression events = Values.find(event, "events");
        Expression fd = Values.find(event, "fd");
        boolean matches =
            found.entrySet().stream()
                .anyMatch(
                    entry ->
                        (fd == null || fd instanceof Any || values.number(fd) == entry.getKey())
                            && (events == null
                                || events instanceof Any
                                || values.number(events) == entry.getValue()));
        if (!matches) {
          throw values.wrong("the events by descriptor are " + found);
        }
      }
    }
  }
}
