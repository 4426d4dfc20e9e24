package io.millrace.tcp.engine;

import io.millrace.transport.Serial;

/**
 * Recent acknowledgment: a segment is lost when one that was sent later has arrived, and a
 * reordering window has passed (RFC 8985 §6). Stateless but for what one acknowledgment tells; the
 * state of a connection is in its {@link Tcb} and {@link TransmitLog}.
 */
final class Rack {
  /** DupThresh of RFC 5681. */
  private static final int DUP_THRESH = 3;

  /** RFC 8985 §6.2, step 4: recoveries for which a window that a DSACK has widened stays so. */
  private static final int PERSIST = 16;

  /** What {@link #detectLoss} has found. */
  static final int LOST = 1;

  static final int LOST_AGAIN = 1 << 1;

  private final TcpMachine machine;

  // ---- of the acknowledgment at hand ----

  private long latestTime;
  private int latestEnd;

  /** Whether a segment has arrived that was sent once, before the recovery that is going on. */
  private boolean original;

  Rack(TcpMachine machine) {
    this.machine = machine;
  }

  /** An acknowledgment is about to be taken in. */
  void begin() {
    latestTime = Long.MIN_VALUE;
    original = false;
  }

  /** Whether the acknowledgment tells of a segment sent only once, before the recovery began. */
  boolean hasOriginal() {
    return original;
  }

  // ---- what has arrived: RFC 8985 §6.2, steps 1 to 3 ----

  /** Segments that SND.UNA, which has moved, is behind of. */
  void acknowledged(Tcb t, SegmentIn s, long now) {
    TransmitLog log = t.transmits;
    int una = t.sndUna;
    if (log.isPlain()) {
      inOrder(t, s, now);
      return;
    }
    while (log.count() != 0 && Serial.le(log.end(log.first()), una)) {
      int i = log.first();
      if (!log.isSacked(i)) {
        delivered(t, log.time(i), log.end(i), log.isRetransmitted(i), s, now);
      }
      log.removeFirst();
    }
    log.advance(una);
  }

  /** Everything was sent once and comes in order: only the last segment counts. */
  private void inOrder(Tcb t, SegmentIn s, long now) {
    TransmitLog log = t.transmits;
    int una = t.sndUna;
    int before = log.first();
    long time = 0;
    int end = 0;
    while (log.count() != 0 && Serial.le(log.end(log.first()), una)) {
      time = log.time(log.first());
      end = log.end(log.first());
      log.removeFirst();
    }
    if (log.first() != before) {
      delivered(t, time, end, false, s, now);
    }
    log.advance(una);
  }

  /**
   * Segments of which [start, end) is newly acknowledged selectively.
   *
   * @param from the range of the scoreboard that this belongs to
   * @param to its end
   */
  void selectivelyAcknowledged(Tcb t, SegmentIn s, int start, int end, int from, int to, long now) {
    TransmitLog log = t.transmits;
    for (int i = log.find(start); i != log.last() && Serial.lt(log.start(i), end); i++) {
      boolean whole = Serial.ge(log.start(i), from) && Serial.le(log.end(i), to);
      if (whole && !log.isSacked(i)) {
        delivered(t, log.time(i), log.end(i), log.isRetransmitted(i), s, now);
        log.markSacked(i);
      }
    }
  }

  private void delivered(Tcb t, long time, int end, boolean again, SegmentIn s, long now) {
    long rtt = now - time;
    if (again) {
      if (isOfEarlierCopy(t, s, time, rtt)) {
        return; // step 2: it tells nothing of the retransmission
      }
    } else {
      if (t.minRtt == 0 || rtt < t.minRtt) {
        t.minRtt = Math.max(rtt, 1); // step 1
      }
      original |= Serial.le(end, t.recoveryPoint);
    }
    if (isAfter(time, end, latestTime, latestEnd)) {
      latestTime = time;
      latestEnd = end;
      t.rackRtt = rtt;
    }
    if (isAfter(time, end, t.rackTime, t.rackEnd)) {
      t.rackTime = time;
      t.rackEnd = end;
    }
    if (Serial.gt(end, t.rackFack)) {
      t.rackFack = end;
    } else if (!again && end != t.rackFack) {
      t.set(Tcb.REORDERING_SEEN); // step 3
    }
  }

