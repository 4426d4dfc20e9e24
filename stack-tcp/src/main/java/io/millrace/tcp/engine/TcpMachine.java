package io.millrace.tcp.engine;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.tcp.RecoveryConfig;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpState;
import io.millrace.transport.AckSample;
import io.millrace.transport.RttEstimator;
import io.millrace.transport.SipHash;

/**
 * The TCP machine of a shard: what a {@link Tcb} does when a segment, a timeout or the application
 * comes.
 *
 * <p>Pure: it reads no clock, does no I/O, calls nobody. After any call, {@link #poll} is called
 * until it answers false; {@link Tcb#nextDeadline()} says when {@link #onTimeout} wants to be
 * called; {@link #takeEvents} says what the application is to be told. <b>Thread:</b> the shard's.
 * In steady state it allocates nothing: queues come from pools.
 */
public final class TcpMachine {
  private static final long SECOND = 1_000_000_000L;
  static final long TICK = 1_000_000L;

  /** RFC 7323 §5.5: a timestamp that is 24 days old says nothing any more. */
  private static final long TIMESTAMP_LIFE = 24L * 24 * 3_600 * SECOND;

  private final TcpConfig config;
  private final FramePool pool;
  private final Counters counters;
  private final SipHash secret;
  private final int localMss;
  private final Receiver receiver;
  private final SegmentArrives segmentArrives;
  private final Sender sender;
  private final PathMtuProber prober;
  private final NeedlessResend needless;
  private final Timeouts timeouts;

  @SuppressWarnings("MustBeClosedChecker") // closed with the machine
  private final SmallSends smallSends = new SmallSends();

  private final Pool<SendQueue> sendQueues = new Pool<>(smallSends::newQueue);
  private final Pool<OutOfOrderQueue> outOfOrderQueues = new Pool<>(OutOfOrderQueue::new);
  private final Pool<SackScoreboard> scoreboards = new Pool<>(SackScoreboard::new);
  private final Pool<TransmitLog> transmitLogs = new Pool<>(TransmitLog::new);

  /**
   * Creates the machine of one shard.
   *
   * @param localMss the MSS option that we send: the interface's MTU less 40, or what the
   *     configuration says
   */
  public TcpMachine(
      TcpConfig config, int localMss, FramePool pool, Counters counters, SipHash secret) {
    this.config = config;
    this.localMss = Math.min(localMss, config.maxSegmentSize());
    this.pool = pool;
    this.counters = counters;
    this.secret = secret;
    this.receiver = new Receiver(this, pool);
    this.needless = new NeedlessResend(this);
    this.prober = new PathMtuProber(config.blackHoleTimeouts());
    TailLossProbe probes = new TailLossProbe(config.recovery());
    RackRecovery rack = new RackRecovery(this, probes, needless);
    NewRenoRecovery newReno = new NewRenoRecovery(this, needless);
    AckProcessor acks = new AckProcessor(this, rack, newReno);
    this.timeouts = new Timeouts(this, rack, probes, needless, counters);
    this.segmentArrives = new SegmentArrives(this, acks, receiver);
    this.sender = new Sender(this, receiver, probes, needless);
  }

  /** What the machine was configured with. */
  public TcpConfig config() {
    return config;
  }

  RecoveryConfig recovery() {
    return config.recovery();
  }

  PathMtuProber prober() {
    return prober;
  }

  Timeouts timeouts() {
    return timeouts;
  }

  /** The MSS option that we send. */
  public int localMss() {
    return localMss;
  }

  // ---- opening ----

  /**
   * A block with our side's options, for an active open; the SYN is sent by the next {@link #poll}.
   */
  public Tcb open(int iss, int tsOffset) {
    Tcb t = create(iss, tsOffset);
    t.set(
        (config.windowScaling() ? Tcb.WINDOW_SCALING : 0)
            | (config.timestamps() ? Tcb.TIMESTAMPS : 0)
            | (config.sack() ? Tcb.SACK : 0)
            | Tcb.SYN_NOW);
    t.rcvWndShift = windowShift();
    t.become(TcpState.SYN_SENT);
    return t;
  }

