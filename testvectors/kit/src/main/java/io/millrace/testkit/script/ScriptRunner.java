package io.millrace.testkit.script;

import io.millrace.spi.Port;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.script.Event.CallEvent;
import io.millrace.testkit.script.Event.CodeEvent;
import io.millrace.testkit.script.Event.CommandEvent;
import io.millrace.testkit.script.Event.PacketEvent;
import io.millrace.testkit.script.PacketSpec.TcpSpec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Runs one script against one stack on a virtual clock: injects its packets, makes its calls, and
 * compares what the stack sends with what the script expects, packet for packet and in time.
 *
 * <p>A script passes only if everything that it expects happened, and it expected something. A
 * packet that the stack sent and the script did not ask for before its last event fails it.
 */
public final class ScriptRunner {
  private static final long ANY_TIME_LIMIT = Duration.ofHours(1).toNanos();

  private final Script script;
  private final ScriptOptions options;
  private final World world;
  private final Peer peer;
  private final Station station;
  private final SystemCalls calls;
  private final Deque<Captured> captured = new ArrayDeque<>();
  private final List<SystemCalls.Running> running = new ArrayList<>();
  private final List<String> exchange = new ArrayList<>();
  private long start;
  private long previous;
  private int line;
  private int checks;

  /** A frame of the stack's that no event has claimed yet. */
  private static final class Captured {
    private final byte[] frame;
    private final long nanos;

    Captured(byte[] frame, long nanos) {
      this.frame = frame;
      this.nanos = nanos;
    }

    byte[] frame() {
      return frame;
    }

    long nanos() {
      return nanos;
    }
  }

  private ScriptRunner(
      Script script, ScriptOptions options, ScriptHost.Factory factory, World world) {
    this.script = script;
    this.options = options;
    this.world = world;
    ScriptSetup setup = options.setup();
    SimulatedLink link = world.link(LinkConfig.perfect().withMtu(setup.mtu()));
    Port port = link.port();
    station = link.station().answersArpFor(setup.gateway()).answersArpFor(setup.remote());
    station.onFrame(frame -> {});
    peer = new Peer(setup, port.info().mac(), station.mac(), options.remotePort());
    peer.localPort(options.bindPort());
    ScriptHost host = factory.start(world, port, setup);
    calls = new SystemCalls(host, setup, peer, options.bindPort(), options.connectPort());
    // Whatever the stack does before it is ready (probing its address, say) is not the script's.
    world.run(Duration.ofSeconds(30));
    link.tap(
        (sender, frame, nanos) -> {
          if (!link.isStation(sender) && frame[12] == 8 && frame[13] == 0) {
            captured.add(new Captured(frame, nanos));
          }
        });
  }

  /**
   * Runs the script in {@code text}.
   *
   * @param factory starts the stack
   * @param profile whose choices are expected
   */
  public static ScriptResult run(String text, ScriptHost.Factory factory, Profile profile) {
    try {
      Script script = ScriptParser.parse(text);
      ScriptOptions options = ScriptOptions.of(script, profile, factory);
      try (World world = new World(1)) {
        return run(script, options, factory, world);
      }
    } catch (UnsupportedScriptException e) {
      return ended(ScriptResult.Outcome.SKIP, e.line(), e.getMessage());
    } catch (ScriptException e) {
      return ended(ScriptResult.Outcome.FAIL, e.line(), e.getMessage());
    }
  }

  private static ScriptResult ended(ScriptResult.Outcome outcome, int line, String reason) {
    return new ScriptResult(outcome, line, reason, 0, List.of());
  }

  private static ScriptResult run(
      Script script, ScriptOptions options, ScriptHost.Factory factory, World world) {
    ScriptRunner runner;
    try {
      runner = new ScriptRunner(script, options, factory, world);
    } catch (UnsupportedOperationException e) {
      return ended(ScriptResult.Outcome.SKIP, 0, e.getMessage());
    }
    ScriptResult.Outcome outcome = ScriptResult.Outcome.PASS;
    String reason = "";
    int line = 0;
    try {
      runner.play();
    } catch (UnsupportedOperationException e) {
      outcome = ScriptResult.Outcome.SKIP;
      line = runner.line;
      reason = e.getMessage();
    } catch (ScriptFailure e) {
      outcome = ScriptResult.Outcome.FAIL;
      line = e.line();
      reason = e.getMessage();
    } catch (RuntimeException | AssertionError e) {
      outcome = ScriptResult.Outcome.FAIL;
      line = runner.line;
      reason = e.toString();
    }
    return new ScriptResult(outcome, line, reason, world.now() - runner.start, runner.exchange);
  }