  private boolean isOfEarlierCopy(Tcb t, SegmentIn s, long time, long rtt) {
    if (t.is(Tcb.TIMESTAMPS)
        && s.hasTimestamps
        && Serial.lt(s.tsEcho, machine.timestamp(t, time))) {
      return true;
    }
    return rtt < t.minRtt;
  }

  /** RACK_sent_after(). */
  private static boolean isAfter(long time, int end, long otherTime, int otherEnd) {
    return time > otherTime || (time == otherTime && Serial.gt(end, otherEnd));
  }

  // ---- the reordering window: step 4 ----

  /** The peer reports a duplicate: what was sent again had only been late. */
  static void onDsack(Tcb t) {
    if (!t.is(Tcb.DSACK_ROUND) || Serial.ge(t.sndUna, t.dsackRound)) {
      t.set(Tcb.DSACK_ROUND);
      t.dsackRound = t.sndNxt;
      t.reorderingMultiplier = Math.min(t.reorderingMultiplier + 1, 1_000);
      t.reorderingPersist = PERSIST;
    }
  }

  static void onRecoveryExit(Tcb t) {
    t.reorderingPersist--;
    if (t.reorderingPersist <= 0) {
      t.reorderingMultiplier = 1;
    }
  }

  /** RACK.reo_wnd. */
  static long reorderingWindow(Tcb t) {
    if (!t.is(Tcb.REORDERING_SEEN)) {
      boolean enough = t.transmits != null && t.transmits.sackedSegments() >= DUP_THRESH;
      if (t.recovery != Recovery.NONE || enough) {
        return 0;
      }
    }
    return Math.min(t.minRtt / 4 * t.reorderingMultiplier, t.rtt.srtt());
  }

  // ---- what has not: step 5 ----

  /**
   * Marks as lost what should have arrived by now, and sets the timer for what may still come.
   *
   * @return {@link #LOST} if a segment sent once was found, {@link #LOST_AGAIN} if one was that had
   *     been sent again since the congestion window was cut last
   */
  int detectLoss(Tcb t, long now) {
    TransmitLog log = t.transmits;
    long window = reorderingWindow(t);
    long limit = now - t.rackRtt - window;
    int found = 0;
    boolean waits = false;
    int i = log.oldest();
    for (; i != log.last(); i++) {
      if (log.isPending(i)) {
        if (!isAfter(t.rackTime, t.rackEnd, log.time(i), log.end(i))) {
          break;
        }
        if (log.time(i) > limit) {
          waits = true;
          break;
        }
        log.markLost(i);
        found |= LOST;
      }
    }
    log.oldest(i);
    if (log.hasResent()) {
      int again = detectLostAgain(t, log, limit);
      found |= again & (LOST | LOST_AGAIN);
      waits |= again < 0;
    }
    if (waits) {
      // When it fires, the time of all that was sent before RACK.segment is up.
      Timers.set(t, Timers.REORDERING, t.rackTime + t.rackRtt + window);
    } else {
      Timers.clear(t, Timers.REORDERING);
    }
    return found;
  }

  /** The same for what has been sent again; negative if something may still come. */
  private static int detectLostAgain(Tcb t, TransmitLog log, long limit) {
    int found = 0;
    for (int i = log.oldestResent(); i != log.last(); i = log.oldestResent()) {
      long time = log.time(i);
      if (!isAfter(t.rackTime, t.rackEnd, time, log.end(i))) {
        break;
      }
      if (time > limit) {
        return found | Integer.MIN_VALUE;
      }
      log.removeOldestResent();
      log.markLost(i);
      t.lostRetransmissions++;
      found |= time >= t.reducedAt ? LOST_AGAIN : LOST;
    }
    return found;
  }

  /**
   * A retransmission timeout: the first segment is lost, and those whose time is up (RFC 8985
   * §6.3).
   */
  static void onTimeout(Tcb t, long now) {
    TransmitLog log = t.transmits;
    long limit = now - t.rackRtt - reorderingWindow(t);
    int i = log.first();
    if (log.count() != 0 && !log.isSacked(i) && !log.isLost(i)) {
      log.markLost(i);
    }
    for (; i != log.last(); i++) {
      if (!log.isSacked(i) && !log.isLost(i) && log.time(i) <= limit) {
        log.markLost(i);
      }
    }
    Timers.clear(t, Timers.REORDERING);
  }
}