  /** A block for a handshake whose last acknowledgment has come, in state ESTABLISHED. */
  public Tcb accept(Handshake h, SegmentIn s, long now) {
    Tcb t = create(h.iss, h.tsOffset);
    t.flags |= h.options;
    t.sndNxt = h.iss + 1;
    t.sndUna = t.sndNxt;
    t.irs = h.irs;
    t.rcvNxt = h.irs + 1;
    t.lastAckSent = t.rcvNxt;
    t.peerMss = h.peerMss;
    t.sndWndShift = h.peerShift;
    t.rcvWndShift = t.is(Tcb.WINDOW_SCALING) ? windowShift() : 0;
    t.tsRecent = h.tsRecent;
    t.tsRecentTime = now;
    t.rcvEdge = t.rcvNxt + Math.min(t.rcvBuffer, 0xffff);
    t.rttStart = h.sentAt;
    if (h.retries != 0) {
      t.set(Tcb.SYN_RETRANSMITTED);
    }
    t.become(TcpState.SYN_RECEIVED);
    established(t, s, now);
    return t;
  }

  private Tcb create(int iss, int tsOffset) {
    Tcb t = new Tcb(new RttEstimator(config.initialRto()), config.congestion().create());
    t.iss = iss;
    t.sndUna = iss;
    t.sndNxt = iss;
    t.tsOffset = tsOffset;
    t.rcvBuffer = config.receiveBuffer();
    t.peerMss = 536;
    t.sndMss = 536;
    t.sndMaxUnit = 536;
    if (config.noDelay()) {
      t.set(Tcb.NO_DELAY);
    }
    if (config.keepAlive()) {
      t.set(Tcb.KEEP_ALIVE);
    }
    return t;
  }

  /**
   * The smallest shift with which the window field can say the whole receive buffer, 14 at most
   * (RFC 7323 §2.3).
   */
  int windowShift() {
    int shift = 0;
    while (shift < 14 && config.receiveBuffer() >>> shift > 0xffff) {
      shift++;
    }
    return shift;
  }

  /** Takes what the peer's SYN says into an actively opened block. */
  void learnPeer(Tcb t, SegmentIn s, long now) {
    t.irs = s.seq;
    t.rcvNxt = s.seq + 1;
    t.peerMss = s.mss == 0 ? 536 : Math.max(s.mss, 64);
    if (s.windowScale < 0 || !t.is(Tcb.WINDOW_SCALING)) {
      t.clear(Tcb.WINDOW_SCALING);
      t.rcvWndShift = 0;
    } else {
      t.sndWndShift = s.windowScale;
    }
    if (!s.hasTimestamps) {
      t.clear(Tcb.TIMESTAMPS);
    }
    if (!s.sackPermitted) {
      t.clear(Tcb.SACK);
    }
    t.tsRecent = s.tsValue;
    t.tsRecentTime = now;
    t.lastAckSent = t.rcvNxt;
    t.rcvEdge = t.rcvNxt + Math.min(t.rcvBuffer, 0xffff);
    t.sndWnd = s.window; // the window of a SYN is never scaled (RFC 7323 §2.2)
    t.maxSndWnd = s.window;
    t.sndWl1 = s.seq;
    t.sndWl2 = s.ack;
  }

  /** Our SYN is acknowledged: ESTABLISHED. */
  void established(Tcb t, SegmentIn s, long now) {
    boolean scaled = (s.flags & io.millrace.tcp.wire.TcpHeader.SYN) == 0;
    t.become(TcpState.ESTABLISHED);
    t.sndWnd = scaled ? s.window << t.sndWndShift : s.window;
    t.maxSndWnd = Math.max(t.maxSndWnd, t.sndWnd);
    t.sndWl1 = s.seq;
    t.sndWl2 = s.ack;
    t.recoveryPoint = t.sndUna;
    t.highRxt = t.sndUna;
    t.lossEdge = t.sndUna;
    t.rackFack = t.sndUna;
    t.lastReceived = now;
    Timers.clear(t, Timers.RETRANSMIT);
    if (t.is(Tcb.SYN_RETRANSMITTED)) {
      t.rtt.rto(3 * SECOND); // RFC 6298 §5.7
    } else if (t.rttStart != 0) {
      measured(t, now - t.rttStart);
    }
    t.clear(Tcb.RTT_TIMING);
    t.retries = 0;
    t.events |= TcpEvents.CONNECTED;
    armKeepAlive(t, now);
  }

