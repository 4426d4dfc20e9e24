package io.millrace.tcp.engine;

import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.SipHash;

/**
 * Answers SYNs without remembering them (RFC 4987 §3.6): what a handshake has to know travels in
 * our sequence number and timestamp, and comes back with the acknowledgment.
 *
 * <pre>
 *  our initial sequence number                    our timestamp, before its offset
 *   31     27 26 24 23                       0     31                       6 5 4 3   0
 *  +---------+-----+--------------------------+   +--------------------------+-+-+-----+
 *  | minute  | MSS | keyed hash of all        |   | milliseconds             |0|S|shift|
 *  +---------+-----+--------------------------+   +--------------------------+-+-+-----+
 *  the first byte is masked with another part of the hash
 * </pre>
 *
 * <p>A cookie is good for one to two minutes. Without timestamps a connection gets neither window
 * scaling nor SACK. <b>Thread:</b> the shard's. Allocates nothing until a cookie comes back.
 */
public final class SynCookies {
  /**
   * The segment sizes that fit into three bits: the least, IPv6's, and what links leave of 1500.
   */
  private static final int[] SIZES = {536, 1_220, 1_300, 1_380, 1_420, 1_440, 1_460, 8_940};

  private static final long MINUTE = 60_000_000_000L;

  /** For how long cookies that have been sent may come back, nanoseconds. */
  public static final long LIFE = 2 * MINUTE;

  private static final int MINUTE_MASK = 31;
  private static final int HASH_MASK = 0xff_ffff;

  private static final int OPTION_MASK = 63;
  private static final int SHIFT_MASK = 15;
  private static final int NO_SCALING = 15;
  private static final int SACK_BIT = 1 << 4;

  private final SipHash secret;

  /**
   * Makes cookies.
   *
   * @param secret a key that nothing else uses
   */
  public SynCookies(SipHash secret) {
    this.secret = secret;
  }

  /**
   * Describes the SYN-ACK for a SYN of which nothing is remembered.
   *
   * @param tsOffset the timestamp offset that the connection will have
   */
  public void synAck(
      SegmentOut out,
      TcpMachine machine,
      SegmentIn syn,
      long lHi,
      long lLo,
      long rHi,
      long rLo,
      int ports,
      int tsOffset,
      long now) {
    TcpConfig config = machine.config();
    int size = 0;
    int offered = syn.mss == 0 ? SIZES[0] : syn.mss;
    while (size < SIZES.length - 1 && SIZES[size + 1] <= offered) {
      size++;
    }
    boolean stamped = config.timestamps() && syn.hasTimestamps;
    boolean scaling = stamped && config.windowScaling() && syn.windowScale >= 0;
    boolean sack = stamped && config.sack() && syn.sackPermitted;
    long pair = pairHash(lHi, lLo, rHi, rLo, ports, syn.seq);
    out.clear();
    out.seq = cookie(pair, now / MINUTE, size);
    out.ack = syn.seq + 1;
    out.flags = TcpHeader.SYN | TcpHeader.ACK;
    out.window = Math.min(config.receiveBuffer(), 0xffff);
    out.mss = machine.localMss();
    out.windowScale = scaling ? machine.windowShift() : -1;
    out.sackPermitted = sack;
    if (stamped) {
      int options = (scaling ? syn.windowScale : NO_SCALING) | (sack ? SACK_BIT : 0);
      int ticks = (int) (now / TcpMachine.TICK);
      int value = ticks & ~OPTION_MASK | options;
      out.hasTimestamps = true;
      // Never ahead of the clock, lest the connection's next timestamp be older.
      out.tsValue = (value > ticks ? value - OPTION_MASK - 1 : value) + tsOffset;
      out.tsEcho = syn.tsValue;
    }
  }

  /**
   * The handshake that an acknowledgment brings back.
   *
   * @return null if it acknowledges no cookie of ours
   */
  public Handshake check(
      SegmentIn ack,
      TcpConfig config,
      long lHi,
      long lLo,
      long rHi,
      long rLo,
      int ports,
      int tsOffset,
      Object context,
      long now) {
    int iss = ack.ack - 1;
    int irs = ack.seq - 1;
    long pair = pairHash(lHi, lLo, rHi, rLo, ports, irs);
    int top = (iss >>> 24) ^ mask(pair);
    int age = ((int) (now / MINUTE) - (top >>> 3)) & MINUTE_MASK;
    if (age > 1 || cookie(pair, now / MINUTE - age, top & 7) != iss) {
      return null;
    }
    int options = 0;
    int shift = 0;
    if (config.timestamps() && ack.hasTimestamps) {
      int value = ack.tsEcho - tsOffset & OPTION_MASK;
      boolean scaling = (value & SHIFT_MASK) != NO_SCALING;
      shift = scaling ? value & SHIFT_MASK : 0;
      options =
          Tcb.TIMESTAMPS
              | (scaling ? Tcb.WINDOW_SCALING : 0)
              | ((value & SACK_BIT) != 0 ? Tcb.SACK : 0);
    }
    return new Handshake(
        lHi,
        lLo,
        rHi,
        rLo,
        ports,
        config,
        iss,
        irs,
        tsOffset,
        options,
        SIZES[top & 7],
        shift,
        ack.tsValue,
        context);
  }

  private long pairHash(long lHi, long lLo, long rHi, long rLo, int ports, int irs) {
    return secret.hash(lHi, lLo, rHi, rLo, (long) ports << 32 | irs & 0xffff_ffffL);
  }

  private static int mask(long pair) {
    return (int) (pair >>> 56);
  }

  /**
   * All of the minute goes into the hash, so that a cookie is bad when its five bits come again.
   */
  private int cookie(long pair, long minute, int size) {
    int top = (int) (minute & MINUTE_MASK) << 3 | size;
    int hash = (int) secret.hash(pair, minute, size, 0, 0) & HASH_MASK;
    return (top ^ mask(pair)) << 24 | hash;
  }
}
