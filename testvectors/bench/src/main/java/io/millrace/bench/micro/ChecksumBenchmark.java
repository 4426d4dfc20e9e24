package io.millrace.bench.micro;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Crc32c;
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

/** Sums over a packet, by its length in bytes. */
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
public class ChecksumBenchmark {
  /** Bytes. */
  @Param({"20", "64", "1460", "9000", "65536"})
  public int length;

  private Region region;
  private Crc32c crc;
  private long address;

  /** Fills memory with something. */
  @Setup
  public void setUp() {
    region = Region.allocate(1 << 20, false);
    crc = new Crc32c(region);
    address = region.address() + 34; // where a transport header starts behind Ethernet and IPv4
    for (int i = 0; i < 1 << 17; i++) {
      Bytes.put8(region.address() + i, i * 31);
    }
  }

  /** Unmaps it. */
  @TearDown
  public void tearDown() {
    region.close();
  }

  /** The sum for packets. */
  @Benchmark
  public int checksum() {
    return Checksum.finish(Checksum.add(0, address, length));
  }

  /** CRC32c, as SCTP needs it. */
  @Benchmark
  public int crc32c() {
    return crc.compute(address, length);
  }
}