  /**
   * Sets the size of full segments from the path's MTU and the peer's MSS (RFC 9293 §3.7.1), and
   * the congestion window once.
   *
   * @param pathMtu the path's MTU
   * @param headers the bytes of network and TCP header without options
   * @param maxUnit data bytes that the port takes at once and cuts, 0 if it does not cut
   * @return whether segments have become smaller
   */
  public boolean segmentSize(Tcb t, int pathMtu, int headers, int maxUnit) {
    if (pathMtu - headers != t.pathMss) {
      t.mtuSearch = null; // the network does say it
      t.clear(Tcb.MTU_PROBING);
    }
    t.pathMss = pathMtu - headers;
    t.networkHeaders = headers;
    t.portUnit = maxUnit;
    return resize(t);
  }

  /** The largest segment without its headers that path, peer and configuration allow. */
  int largestSegment(Tcb t) {
    return Math.min(Math.min(t.peerMss, t.pathMss), config.maxSegmentSize());
  }

  /** Sets the size of full segments from what is known; answers whether they are smaller now. */
  boolean resize(Tcb t) {
    int segment = largestSegment(t);
    if (t.mtuSearch != null) {
      segment = Math.min(segment, t.mtuSearch.size() - t.networkHeaders);
    }
    int mss = Math.max(segment - t.optionSize(), 8);
    boolean first = t.congestion.cwnd() == 0;
    boolean smaller = mss < t.sndMss;
    t.sndMss = mss;
    t.sndMaxUnit = Math.max(t.portUnit, mss);
    if (first) {
      // RFC 6928 §2; a lost SYN says that the path is full (RFC 5681 §3.1).
      int segments = t.is(Tcb.SYN_RETRANSMITTED) ? 1 : config.initialWindow();
      t.congestion.onEstablished(mss, segments * mss);
    } else {
      t.congestion.onSegmentSize(mss);
    }
    return smaller;
  }

  // ---- segment in ----

  /**
   * SEGMENT ARRIVES (RFC 9293 §3.10.7). The machine takes the frame out of {@code s} if it keeps
   * the data; otherwise it stays the caller's.
   *
   * @return null if the segment was accepted, else why it was dropped
   */
  public DropReason onSegment(Tcb t, SegmentIn s, long now) {
    t.segsIn++;
    if (s.dataLength != 0) {
      t.dataSegsIn++;
      t.dataOctetsIn += s.dataLength;
    }
    return segmentArrives.process(t, s, now);
  }

  // ---- segment out ----

  /**
   * Describes the next segment that is due; false if there is none. Call until false after any
   * other call.
   */
  public boolean poll(Tcb t, SegmentOut out, long now) {
    if (!sender.poll(t, out, now)) {
      return false;
    }
    int length = out.dataLength;
    int segments = out.segmentSize == 0 ? 1 : (length + out.segmentSize - 1) / out.segmentSize;
    t.segsOut += segments;
    if (length != 0) {
      t.dataSegsOut += segments;
      t.dataOctetsOut += length;
    }
    return true;
  }

  // ---- the application ----

  /**
   * Queues bytes by reference or, if they are few, by copy; answers whether there is room for more.
   */
  public boolean offer(Tcb t, Buffer data, int offset, int length) {
    SendQueue queue = queueFor(t);
    queue.add(data, data.address() + offset, length, pool);
    return room(t, queue);
  }

  /**
   * Queues a copy of an array's bytes; false, and nothing is queued, if there is no memory for all
   * of them.
   */
  public boolean offerCopy(Tcb t, byte[] from, int offset, int length) {
    int piece = pool.frameSize() - FramePool.HEADROOM;
    if (length > (long) pool.available() * piece) {
      return false;
    }
    SendQueue queue = queueFor(t);
    for (int done = 0; done < length; done += piece) {
      if (!queue.addCopy(from, offset + done, Math.min(piece, length - done), pool)) {
        throw new IllegalStateException("frames were counted and then missing");
      }
    }
    return true;
  }

