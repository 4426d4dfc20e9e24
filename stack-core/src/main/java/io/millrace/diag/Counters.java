package io.millrace.diag;

import java.util.Arrays;
import java.util.StringJoiner;

/**
 * One shard's counters. The shard alone writes, with plain stores; anybody may read, and sees
 * values that are at most a moment old.
 */
public final class Counters {
  private static final int DROPS = DropReason.values().length;
  private final long[] drops = new long[DROPS];
  private final long[] values = new long[Counter.values().length];

  /** Creates counters at zero. */
  public Counters() {}

  /** Counts one dropped packet. */
  public void drop(DropReason reason) {
    drops[reason.ordinal()]++;
  }

  /** Counts {@code n} dropped packets. */
  public void drop(DropReason reason, long n) {
    drops[reason.ordinal()] += n;
  }

  /** Counts one. */
  public void increment(Counter counter) {
    values[counter.ordinal()]++;
  }

  /** Counts {@code n}. */
  public void add(Counter counter, long n) {
    values[counter.ordinal()] += n;
  }

  /** Packets dropped for {@code reason}. */
  public long get(DropReason reason) {
    return drops[reason.ordinal()];
  }

  /** The value of {@code counter}. */
  public long get(Counter counter) {
    return values[counter.ordinal()];
  }

  /** All packets dropped, for whatever reason. */
  public long totalDrops() {
    return Arrays.stream(drops).sum();
  }

  /** What is not zero, for people. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ");
    for (Counter each : Counter.values()) {
      if (get(each) != 0) {
        text.add(each + "=" + get(each));
      }
    }
    for (DropReason each : DropReason.values()) {
      if (get(each) != 0) {
        text.add("dropped " + each + "=" + get(each));
      }
    }
    return text.toString();
  }
}
