package io.millrace.udp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.udp.UdpFixture.Recorder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;

/** Whatever arrives is counted or delivered, and gives its frame back. */
final class UdpFuzzTest {
  private static final UdpFixture NET = new UdpFixture();
  private static final Recorder RECORDER = new Recorder();

  static {
    NET.udp.bind(7, RECORDER);
  }

  @AfterProperty
  void forget() {
    RECORDER.received.clear();
  }

  @Property(tries = 100_000)
  boolean anyBytesAtAll(
      @ForAll @Size(max = 24) byte[] bytes,
      @ForAll @IntRange(max = 63) int flags,
      @ForAll boolean toUs,
      @ForAll boolean lengthFits) {
    final long before = NET.counters().totalDrops() + RECORDER.received.size();
    Frame frame = NET.shard.pool().allocate();
    frame.markL3();
    Bytes.put8(frame.append(20), 0x45);
    frame.pull(20);
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    if (toUs && bytes.length >= 4) {
      Bytes.put16(frame.address() + 2, 7);
    }
    if (lengthFits && bytes.length >= 8) {
      Bytes.put16(frame.address() + 4, bytes.length);
    }
    frame.set(flags);
    frame.addresses(0, IpAddress.parse("10.0.0.2").lo(), 0, IpAddress.parse("10.0.0.1").lo());
    NET.udp.input(frame, 0);
    return NET.framesOut() == 0
        && NET.counters().totalDrops() + RECORDER.received.size() == before + 1
        && NET.counters().get(Counter.EXCEPTIONS) == 0;
  }
}