  /** Whether there is room for more; if not, the application will be told when there is. */
  public boolean room(Tcb t) {
    return t.sendQueue == null || room(t, t.sendQueue);
  }

  private boolean room(Tcb t, SendQueue queue) {
    if (queue.bytes() < config.sendBuffer()) {
      return true;
    }
    t.set(Tcb.WANTS_WRITABLE);
    return false;
  }

  /** Whether so much is queued against all advice that more must be refused. */
  public boolean isOverfull(Tcb t) {
    return t.sendQueue != null && t.sendQueue.isFull();
  }

  private SendQueue queueFor(Tcb t) {
    if (t.sendQueue == null) {
      t.sendQueue = sendQueues.take();
    }
    return t.sendQueue;
  }

  /** Whether the application wants no data any more. */
  public boolean isReceiveShut(Tcb t) {
    return t.is(Tcb.RECEIVE_SHUT);
  }

  /** Whether the connection has ended before its time: nothing more of it is to be told. */
  public boolean isBroken(Tcb t) {
    return t.cause != null && t.cause != CloseCause.NORMAL;
  }

  /** Whether the application has closed its side. */
  public boolean isCloseRequested(Tcb t) {
    return t.is(Tcb.CLOSE_REQUESTED);
  }

  /**
   * The next received frame, its window on data in order, owned by the caller; null if there is
   * none.
   */
  public Frame receive(Tcb t) {
    Frame frame = t.receiveHead;
    if (frame == null) {
      return null;
    }
    t.receiveHead = frame.next();
    if (t.receiveHead == null) {
      t.receiveTail = null;
    }
    frame.next(null);
    return frame;
  }

  /** Whether received data waits for the application. */
  public boolean isReadable(Tcb t) {
    return t.receiveHead != null;
  }

  /** The application has given back {@code bytes} of received data: the window may open. */
  public void consumed(Tcb t, int bytes) {
    receiver.consumed(t, bytes);
  }

  /** CLOSE (RFC 9293 §3.10.4): a FIN behind what is queued. Receiving goes on. */
  public void closeOutput(Tcb t) {
    if (t.is(Tcb.CLOSE_REQUESTED)) {
      return;
    }
    switch (t.state) {
      case SYN_SENT -> end(t, CloseCause.ABORTED);
      case SYN_RECEIVED -> t.set(Tcb.CLOSE_REQUESTED);
      case ESTABLISHED -> {
        t.set(Tcb.CLOSE_REQUESTED);
        t.become(TcpState.FIN_WAIT_1);
      }
      case CLOSE_WAIT -> {
        t.set(Tcb.CLOSE_REQUESTED);
        t.become(TcpState.LAST_ACK);
      }
      case CLOSED, FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT -> {
        // Closed already.
      }
    }
  }

  /** The application is gone for good: closes output, and answers data with a reset from now on. */
  public void close(Tcb t, long now) {
    if (t.cause != null) {
      t.set(Tcb.RECEIVE_SHUT); // what is left to be read is not wanted
      return;
    }
    if (t.receiveHead != null && t.state.isSynchronized()) {
      abort(t); // data that nobody will read: the peer must know (RFC 9293 §3.6.1, SHLD-3)
      return;
    }
    t.set(Tcb.RECEIVE_SHUT);
    closeOutput(t);
    if (t.state == TcpState.FIN_WAIT_2) {
      Timers.set(t, Timers.FIN_WAIT_2, now + config.finWait2());
    }
  }

  /** ABORT (RFC 9293 §3.10.5): a reset, and everything is dropped. */
  public void abort(Tcb t) {
    if (t.cause != null) {
      t.set(Tcb.RECEIVE_SHUT);
      return;
    }
    boolean tell =
        t.state == TcpState.SYN_RECEIVED || t.state.mayReceive() || t.state == TcpState.CLOSE_WAIT;
    if (tell) {
      t.set(Tcb.RST_NOW);
    }
    end(t, CloseCause.ABORTED);
  }

  /** Turns Nagle's algorithm off or on (RFC 9293 §3.7.4, MUST-17). */
  public void noDelay(Tcb t, boolean on) {
    t.flags = on ? t.flags | Tcb.NO_DELAY : t.flags & ~Tcb.NO_DELAY;
  }