  private void play() {
    start = world.now();
    previous = start;
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
    if (event instanceof PacketEvent packet && !packet.inbound()) {
      expect(packet, from, to);
    } else {
      runTo(from);
      switch (event) {
        case PacketEvent packet -> inject(packet);
        case CallEvent call -> call(call, from);
        case CommandEvent command ->
            throw new UnsupportedOperationException(
                "a command between events is not supported yet: " + command.command());
        case CodeEvent code ->
            throw new UnsupportedOperationException("%{ }% is not supported yet");
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
      advanceCalls();
    }
  }

  private boolean waitForFrame(long limit) {
    world.settle();
    advanceCalls();
    if (captured.isEmpty() && limit > world.now()) {
      world.reaches(
          () -> {
            advanceCalls();
            return !captured.isEmpty();
          },
          Duration.ofNanos(limit - world.now()));
    }
    return !captured.isEmpty();
  }

  // ---- calls ----

  private void call(CallEvent event, long from) {
    SystemCalls.Running call = calls.start(event, from);
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
        exchange.add(clock(world.now()) + " returned: " + call.event.text());
        ended(call);
        world.settle();
      }
    }
  }

  private void ended(SystemCalls.Running call) {
    CallEvent event = call.event;
    if (call.verify()) {
      checks++;
    }
    if (event.end() != null && world.now() > latestEnd(call)) {
      throw new ScriptFailure(
          event.line(),
          event.name()
              + "() returned at "
              + clock(world.now())
              + ", expected by "
              + clock(endOf(call)));
    }
  }

  private long endOf(SystemCalls.Running call) {
    ScriptTime end = call.event.end();
    return (end.isRelative() ? call.start : start) + end.nanos();
  }

  private long latestEnd(SystemCalls.Running call) {
    return endOf(call) + options.tolerance(endOf(call) - call.start);
  }

  private void finishCalls() {
    while (!running.isEmpty()) {
      SystemCalls.Running call = running.getFirst();
      line = call.event.line();
      runTo(latestEnd(call));
      if (running.contains(call)) {
        throw new ScriptFailure(line, call.event.name() + "() has not returned");
      }
    }
  }

  // ---- packets ----

  private void inject(PacketEvent event) {
    byte[] frame = peer.build(event.packet());
    exchange.add(clock(world.now()) + " < " + Decoded.lenient(frame));
    station.send(frame);
    world.settle();
    advanceCalls();
  }

  private void expect(PacketEvent event, long from, long to) {
    boolean any = event.time().kind() == ScriptTime.Kind.ANY;
    long tolerance = any ? 0 : options.tolerance(from - previous);
    long earliest = any ? start : from - tolerance;
    long latest = any ? world.now() + ANY_TIME_LIMIT : to + tolerance;
    if (!waitForFrame(latest)) {
      throw new ScriptFailure(
          event.line(), "no packet was sent by " + clock(latest) + "\n  script:   " + event.text());
    }
    Sent sent = take(event, latest);
    List<String> differences = peer.compare(event.packet(), sent);
    if (sent.firstNanos() < earliest) {
      differences.add("it was sent early, at " + clock(sent.firstNanos()));
    } else if (sent.lastNanos() > latest) {
      differences.add("it was sent late, at " + clock(sent.lastNanos()));
    }
    exchange.add(clock(sent.lastNanos()) + " > " + peer.describe(sent));
    if (!differences.isEmpty()) {
      throw new ScriptFailure(
          event.line(),
          String.join("; ", differences)
              + "\n  script:   "
              + event.text()
              + "\n  expected: "
              + clock(from)
              + " > "
              + event.text().replaceFirst("^[^>]*>\\s*", "")
              + "\n  actual:   "
              + clock(sent.firstNanos())
              + " > "
              + peer.describe(sent));
    }
    checks++;
  }

  /** The next frame, and those that go on where it ends if the script writes them as one. */
  private Sent take(PacketEvent event, long latest) {
    Captured first = captured.remove();
    List<Decoded> frames = new ArrayList<>(List.of(Decoded.of(first.frame())));
    long last = first.nanos();
    if (event.packet() instanceof TcpSpec tcp && !options.strictSegments()) {
      int length = frames.getFirst().isTcp() ? frames.getFirst().payload().length : tcp.length();
      while (length > 0 && length < tcp.length() && waitForFrame(latest)) {
        Decoded next = Decoded.of(captured.element().frame());
        Decoded before = frames.getLast();
        if (!next.isTcp()
            || next.payload().length == 0
            || next.seq() != (before.seq() + before.payload().length & 0xffff_ffffL)) {
          break;
        }
        frames.add(next);
        length += next.payload().length;
        last = captured.remove().nanos();
      }
    }
    return new Sent(frames, first.nanos(), last);
  }

  private void refuseExtra() {
    while (!captured.isEmpty()) {
      Captured extra = captured.remove();
      if (extra.nanos() < previous) {
        Decoded frame = Decoded.of(extra.frame());
        throw new ScriptFailure(
            line,
            "the stack also sent, at "
                + clock(extra.nanos())
                + ": "
                + peer.describe(new Sent(List.of(frame), extra.nanos(), extra.nanos())));
      }
    }
  }
}
