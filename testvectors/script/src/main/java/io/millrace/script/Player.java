package io.millrace.script;

import io.millrace.script.Stage.Captured;
import io.millrace.script.language.Event;
import io.millrace.script.language.Event.CallEvent;
import io.millrace.script.language.Event.CodeEvent;
import io.millrace.script.language.Event.CommandEvent;
import io.millrace.script.language.Event.PacketEvent;
import io.millrace.script.language.PacketSpec.TcpSpec;
import io.millrace.script.language.Script;
import io.millrace.script.language.ScriptTime;
import io.millrace.script.python.AssertionFailure;
import io.millrace.script.python.ConnectionSnapshot;
import io.millrace.script.python.Interpreter;
import io.millrace.script.setting.ShellCommands;
import io.millrace.script.sockets.SystemCalls;
import io.millrace.script.wire.SeenPacket;
import io.millrace.script.wire.Sent;
import io.millrace.testkit.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Plays one script: event after event, each at its time. */
final class Player {
  private static final long ANY_TIME_LIMIT = Duration.ofHours(1).toNanos();

  private final Script script;
  private final ScriptOptions options;
  private final Stage stage;
  private final World world;
  private final List<SystemCalls.Running> running = new ArrayList<>();
  private final List<String> exchange = new ArrayList<>();
  private final Interpreter interpreter;
  private final long start;
  private long previous;
  private int line;
  private int checks;
  private boolean started;

  Player(Script script, ScriptOptions options, Stage stage) {
    this.script = script;
    this.options = options;
    this.stage = stage;
    this.world = stage.world();
    this.start = world.now();
    this.previous = start;
    this.interpreter = new Interpreter(text -> exchange.add(clock(world.now()) + " " + text));
  }

  int line() {
    return line;
  }

  long nanos() {
    return world.now() - start;
  }

  List<String> exchange() {
    return exchange;
  }

  void play() {
    for (Event event : script.events()) {
      line = event.line();
      play(event);
    }
    finishCalls();
    refuseExtra();
    if (checks == 0) {
      throw new ScriptFailure(line, "the script verifies nothing");
    }
  }

  private void play(Event event) {
    ScriptTime time = event.time();
    long from = at(time, time.nanos());
    long to = at(time, time.endNanos());
    started |= !(event instanceof CommandEvent);
    if (event instanceof PacketEvent packet && !packet.inbound()) {
      expect(packet, from, to);
    } else {
      runTo(from);
      switch (event) {
        case PacketEvent packet -> inject(packet);
        case CallEvent call -> call(call, from);
        case CommandEvent command -> command(command.command());
        case CodeEvent code -> code(code);
      }
    }
    boolean floating = time.kind() == ScriptTime.Kind.ANY || time.isRange();
    previous = floating ? world.now() : from;
  }

  private long at(ScriptTime time, long nanos) {
    if (time.kind() == ScriptTime.Kind.ANY) {
      return world.now();
    }
    return (time.isRelative() ? previous : start) + nanos;
  }

  private String clock(long nanos) {
    return String.format("%.6f", (nanos - start) / 1e9);
  }

  // ---- time ----

  /** Lets everything happen until {@code nanos}; calls that wait go on meanwhile. */
  private void runTo(long nanos) {
    if (nanos > world.now()) {
      world.reaches(
          () -> {
            advanceCalls();
            return false;
          },
          Duration.ofNanos(nanos - world.now()));
    } else {
      world.settle();
    }
    advanceCalls();
  }

  private boolean waitForPacket(long limit) {
    world.settle();
    advanceCalls();
    if (stage.captured().isEmpty() && limit > world.now()) {
      world.reaches(
          () -> {
            advanceCalls();
            return !stage.captured().isEmpty();
          },
          Duration.ofNanos(limit - world.now()));
    }
    return !stage.captured().isEmpty();
  }

  // ---- commands and code ----

  private void command(String command) {
    long sleep = ShellCommands.sleepNanos(command);
    if (sleep >= 0) {
      runTo(world.now() + sleep);
    } else if (started && !ShellCommands.isHarmless(command)) {
      throw new UnsupportedOperationException(
          "a running stack cannot be changed by '" + command + "'");
    }
  }

  private void code(CodeEvent event) {
    ConnectionSnapshot snapshot = new ConnectionSnapshot(stage.calls().info());
    try {
      checks += interpreter.run(event.code(), snapshot::get);
    } catch (AssertionFailure e) {
      throw new ScriptFailure(event.line() + e.line(), e.getMessage());
    }
  }

  // ---- calls ----

  private void call(CallEvent event, long from) {
    SystemCalls.Running call = stage.calls().start(event, from);
    exchange.add(clock(world.now()) + " " + event.text());
    if (call.advance()) {
      ended(call);
    } else if (event.end() == null) {
      throw new ScriptFailure(event.line(), event.name() + "() blocks");
    } else {
      running.add(call);
    }
    world.settle();
    advanceCalls();
  }

