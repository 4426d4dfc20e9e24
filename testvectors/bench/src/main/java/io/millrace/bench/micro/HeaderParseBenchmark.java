package io.millrace.bench.micro;

import io.millrace.buf.Bytes;
import io.millrace.buf.Region;
import io.millrace.link.Ethernet;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Reading every field of the headers of a TCP segment over IPv4. */
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
public class HeaderParseBenchmark {
  private static final int PACKETS = 64;
  private static final int STRIDE = 2048;

  private Region region;
  private int at;

  /** Writes headers. */
  @Setup
  public void setUp() {
    region = Region.allocate((long) PACKETS * STRIDE, false);
    for (int i = 0; i < PACKETS; i++) {
      long packet = region.address() + (long) i * STRIDE;
      Ethernet.write(packet, 0x0200_0000_0001L, 0x0200_0000_0002L, Ethernet.TYPE_IPV4, 0);
      Bytes.put32(packet + 14, 0x4500_05dc);
      Bytes.put32(packet + 14 + 8, 0x4006_0000);
      Bytes.put32(packet + 34 + 12, 0x5010_ffff);
    }
  }

  /** Unmaps them. */
  @TearDown
  public void tearDown() {
    region.close();
  }

  /** All fields of Ethernet, IPv4 and TCP, added up. */
  @Benchmark
  public long parse() {
    at = (at + 1) & (PACKETS - 1);
    long link = region.address() + (long) at * STRIDE;
    if (Ethernet.type(link) != Ethernet.TYPE_IPV4) {
      return 0;
    }
    long ip = link + Ethernet.HEADER_SIZE;
    int version = Bytes.u8(ip);
    long sum = Ethernet.destination(link) + Ethernet.source(link) + Bytes.u8(ip + 1);
    sum += Bytes.u16(ip + 2) + Bytes.u16(ip + 4) + Bytes.u16(ip + 6) + Bytes.u8(ip + 8);
    if (Bytes.u8(ip + 9) != 6) {
      return 0;
    }
    sum += Bytes.u16(ip + 10) + Bytes.u32(ip + 12) + Bytes.u32(ip + 16);
    long tcp = ip + ((version & 15) << 2);
    sum += Bytes.u16(tcp) + Bytes.u16(tcp + 2) + Bytes.i32(tcp + 4) + Bytes.i32(tcp + 8);
    int offsetAndFlags = Bytes.u16(tcp + 12);
    sum += (offsetAndFlags >>> 12) * 4 + (offsetAndFlags & 0x1ff);
    return sum + Bytes.u16(tcp + 14) + Bytes.u16(tcp + 16) + Bytes.u16(tcp + 18);
  }
}
