package io.millrace.apps.iperf;

import java.util.List;

/**
 * What came out of a test.
 *
 * @param streams in the order of their numbers
 * @param ours the CPU time of this process, in percent of the test's time
 * @param theirs that of the other end, as it says
 */
public record TestResult(List<OfStream> streams, CpuShare ours, CpuShare theirs) {
  /**
   * What came out of a stream, at its two ends.
   *
   * @param id the stream's number
   * @param weSend which end we are
   * @param sent counted by the sender
   * @param received counted by the receiver
   * @param outOfOrder datagrams that came after later ones, if we are the receiver
   */
  record OfStream(int id, boolean weSend, Totals sent, Totals received, long outOfOrder) {}

  /**
   * What one end of a stream has counted.
   *
   * @param packets datagrams; of a receiver, those that it expected
   * @param lost datagrams that did not come
   * @param jitter in seconds (RFC 1889 §6.3.1)
   * @param seconds for how long it counted
   */
  record Totals(long bytes, long packets, long lost, double jitter, double seconds) {
    static final Totals NONE = new Totals(0, 0, 0, 0, 0);
  }

  Totals sent(boolean weSend) {
    return sum(weSend, true);
  }

  Totals received(boolean weSend) {
    return sum(weSend, false);
  }

  boolean any(boolean weSend) {
    return streams.stream().anyMatch(each -> each.weSend() == weSend);
  }

  /** Counters are added, jitter is the mean, and the time is the longest. */
  private Totals sum(boolean weSend, boolean atSender) {
    Totals all = Totals.NONE;
    int count = 0;
    for (OfStream stream : streams) {
      if (stream.weSend() == weSend) {
        Totals one = atSender ? stream.sent() : stream.received();
        count++;
        all =
            new Totals(
                all.bytes + one.bytes,
                all.packets + one.packets,
                all.lost + one.lost,
                all.jitter + one.jitter,
                Math.max(all.seconds, one.seconds));
      }
    }
    double jitter = count == 0 ? 0 : all.jitter / count;
    return new Totals(all.bytes, all.packets, all.lost, jitter, all.seconds);
  }
}
