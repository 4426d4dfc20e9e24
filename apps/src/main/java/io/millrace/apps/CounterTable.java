package io.millrace.apps;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.net.NetStack;
import java.util.function.ToLongFunction;

/** What a stack has counted, as people read it: packets, segments, and drops by reason. */
public final class CounterTable {
  private final NetStack stack;
  private final StringBuilder text = new StringBuilder();

  private CounterTable(NetStack stack) {
    this.stack = stack;
  }

  /** The table of all shards together. May be asked for after the stack was closed. */
  public static String of(NetStack stack) {
    CounterTable table = new CounterTable(stack);
    table.traffic("packets in", Counter.FRAMES_IN, Counter.BYTES_IN);
    table.traffic("packets out", Counter.FRAMES_OUT, Counter.BYTES_OUT);
    table.row("TCP connections accepted", Counter.TCP_PASSIVE_OPENS);
    table.row("TCP connections opened", Counter.TCP_ACTIVE_OPENS);
    table.row("TCP segments in", Counter.TCP_IN_SEGS);
    table.row("TCP segments out", Counter.TCP_OUT_SEGS);
    table.row("TCP segments sent again", Counter.TCP_RETRANS_SEGS);
    table.row("TCP resets sent", Counter.TCP_OUT_RSTS);
    table.row("UDP datagrams in", Counter.UDP_IN_DATAGRAMS);
    table.row("UDP datagrams out", Counter.UDP_OUT_DATAGRAMS);
    table.row("ICMP messages in", Counter.ICMP_IN_MSGS);
    table.row("ICMP messages out", Counter.ICMP_OUT_MSGS);
    table.row("ARP packets in", Counter.ARP_IN);
    table.row("errors in the program", Counter.EXCEPTIONS);
    table.drops();
    return table.text.toString();
  }

  private long sum(ToLongFunction<io.millrace.diag.Counters> value) {
    long sum = 0;
    for (int i = 0; i < stack.shardCount(); i++) {
      sum += value.applyAsLong(stack.shard(i).counters());
    }
    return sum;
  }

  private void traffic(String name, Counter packets, Counter bytes) {
    text.append(
        String.format(
            "  %-26s %,13d   %,d bytes%n",
            name, sum(all -> all.get(packets)), sum(all -> all.get(bytes))));
  }

  private void row(String name, Counter counter) {
    long value = sum(all -> all.get(counter));
    if (value != 0) {
      text.append(String.format("  %-26s %,13d%n", name, value));
    }
  }

  private void drops() {
    long all = 0;
    StringBuilder reasons = new StringBuilder();
    for (DropReason reason : DropReason.values()) {
      long dropped = sum(counters -> counters.get(reason));
      if (dropped != 0) {
        all += dropped;
        reasons.append(String.format("    %-24s %,13d%n", reason.text(), dropped));
      }
    }
    text.append(String.format("  %-26s %,13d%n", "packets dropped", all)).append(reasons);
  }
}
