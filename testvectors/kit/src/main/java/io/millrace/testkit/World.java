package io.millrace.testkit;

import io.millrace.diag.Counter;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.spi.Port;
import io.millrace.testkit.packet.Decoded;
import io.millrace.time.ShardClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * A clock, some links and the stacks on them: everything that happens, happens in {@link #run}, on
 * the calling thread, in virtual time, and is the same for the same seed.
 *
 * <pre>{@code
 * try (World world = new World(42)) {
 *   SimulatedLink link = world.link(LinkConfig.perfect().withLoss(0.02));
 *   NetStack client = world.stack(link, "10.0.0.1/24");
 *   NetStack server = world.stack(link, "10.0.0.2/24");
 *   ...
 *   world.runUntil(() -> done, Duration.ofSeconds(60));
 * }
 * }</pre>
 *
 * <p>Unless it is {@link #unchecked()}, the world fails with a hexdump as soon as a stack sends a
 * frame that is not well-formed, and when a stack reports an exception.
 */
public final class World implements AutoCloseable {
  /** Duty cycles without the clock moving that are taken for an endless loop. */
  private static final int MOST_STEPS = 1_000_000;

  private final VirtualClock clock = new VirtualClock();
  private final SplittableRandom seeds;
  private final List<SimulatedLink> links = new ArrayList<>();
  private final List<NetStack> stacks = new ArrayList<>();
  private final List<Shard> shards = new ArrayList<>();
  private boolean checked = true;
  private boolean exceptionsExpected;
  private AssertionError malformed;

  /** Creates an empty world; everything by chance in it follows from {@code seed}. */
  public World(long seed) {
    seeds = new SplittableRandom(seed);
  }

  /** Does not decode frames: for measurements. Call before links are made. */
  public World unchecked() {
    checked = false;
    return this;
  }

  /** Does not fail when a stack reports exceptions: for tests whose handlers throw on purpose. */
  public World exceptionsExpected() {
    exceptionsExpected = true;
    return this;
  }

  /** The clock. */
  public VirtualClock clock() {
    return clock;
  }

  /** The time in nanoseconds since the world was made. */
  public long now() {
    return clock.getAsLong();
  }

  /** A new link. */
  public SimulatedLink link(LinkConfig config) {
    SimulatedLink link = new SimulatedLink(clock, config, seeds.nextLong());
    if (checked) {
      link.tap(
          (sender, frame, nanos) -> {
            if (!link.isStation(sender)) {
              check(sender, frame, nanos);
            }
          });
    }
    links.add(link);
    return link;
  }

  /** A new perfect link. */
  public SimulatedLink link() {
    return link(LinkConfig.perfect());
  }

  private void check(int sender, byte[] frame, long nanos) {
    List<String> problems = Decoded.problems(frame);
    if (!problems.isEmpty() && malformed == null) {
      malformed =
          new AssertionError(
              "at "
                  + nanos
                  + " ns end "
                  + sender
                  + " sent a malformed frame: "
                  + String.join("; ", problems)
                  + "\n"
                  + Decoded.hexdump(frame));
    }
  }

  /** A new driven stack with one address on a link. */
  public NetStack stack(SimulatedLink link, String address) {
    return stack(builder(link.port(), address));
  }

  /**
   * A description of a stack to which settings may be added before {@link
   * #stack(NetStack.Builder)}.
   */
  public NetStack.Builder builder(Port port, String... addresses) {
    return NetStack.builder()
        .driven(ShardClock.of(clock))
        .random(new SeededRandom(seeds.nextLong()))
        .port(port, addresses);
  }

  /** Starts a described stack; it is closed with the world. */
  public NetStack stack(NetStack.Builder builder) {
    NetStack stack = builder.start();
    stacks.add(stack);
    for (int i = 0; i < stack.shardCount(); i++) {
      shards.add(stack.shard(i));
    }
    return stack;
  }

  /** Lets everything that is due now happen, without moving the clock. */
  public void settle() {
    int steps = 0;
    while (turn() != 0) {
      if (++steps == MOST_STEPS) {
        throw new AssertionError("no end after " + steps + " duty cycles at " + now() + " ns");
      }
    }
    if (malformed != null) {
      AssertionError error = malformed;
      malformed = null;
      throw error;
    }
    if (!exceptionsExpected) {
      checkExceptions();
    }
  }

  private int turn() {
    int work = 0;
    for (int i = 0; i < shards.size(); i++) {
      work += shards.get(i).step();
    }
    for (int i = 0; i < links.size(); i++) {
      work += links.get(i).pollStations(now());
    }
    return work;
  }

  private void checkExceptions() {
    for (Shard shard : shards) {
      long n = shard.counters().get(Counter.EXCEPTIONS);
      if (n != 0) {
        throw new AssertionError("a stack reported " + n + " exceptions; see the log");
      }
    }
  }

  /** Runs for a virtual duration. */
  public void run(Duration duration) {
    long end = now() + duration.toNanos();
    settle();
    while (jump(end)) {
      settle();
    }
  }

  /**
   * Runs until {@code condition} holds, looked at whenever everything due has happened.
   *
   * @throws AssertionError if it does not hold after {@code limit} of virtual time
   */
  public void runUntil(BooleanSupplier condition, Duration limit) {
    if (!reaches(condition, limit)) {
      throw new AssertionError(
          "the condition does not hold after " + limit.toMillis() + " ms of virtual time");
    }
  }

  /** Runs until {@code condition} holds, or for {@code limit}; says whether it held in time. */
  public boolean reaches(BooleanSupplier condition, Duration limit) {
    long end = now() + limit.toNanos();
    settle();
    while (!condition.getAsBoolean()) {
      if (!jump(end)) {
        return condition.getAsBoolean();
      }
      settle();
    }
    return true;
  }

  /** Moves the clock to the next thing to happen; false if there is none before {@code end}. */
  private boolean jump(long end) {
    long next = nextDeadline();
    if (next > end || now() >= end) {
      clock.set(Math.max(end, now()));
      settle();
      return false;
    }
    if (next <= now()) {
      throw new AssertionError(
          "something is due at " + next + " ns, it is " + now() + ", and nothing happens");
    }
    clock.set(next);
    return true;
  }

  /** When the next thing happens of its own accord; {@code Long.MAX_VALUE} if nothing does. */
  public long nextDeadline() {
    long earliest = Long.MAX_VALUE;
    for (Shard shard : shards) {
      earliest = Math.min(earliest, shard.nextDeadline());
    }
    for (SimulatedLink link : links) {
      earliest = Math.min(earliest, link.nextDeadline());
    }
    return earliest;
  }

  /** Closes the stacks. */
  @Override
  public void close() {
    stacks.forEach(NetStack::close);
  }
}
