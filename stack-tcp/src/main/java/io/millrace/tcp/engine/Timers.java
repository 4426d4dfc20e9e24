package io.millrace.tcp.engine;

import java.util.Arrays;

/**
 * The timer table of a connection: one deadline per kind, and their minimum, which alone is in the
 * shard's wheel (rule 10: a deadline comes from a table).
 */
final class Timers {
  /**
   * Retransmission (RFC 6298 §5), or while nothing is in flight the zero window probe (RFC 9293
   * §3.8.6.1) and the override of silly window avoidance (§3.8.6.2.1): one of them runs at a time.
   */
  static final int RETRANSMIT = 0;

  /** Delayed acknowledgment (RFC 9293 §3.8.6.3). */
  static final int DELAYED_ACK = 1;

  /** Keep-alive (RFC 9293 §3.8.4). */
  static final int KEEP_ALIVE = 2;

  /**
   * How long FIN-WAIT-2 lasts once the application is gone; and how long we wait for orderly
   * closing at all.
   */
  static final int FIN_WAIT_2 = 3;

  /** Tail loss probe (RFC 8985 §7.2); never later than {@link #RETRANSMIT}. */
  static final int LOSS_PROBE = 4;

  /** The end of the reordering window (RFC 8985 §6.2, step 5). */
  static final int REORDERING = 5;

  private static final int KINDS = 6;

  private Timers() {}

  static long[] newTable() {
    long[] table = new long[KINDS];
    Arrays.fill(table, Long.MAX_VALUE);
    return table;
  }

  static void set(Tcb t, int kind, long deadline) {
    long old = t.deadlines[kind];
    t.deadlines[kind] = deadline;
    if (deadline <= t.nextDeadline) {
      t.nextDeadline = deadline;
    } else if (old == t.nextDeadline) {
      update(t);
    }
  }

  static void clear(Tcb t, int kind) {
    long old = t.deadlines[kind];
    if (old != Long.MAX_VALUE) {
      t.deadlines[kind] = Long.MAX_VALUE;
      if (old == t.nextDeadline) {
        update(t);
      }
    }
  }

  static void clearAll(Tcb t) {
    Arrays.fill(t.deadlines, Long.MAX_VALUE);
    t.nextDeadline = Long.MAX_VALUE;
  }

  static boolean isSet(Tcb t, int kind) {
    return t.deadlines[kind] != Long.MAX_VALUE;
  }

  /** Whether {@code kind} is due, in which case it is cleared. */
  static boolean expired(Tcb t, int kind, long now) {
    if (t.deadlines[kind] > now) {
      return false;
    }
    clear(t, kind);
    return true;
  }

  private static void update(Tcb t) {
    long least = Long.MAX_VALUE;
    for (long each : t.deadlines) {
      least = Math.min(least, each);
    }
    t.nextDeadline = least;
  }
}
