package io.millrace.transport;

/**
 * Packetization-layer path MTU discovery (RFC 4821, RFC 8899): finds the size of packets that a
 * path takes by sending larger ones and seeing whether they arrive, so that routers that drop
 * without a word, or whose words are filtered out, do no harm.
 *
 * <pre>
 *              confirmed               found, or nothing left to try
 *   BASE ------------------ SEARCHING -------------------------------- COMPLETE
 *    |  ^                       |                                         |  |
 *    |  |       black hole      |            black hole                   |  | ten minutes
 *    |  +-----------------------+-----------------------------------------+  +--- SEARCHING
 *    | black hole
 *    v             confirmed
 *   ERROR ------------------ SEARCHING
 * </pre>
 *
 * <p>Pure: the transport says what happened, and sends what {@link #probeSize} asks for as soon as
 * it has a packet of that size (padding or data). At most one probe is on its way. All sizes are
 * bytes of IP packets. <b>Thread:</b> the shard's.
 */
public final class PathMtuSearch {
  /** What a search is doing (RFC 8899 §5.2). */
  public enum State {
    /** Nothing but the base size is trusted, and that has not been seen to arrive yet. */
    BASE,
    /** Larger sizes are tried. */
    SEARCHING,
    /** The size is the largest that is known to arrive. */
    COMPLETE,
    /** Not even the base size arrives: the least is used. */
    ERROR
  }

  /** The search ends when what is left to win is less than this, and no usual size. */
  private static final int WORTHWHILE = 16;

  /**
   * The MTUs that there are: Ethernet, less the headers of the usual tunnels and PPPoE; FDDI, jumbo
   * frames, the least of IPv6.
   */
  private static final int[] COMMON = {
    576, 1_280, 1_360, 1_400, 1_420, 1_440, 1_452, 1_460, 1_472, 1_476, 1_480, 1_492, 1_500, 4_352,
    8_166, 8_950, 9_000, 9_216
  };

  private final PathMtuConfig config;
  private State state = State.BASE;

  /** PLPMTU: what may be sent now. */
  private int size;

  /** What the interface or the network's word allows. */
  private int most;

  /** The largest size that has not been seen to fail. */
  private int ceiling;

  /** The size that is being tried, 0 if none is. */
  private int probed;

  private boolean onItsWay;
  private int lost;
  private long deadline = Long.MAX_VALUE;

  /**
   * Starts at the base size, or at {@code mtu} if that is smaller.
   *
   * @param mtu the largest size that is worth a try: the interface's MTU, or the path's as the
   *     network says it
   */
  public PathMtuSearch(PathMtuConfig config, int mtu) {
    this.config = config;
    this.most = mtu;
    this.ceiling = mtu;
    this.size = Math.min(config.base(), mtu);
  }

  /** What it is doing. */
  public State state() {
    return state;
  }

  /** The largest packet that may be sent as a matter of course. */
  public int size() {
    return size;
  }

  /** When {@link #onTimeout} is to be called; {@code Long.MAX_VALUE} if never. */
  public long nextDeadline() {
    return deadline;
  }

  /** The size of the probe that is due, or 0: none is, or one is on its way. */
  public int probeSize() {
    return onItsWay ? 0 : probed;
  }

  // ---- what the transport says ----

  /** A packet as large as {@link #size()} has arrived: the size holds, and more may be tried. */
  public void confirmed(long now) {
    if (state == State.BASE || state == State.ERROR) {
      search(now);
    }
  }

  /** A probe has been sent. */
  public void probeSent(long now) {
    onItsWay = true;
    deadline = now + config.probeTimeout();
  }

  /** The probe has arrived (RFC 8899 §5.3.1). */
  public void probeAcked(long now) {
    if (!onItsWay) {
      return;
    }
    size = probed;
    next(now);
  }

  /** The probe has been lost, and what was sent around it has not. */
  public void probeLost(long now) {
    if (!onItsWay) {
      return;
    }
    onItsWay = false;
    deadline = Long.MAX_VALUE;
    lost++;
    if (lost >= config.probes()) {
      ceiling = probed - 1;
      next(now);
    }
  }

  /** Nobody can tell what became of the probe: others were lost with it. It is tried again. */
  public void probeUnclear() {
    onItsWay = false;
    if (state != State.COMPLETE) {
      deadline = Long.MAX_VALUE;
    }
  }

  /**
   * Packets as large as {@link #size()} are lost again and again: the path has become narrower (RFC
   * 8899 §4.3). Goes back to the base, and from there to the least.
   *
   * @return whether the size is smaller now
   */
  public boolean blackHole() {
    int before = size;
    if (before <= config.least()) {
      return false;
    }
    size = before > config.base() ? config.base() : config.least();
    state = size < config.base() ? State.ERROR : State.BASE;
    ceiling = Math.min(most, Math.max(before - 1, size));
    stopProbing();
    return true;
  }

  /**
   * The network says that it takes no more than {@code mtu}; the transport has checked that it
   * means a packet of this flow (RFC 8899 §4.6.2).
   */
  public void tooBig(int mtu, long now) {
    if (mtu < config.least() || mtu >= Math.max(size, onItsWay ? probed : 0)) {
      return; // of nothing that was sent
    }
    most = mtu;
    ceiling = mtu;
    if (mtu < size) {
      size = mtu;
      complete(now);
    } else {
      onItsWay = false;
      next(now); // the probe was too big: the answer says what to try instead
    }
  }

  /** The interface's or the route's MTU has changed: the search begins anew. */
  public void restart(int mtu) {
    most = mtu;
    ceiling = mtu;
    size = Math.min(config.base(), mtu);
    state = State.BASE;
    stopProbing();
  }

  /**
   * A deadline has come: a probe got no answer, or it is time to look whether the path is wider.
   */
  public void onTimeout(long now) {
    if (now < deadline) {
      return;
    }
    deadline = Long.MAX_VALUE;
    if (onItsWay) {
      probeLost(now);
    } else if (state == State.COMPLETE) {
      ceiling = most;
      search(now);
    }
  }

  // ---- the search ----

  private void search(long now) {
    state = State.SEARCHING;
    next(now);
  }

  private void next(long now) {
    stopProbing();
    if (ceiling <= size) {
      complete(now);
      return;
    }
    int candidate = candidate();
    if (candidate == 0) {
      complete(now);
    } else {
      probed = candidate;
    }
  }

  private void stopProbing() {
    probed = 0;
    onItsWay = false;
    lost = 0;
    deadline = Long.MAX_VALUE;
  }

  private void complete(long now) {
    stopProbing();
    state = State.COMPLETE;
    deadline = now + config.raise();
  }

  /**
   * First all that there is, as most paths take it; then, between what arrives and what does not, a
   * size that real networks have, the nearest to the middle; then the middle, while that is worth
   * it.
   *
   * @return 0 if nothing is
   */
  private int candidate() {
    if (ceiling == most) {
      return most;
    }
    int middle = size + (ceiling - size + 1) / 2;
    int best = 0;
    for (int each : COMMON) {
      if (each > size
          && each <= ceiling
          && (best == 0 || Math.abs(each - middle) < Math.abs(best - middle))) {
        best = each;
      }
    }
    if (best != 0) {
      return best;
    }
    return ceiling - size < WORTHWHILE ? 0 : middle;
  }
}
