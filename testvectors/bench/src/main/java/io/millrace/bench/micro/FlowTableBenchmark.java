package io.millrace.bench.micro;

import io.millrace.flow.Flow;
import io.millrace.flow.FlowTable;
import io.millrace.flow.Toeplitz;
import java.security.SecureRandom;
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

/** Finding a packet's flow among others, in an order that no cache foresees. */
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
public class FlowTableBenchmark {
  private static final long LOCAL = 0xffff_0a00_0001L;

  /** Flows in the table. */
  @Param({"1", "1000", "100000", "1000000"})
  public int flows;

  private FlowTable<TestFlow> table;
  private Toeplitz toeplitz;
  private int at;

  private static final class TestFlow extends Flow {
    TestFlow(int i) {
      super(0, LOCAL, 0, remote(i), portPair(i));
    }
  }

  private static long remote(int i) {
    return 0xffff_0b00_0000L | (i >>> 12);
  }

  private static int portPair(int i) {
    return Flow.ports(80, 10_000 + (i & 0xfff));
  }

  /** Fills the table. */
  @Setup
  public void setUp() {
    table = new FlowTable<>(16, new SecureRandom());
    toeplitz = Toeplitz.symmetric(8);
    for (int i = 0; i < flows; i++) {
      table.add(new TestFlow(i));
    }
  }

  private int next() {
    at = at * 1_664_525 + 1_013_904_223;
    return (int) ((Integer.toUnsignedLong(at) * flows) >>> 32);
  }

  /** A flow that is there. */
  @Benchmark
  public Object hit() {
    int i = next();
    return table.find(0, LOCAL, 0, remote(i), portPair(i));
  }

  /** A flow that is not. */
  @Benchmark
  public Object miss() {
    int i = next();
    return table.find(0, LOCAL, 0, remote(i), portPair(i) ^ 0x8000_0000);
  }

  /** The hardware's hash of the same, in software. */
  @Benchmark
  public int toeplitz() {
    int i = next();
    return toeplitz.hash(0, remote(i), 0, LOCAL, portPair(i));
  }
}
