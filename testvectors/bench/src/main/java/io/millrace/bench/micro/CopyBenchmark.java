package io.millrace.bench.micro;

import io.millrace.buf.Bytes;
import io.millrace.buf.Region;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Copies within memory, by their length in bytes. */
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
public class CopyBenchmark {
  /** Bytes. */
  @Param({"8", "14", "34", "64", "256", "1460", "9000"})
  public int length;

  private Region region;
  private long from;
  private long to;

  /** Takes memory. */
  @Setup
  public void setUp() {
    region = Region.allocate(1 << 20, false);
    from = region.address() + 2;
    to = region.address() + (1 << 19) + 34;
  }

  /** Gives it back. */
  @TearDown
  public void tearDown() {
    region.close();
  }

  /** A copy of a length that the compiler does not know. */
  @Benchmark
  public void copy() {
    Bytes.copy(from, to, length);
  }
}
