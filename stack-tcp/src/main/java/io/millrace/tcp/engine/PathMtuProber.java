package io.millrace.tcp.engine;

import io.millrace.transport.PathMtuConfig;
import io.millrace.transport.PathMtuSearch;
import io.millrace.transport.Serial;

/**
 * Finds the way out of a path MTU black hole: a path that drops full segments and whose routers'
 * complaints do not come through (RFC 4821, RFC 8899 §6.1). After some timeouts of the same full
 * segment, segments become small; once they arrive, single larger ones, made of the data that is
 * due, are tried.
 *
 * <p>A connection has a {@link PathMtuSearch} from the first black hole on, and until the network
 * says the path's MTU after all. <b>Thread:</b> the shard's.
 */
final class PathMtuProber {
  /** RFC 4821 §7.4: segments behind a probe, whose acknowledgments tell that it was lost. */
  private static final int FOLLOWERS = 3;

  private static final int IPV4_HEADERS = 40;

  private final int timeouts;

  PathMtuProber(int timeouts) {
    this.timeouts = timeouts;
  }

  // ---- losses ----

  /**
   * Data has been sent once more because nothing acknowledged it. After the configured number of
   * times, and again two later, segments become smaller, if the one that is missing is not small
   * already.
   */
  void onTimeout(Tcb t, TcpMachine machine) {
    PathMtuSearch search = t.mtuSearch;
    if (search != null && t.is(Tcb.MTU_PROBING)) {
      outcome(t, Serial.le(t.mtuProbeEnd, t.sndUna), t.sndUna == t.mtuProbeSeq, t.lastSent);
    }
    boolean full = t.flight() >= t.sndMss;
    if (timeouts == 0 || !full || (t.retries != timeouts && t.retries != timeouts + 2)) {
      return;
    }
    if (search == null) {
      PathMtuConfig config =
          t.networkHeaders == IPV4_HEADERS ? PathMtuConfig.ipv4() : PathMtuConfig.ipv6();
      if (t.sndMss + t.optionSize() + t.networkHeaders <= config.base()) {
        return; // small already: it is something else
      }
      t.mtuSearch = new PathMtuSearch(config, machine.largestSegment(t) + t.networkHeaders);
    } else if (!search.blackHole()) {
      return;
    }
    machine.resize(t);
  }

  /**
   * A loss has been found by later acknowledgments, and recovery is about to begin.
   *
   * @param alone whether nothing but the probe is missing
   * @return whether that is so, and a probe was out: that is no sign of congestion (RFC 4821 §7.5)
   */
  boolean isProbeAlone(Tcb t, boolean alone, long now) {
    if (!t.is(Tcb.MTU_PROBING)) {
      return false;
    }
    boolean first = t.sndUna == t.mtuProbeSeq;
    outcome(t, false, first, now);
    return alone;
  }

  private static void outcome(Tcb t, boolean acked, boolean lost, long now) {
    t.clear(Tcb.MTU_PROBING);
    if (acked) {
      t.mtuSearch.probeAcked(now);
    } else if (lost) {
      t.mtuSearch.probeLost(now);
    } else {
      t.mtuSearch.probeUnclear();
    }
  }

  // ---- progress ----

  /** New data has been acknowledged. */
  void onProgress(Tcb t, TcpMachine machine, long now) {
    PathMtuSearch search = t.mtuSearch;
    search.confirmed(now);
    if (t.is(Tcb.MTU_PROBING) && Serial.ge(t.sndUna, t.mtuProbeEnd)) {
      outcome(t, true, false, now);
      machine.resize(t);
    }
  }

  /**
   * The data bytes of the probe that is due, 0 if none is or it cannot be sent now.
   *
   * @param unsent bytes that wait to be sent
   * @param window bytes that the peer takes
   * @param allowed bytes that congestion control allows
   */
  int probe(Tcb t, long unsent, int window, int allowed, long now) {
    PathMtuSearch search = t.mtuSearch;
    if (now >= search.nextDeadline() && !t.is(Tcb.MTU_PROBING)) {
      search.onTimeout(now);
    }
    int size = search.probeSize();
    if (size == 0 || t.recovery != Recovery.NONE || t.duplicateAcks != 0) {
      return 0;
    }
    if (t.outOfOrder != null || t.is(Tcb.DSACK_DUE)) {
      return 0; // its acknowledgment would need room for blocks
    }
    int data = size - t.networkHeaders - t.optionSize();
    int all = data + FOLLOWERS * t.sndMss;
    return unsent >= all && window >= all && allowed >= all ? data : 0;
  }

  /** A probe of {@code data} bytes is the next segment. */
  void sent(Tcb t, int data, long now) {
    t.mtuProbeSeq = t.sndNxt;
    t.mtuProbeEnd = t.sndNxt + data;
    t.set(Tcb.MTU_PROBING);
    t.mtuSearch.probeSent(now);
  }
}