  /** Turns keep-alive on or off (RFC 9293 §3.8.4, MUST-24). */
  public void keepAlive(Tcb t, boolean on, long now) {
    t.flags = on ? t.flags | Tcb.KEEP_ALIVE : t.flags & ~Tcb.KEEP_ALIVE;
    if (!on) {
      Timers.clear(t, Timers.KEEP_ALIVE);
    } else if (t.state.isSynchronized()) {
      armKeepAlive(t, now);
    }
  }

  private void armKeepAlive(Tcb t, long now) {
    if (t.is(Tcb.KEEP_ALIVE)) {
      Timers.set(t, Timers.KEEP_ALIVE, now + config.keepAliveIdle());
    }
  }

  /** What the application is to be told, as bits of {@link TcpEvents}; cleared by the call. */
  public int takeEvents(Tcb t) {
    int events = t.events;
    t.events = 0;
    return events;
  }

  // ---- the network ----

  /**
   * Whether an ICMP error quotes a number that is in flight: only such a one is believed (RFC 5927
   * §4).
   */
  public boolean isInFlight(Tcb t, int seq) {
    return t.sndUna != t.sndNxt && io.millrace.transport.Serial.in(seq, t.sndUna, t.flight());
  }

  /**
   * ICMP says that the peer cannot be reached. Hard errors end only a connection that is not open
   * (RFC 5927 §5.2).
   */
  public void onUnreachable(Tcb t, boolean hard) {
    t.set(Tcb.SOFT_ERROR);
    if (hard && !t.state.isSynchronized()) {
      end(t, CloseCause.UNREACHABLE);
    }
  }

  /**
   * The path takes smaller segments than thought: what is in flight was lost for its size, and is
   * sent again without taking that for congestion (RFC 1191 §6.4). Call {@link #segmentSize}
   * before.
   */
  public void resendTooBig(Tcb t) {
    resendAll(t);
  }

  /** Sends again what is in flight, without taking its loss for congestion. */
  void resendAll(Tcb t) {
    if (t.sndUna != t.sndNxt && t.state.isSynchronized() && t.recovery == Recovery.NONE) {
      t.recovery = Recovery.TIMEOUT;
      t.clear(Tcb.PROBE_RECOVERY);
      t.recoveryPoint = t.sndNxt;
      t.highRxt = t.sndUna;
      t.lossEdge = t.sndNxt;
      t.clear(Tcb.RTT_TIMING);
      t.set(Tcb.RESEND_NOW);
      if (t.transmits != null) {
        t.transmits.markAllLost();
      }
    }
  }

  // ---- time ----

  /** Handles every timer that is due at {@code now}. */
  public void onTimeout(Tcb t, long now) {
    timeouts.onTimeout(t, now);
  }

  // ---- for the parts ----

  /** The connection is over: releases its queues, stops its timers, tells the application. */
  void end(Tcb t, CloseCause cause) {
    if (t.cause != null) {
      return;
    }
    countEnd(t, cause);
    t.cause = cause;
    t.become(TcpState.CLOSED);
    release(t);
  }

  private void countEnd(Tcb t, CloseCause cause) {
    if (cause == CloseCause.NORMAL) {
      return;
    }
    boolean open = t.state == TcpState.ESTABLISHED || t.state == TcpState.CLOSE_WAIT;
    if (open) {
      counters.increment(Counter.TCP_ESTAB_RESETS);
    } else if (!t.state.isSynchronized()) {
      counters.increment(Counter.TCP_ATTEMPT_FAILS);
    }
  }

  /** Both FINs are acknowledged: the connection goes to {@link TimeWait}. */
  void timeWait(Tcb t) {
    t.cause = CloseCause.NORMAL;
    t.become(TcpState.TIME_WAIT);
    release(t);
  }

