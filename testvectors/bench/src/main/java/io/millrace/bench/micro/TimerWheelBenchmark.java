package io.millrace.bench.micro;

import io.millrace.time.TimerNode;
import io.millrace.time.TimerWheel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The wheel with few and many timers in it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgs = {
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"
    })
public class TimerWheelBenchmark {
  private static final long SECOND = 1_000_000_000L;

  /** Timers in the wheel, each a second ahead when it is scheduled again. */
  @Param({"0", "100000"})
  public int timers;

  private TimerWheel wheel;
  private TimerNode node;
  private long now;

  /** Schedules again and again, as a connection's timer does. */
  private final class Periodic extends TimerNode {
    @Override
    protected void onTimer(long time) {
      wheel.schedule(this, time + SECOND);
    }
  }

  /** Fills the wheel evenly over a second. */
  @Setup
  public void setUp() {
    wheel = new TimerWheel(0);
    node = new Periodic();
    for (int i = 0; i < timers; i++) {
      wheel.schedule(new Periodic(), 1 + i * (SECOND / timers));
    }
  }

  /** Schedules a timer 200 ms ahead and cancels it. */
  @Benchmark
  public void scheduleAndCancel() {
    wheel.schedule(node, now + 200_000_000);
    wheel.cancel(node);
  }

  /** Ten microseconds pass: with 100,000 timers one of them fires and is scheduled again. */
  @Benchmark
  public int advanceTenMicroseconds() {
    now += 10_000;
    return wheel.advance(now);
  }

  /** When to wake up. */
  @Benchmark
  public long nextDeadline() {
    return wheel.nextDeadline();
  }
}