  private void advanceCalls() {
    for (int i = 0; i < running.size(); i++) {
      SystemCalls.Running call = running.get(i);
      if (call.advance()) {
        running.remove(i--);
        exchange.add(clock(world.now()) + " returned: " + call.event().text());
        ended(call);
        world.settle();
      }
    }
  }

  private void ended(SystemCalls.Running call) {
    CallEvent event = call.event();
    try {
      if (call.verify()) {
        checks++;
      }
    } catch (ScriptFailure e) {
      if (!options.nonFatal().contains("syscall")) {
        throw e;
      }
      exchange.add("not fatal: line " + e.line() + ": " + e.getMessage());
    }
    if (event.end() == null) {
      return;
    }
    boolean late = world.now() > endOf(call) + tolerance(call);
    if (late || world.now() < endOf(call) - tolerance(call)) {
      throw new ScriptFailure(
          event.line(),
          event.name()
              + "() returned at "
              + clock(world.now())
              + ", expected "
              + (late ? "by " : "not before ")
              + clock(endOf(call)));
    }
  }

  private long endOf(SystemCalls.Running call) {
    ScriptTime end = call.event().end();
    return (end.isRelative() ? call.start() : start) + end.nanos();
  }

  private long tolerance(SystemCalls.Running call) {
    return options.tolerance(endOf(call) - call.start());
  }

  private void finishCalls() {
    while (!running.isEmpty()) {
      SystemCalls.Running call = running.getFirst();
      line = call.event().line();
      runTo(endOf(call) + tolerance(call));
      if (running.contains(call)) {
        throw new ScriptFailure(line, call.event().name() + "() has not returned");
      }
    }
  }

  // ---- packets ----

  private void inject(PacketEvent event) {
    byte[] frame = stage.peer().build(event.packet());
    exchange.add(clock(world.now()) + " " + event.text().replaceFirst("^[^<]*", ""));
    stage.inject(frame);
    advanceCalls();
  }

  private void expect(PacketEvent event, long from, long to) {
    boolean any = event.time().kind() == ScriptTime.Kind.ANY;
    long tolerance = any ? 0 : options.tolerance(from - previous);
    long earliest = any ? start : from - tolerance;
    long latest = any ? world.now() + ANY_TIME_LIMIT : to + tolerance;
    if (!waitForPacket(latest)) {
      throw new ScriptFailure(
          event.line(), "no packet was sent by " + clock(latest) + "\n  script:   " + event.text());
    }
    Sent sent = take(event, latest);
    List<String> differences = stage.peer().compare(event.packet(), sent);
    if (sent.firstNanos() < earliest) {
      differences.add("it was sent early, at " + clock(sent.firstNanos()));
    } else if (sent.lastNanos() > latest) {
      differences.add("it was sent late, at " + clock(sent.lastNanos()));
    }
    exchange.add(clock(sent.lastNanos()) + " > " + stage.peer().describe(sent));
    if (!differences.isEmpty()) {
      differ(event, from, sent, String.join("; ", differences));
    }
    checks++;
  }

  private void differ(PacketEvent event, long from, Sent sent, String differences) {
    String text =
        differences
            + "\n  script:   "
            + event.text()
            + "\n  expected: "
            + clock(from)
            + " > "
            + event.text().replaceFirst("^[^>]*>\\s*", "")
            + "\n  actual:   "
            + clock(sent.firstNanos())
            + " > "
            + stage.peer().describe(sent);
    if (!options.nonFatal().contains("packet")) {
      throw new ScriptFailure(event.line(), text);
    }
    exchange.add("not fatal: line " + event.line() + ": " + text);
  }

  /** The next packet, and those that go on where it ends if the script writes them as one. */
  private Sent take(PacketEvent event, long latest) {
    Captured first = stage.captured().remove();
    List<SeenPacket> packets = new ArrayList<>(List.of(first.packet()));
    long last = first.nanos();
    if (event.packet().body() instanceof TcpSpec tcp && !options.strictSegments()) {
      int length = first.packet().length();
      while (length > 0 && length < tcp.length() && waitForPacket(latest)) {
        SeenPacket next = stage.captured().element().packet();
        if (!next.continues(packets.getLast())) {
          break;
        }
        packets.add(next);
        length += next.length();
        last = stage.captured().remove().nanos();
      }
    }
    return new Sent(packets, first.nanos(), last);
  }

  private void refuseExtra() {
    while (!stage.captured().isEmpty()) {
      Captured extra = stage.captured().remove();
      if (extra.nanos() < previous) {
        Sent sent = new Sent(List.of(extra.packet()), extra.nanos(), extra.nanos());
        throw new ScriptFailure(
            line,
            "the stack also sent, at " + clock(extra.nanos()) + ": " + stage.peer().describe(sent));
      }
    }
  }
}