  private void release(Tcb t) {
    Timers.clearAll(t);
    t.events |= TcpEvents.CLOSED;
    if (t.sendQueue != null) {
      release(t.sendQueue);
      t.sendQueue = null;
    }
    if (t.outOfOrder != null) {
      release(t.outOfOrder);
      t.outOfOrder = null;
    }
    if (t.scoreboard != null) {
      release(t.scoreboard);
      t.scoreboard = null;
    }
    if (t.transmits != null) {
      release(t.transmits);
      t.transmits = null;
    }
    if (t.cause != CloseCause.NORMAL) {
      discardReceived(t);
    }
  }

  /** Releases data that was received and will not be delivered. */
  public void discardReceived(Tcb t) {
    Frame frame;
    while ((frame = receive(t)) != null) {
      frame.release();
    }
  }

  /** The peer's FIN is in order (RFC 9293 §3.10.7.4, eighth). */
  void finReceived(Tcb t) {
    switch (t.state) {
      case SYN_RECEIVED, ESTABLISHED -> t.become(TcpState.CLOSE_WAIT);
      case FIN_WAIT_1 -> t.become(TcpState.CLOSING);
      case FIN_WAIT_2 -> timeWait(t);
      case CLOSED, SYN_SENT, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT -> {
        // Received before.
      }
    }
  }

  void congestionAck(Tcb t, AckSample sample) {
    t.congestion.onAck(sample);
  }

  void countRetransmission(Tcb t, int bytes) {
    counters.increment(Counter.TCP_RETRANS_SEGS);
    t.segsRetrans++;
    t.octetsRetrans += bytes;
  }

  /** A round trip has been measured (RFC 6298 §2). */
  void measured(Tcb t, long rtt) {
    t.rtt.sample(rtt, config.minRto(), config.maxRto());
    long measured = Math.max(rtt, 1); // 0 says that there is none
    t.minRtt = t.minRtt == 0 ? measured : Math.min(t.minRtt, measured);
    if (t.rackRtt == 0) {
      t.rackRtt = measured; // until the first segment of data has arrived
    }
    t.set(Tcb.PROBE_ALLOWED);
  }

  /** Whether TS.Recent is too old to compare with (RFC 7323 §5.5). */
  boolean isOutdated(Tcb t, long now) {
    return now - t.tsRecentTime > TIMESTAMP_LIFE;
  }

  int timestamp(Tcb t, long now) {
    return (int) (now / TICK) + t.tsOffset;
  }

  /**
   * Nanoseconds since the timestamp {@code echo} was sent, at least one tick; -1 if it cannot be
   * one of ours.
   */
  long sinceTimestamp(Tcb t, int echo, long now) {
    int ticks = timestamp(t, now) - echo;
    return ticks < 0 || ticks > 600_000 ? -1 : Math.max(ticks, 1) * TICK;
  }

  /**
   * RFC 5961 §7, per connection and with a limit that nobody can know (a shared one is a side
   * channel).
   */
  boolean challengeAllowed(Tcb t, long now) {
    if (now - t.challengeWindowStart >= SECOND || t.challengeWindowStart == 0) {
      t.challengeWindowStart = now;
      int most = config.challengeAcks();
      int noise = (int) (secret.hash(t.iss, t.irs, now, 0, 0) >>> 33) % (most + 1);
      t.challengesLeft = Math.max(1, most / 2 + noise);
    }
    if (t.challengesLeft == 0) {
      return false;
    }
    t.challengesLeft--;
    counters.increment(Counter.TCP_CHALLENGE_ACKS);
    return true;
  }

  // ---- pools ----

  /** Gives memory back; no connection may be used afterwards. */
  public void close() {
    smallSends.close();
  }

  void release(SendQueue queue) {
    queue.clear();
    sendQueues.give(queue);
  }

  OutOfOrderQueue outOfOrderQueue() {
    return outOfOrderQueues.take();
  }

  void release(OutOfOrderQueue queue) {
    queue.clear();
    outOfOrderQueues.give(queue);
  }

  SackScoreboard scoreboard() {
    return scoreboards.take();
  }

  void release(SackScoreboard board) {
    board.clear();
    scoreboards.give(board);
  }

  TransmitLog transmitLog(int sndUna) {
    TransmitLog log = transmitLogs.take();
    log.begin(sndUna);
    return log;
  }

  void release(TransmitLog log) {
    log.clear();
    transmitLogs.give(log);
  }
}
