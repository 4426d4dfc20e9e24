package io.millrace.tcp;

import io.millrace.cc.CongestionAlgorithm;
import java.util.Objects;

/**
 * How TCP behaves on a stack. Times are nanoseconds, sizes bytes.
 *
 * @param receiveBuffer bytes that a connection may hold for its application, 2,048 to 2^30
 * @param sendBuffer bytes beyond which {@code send} answers false, 2,048 to 2^30
 * @param maxSegmentSize the largest MSS that we offer and use, 64 to 65,495; the path's MTU limits
 *     it further
 * @param windowScaling whether to offer window scaling (RFC 7323 §2)
 * @param timestamps whether to offer timestamps (RFC 7323 §3)
 * @param sack whether to offer selective acknowledgment (RFC 2018)
 * @param noDelay whether connections start with Nagle's algorithm off (RFC 9293 §3.7.4)
 * @param delayedAck how long an acknowledgment may wait, below 500 ms (RFC 9293 §3.8.6.3, MUST-58)
 * @param initialRto the first retransmission timeout (RFC 6298 §2.1)
 * @param minRto the least retransmission timeout; RFC 6298 §2.4 says 1 s, common practice is 200 ms
 * @param maxRto the largest one, at least 60 s by RFC 6298 §2.5
 * @param synRetries how often a SYN or SYN-ACK is sent again; 7 make the 3 minutes that RFC 9293
 *     §3.8.3 (MUST-23) demands
 * @param dataRetries how often data is sent again before the connection is given up (R2 of RFC 9293
 *     §3.8.3)
 * @param congestion what decides how much may be in flight
 * @param initialWindow the initial congestion window in segments (RFC 6928: 10)
 * @param timeWait how long TIME-WAIT lasts: twice the maximum segment lifetime
 * @param maxTimeWait connections in TIME-WAIT beyond which the oldest leaves early
 * @param finWait2 how long to wait for the peer's FIN once the application is gone
 * @param keepAlive whether connections start with keep-alive on (RFC 9293 §3.8.4: off)
 * @param keepAliveIdle silence before the first probe
 * @param keepAliveInterval time between probes
 * @param keepAliveProbes unanswered probes before the connection is given up
 * @param maxConnections connections and half-open ones on a shard
 * @param blackHoleTimeouts timeouts of the same full segment after which the path's MTU is doubted
 *     and searched for with segments of different sizes (RFC 4821); 0 for never
 * @param synCookies whether SYNs beyond a listener's backlog are answered without being remembered
 *     (RFC 4987 §3.6); if not, they are dropped
 * @param challengeAcks challenge acknowledgments per second and connection (RFC 5961 §7)
 * @param recovery how losses are found and repaired
 * @param hopLimit the time to live or hop limit of segments, 1 to 255 (RFC 9293 §3.9.2, MUST-49);
 *     or 0 for what the destination's link says, {@link io.millrace.ip.Route#hopLimit()}
 */
public record TcpConfig(
    int receiveBuffer,
    int sendBuffer,
    int maxSegmentSize,
    boolean windowScaling,
    boolean timestamps,
    boolean sack,
    boolean noDelay,
    long delayedAck,
    long initialRto,
    long minRto,
    long maxRto,
    int synRetries,
    int dataRetries,
    CongestionAlgorithm congestion,
    int initialWindow,
    long timeWait,
    int maxTimeWait,
    long finWait2,
    boolean keepAlive,
    long keepAliveIdle,
    long keepAliveInterval,
    int keepAliveProbes,
    int maxConnections,
    int blackHoleTimeouts,
    boolean synCookies,
    int challengeAcks,
    RecoveryConfig recovery,
    int hopLimit) {

  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final TcpConfig DEFAULTS =
      new TcpConfig(
          256 * 1024,
          256 * 1024,
          65_495,
          true,
          true,
          true,
          false,
          40 * MILLI,
          SECOND,
          200 * MILLI,
          120 * SECOND,
          7,
          15,
          CongestionAlgorithm.CUBIC,
          10,
          60 * SECOND,
          65_536,
          60 * SECOND,
          false,
          7_200 * SECOND,
          75 * SECOND,
          9,
          2_000_000,
          3,
          true,
          10,
          RecoveryConfig.defaults(),
          0);

  /** Checks the ranges. */
  public TcpConfig {
    Objects.requireNonNull(congestion, "congestion");
    Objects.requireNonNull(recovery, "recovery");
    range("receiveBuffer", receiveBuffer, 2_048, 1 << 30);
    range("sendBuffer", sendBuffer, 2_048, 1 << 30);
    range("maxSegmentSize", maxSegmentSize, 64, 65_495);
    range("delayedAck", delayedAck, 0, 500 * MILLI - 1);
    range("initialWindow", initialWindow, 1, 1_000);
    range("maxRto", maxRto, MILLI, 86_400 * SECOND);
    range("minRto", minRto, MILLI, maxRto);
    range("initialRto", initialRto, MILLI, maxRto);
    range("synRetries", synRetries, 0, 30);
    range("dataRetries", dataRetries, 1, 100);
    range("timeWait", timeWait, 0, 600 * SECOND);
    range("finWait2", finWait2, 0, 86_400 * SECOND);
    range("keepAliveIdle", keepAliveIdle, MILLI, 30 * 86_400 * SECOND);
    range("keepAliveInterval", keepAliveInterval, MILLI, 86_400 * SECOND);
    range("keepAliveProbes", keepAliveProbes, 1, 1_000);
    range("maxTimeWait", maxTimeWait, 0, 10_000_000);
    range("maxConnections", maxConnections, 1, 100_000_000);
    range("blackHoleTimeouts", blackHoleTimeouts, 0, 100);
    range("challengeAcks", challengeAcks, 1, 1_000_000);
    range("hopLimit", hopLimit, 0, 255);
  }

  private static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " is " + value + ", which is not between " + least + " and " + most);
    }
  }

  /**
   * Buffers of 256 KiB, all options on, Nagle on, delayed acknowledgment 40 ms, least timeout 200
   * ms, CUBIC, initial window 10, TIME-WAIT 60 s, the link's hop limit.
   */
  public static TcpConfig defaults() {
    return DEFAULTS;
  }

  /** Starts a change of some values. */
  public Builder with() {
    return new Builder(this);
  }

  /** Changes some values of a configuration. Not thread-safe. */
  public static final class Builder {
    private int receiveBuffer;
    private int sendBuffer;
    private int maxSegmentSize;
    private boolean windowScaling;
    private boolean timestamps;
    private boolean sack;
    private boolean noDelay;
    private long delayedAck;
    private long initialRto;
    private long minRto;
    private long maxRto;
    private int synRetries;
    private int dataRetries;
    private CongestionAlgorithm congestion;
    private int initialWindow;
    private long timeWait;
    private int maxTimeWait;
    private long finWait2;
    private boolean keepAlive;
    private long keepAliveIdle;
    private long keepAliveInterval;
    private int keepAliveProbes;
    private int maxConnections;
    private int blackHoleTimeouts;
    private boolean synCookies;
    private int challengeAcks;
    private RecoveryConfig recovery;
    private int hopLimit;

    private Builder(TcpConfig from) {
      receiveBuffer = from.receiveBuffer;
      sendBuffer = from.sendBuffer;
      maxSegmentSize = from.maxSegmentSize;
      windowScaling = from.windowScaling;
      timestamps = from.timestamps;
      sack = from.sack;
      noDelay = from.noDelay;
      delayedAck = from.delayedAck;
      initialRto = from.initialRto;
      minRto = from.minRto;
      maxRto = from.maxRto;
      synRetries = from.synRetries;
      dataRetries = from.dataRetries;
      congestion = from.congestion;
      initialWindow = from.initialWindow;
      timeWait = from.timeWait;
      maxTimeWait = from.maxTimeWait;
      finWait2 = from.finWait2;
      keepAlive = from.keepAlive;
      keepAliveIdle = from.keepAliveIdle;
      keepAliveInterval = from.keepAliveInterval;
      keepAliveProbes = from.keepAliveProbes;
      maxConnections = from.maxConnections;
      blackHoleTimeouts = from.blackHoleTimeouts;
      synCookies = from.synCookies;
      challengeAcks = from.challengeAcks;
      recovery = from.recovery;
      hopLimit = from.hopLimit;
    }

    /** Sets {@link TcpConfig#receiveBuffer()}. */
    public Builder receiveBuffer(int value) {
      receiveBuffer = value;
      return this;
    }

    /** Sets {@link TcpConfig#sendBuffer()}. */
    public Builder sendBuffer(int value) {
      sendBuffer = value;
      return this;
    }

    /** Sets {@link TcpConfig#maxSegmentSize()}. */
    public Builder maxSegmentSize(int value) {
      maxSegmentSize = value;
      return this;
    }

    /** Sets {@link TcpConfig#windowScaling()}. */
    public Builder windowScaling(boolean value) {
      windowScaling = value;
      return this;
    }

    /** Sets {@link TcpConfig#timestamps()}. */
    public Builder timestamps(boolean value) {
      timestamps = value;
      return this;
    }

    /** Sets {@link TcpConfig#sack()}. */
    public Builder sack(boolean value) {
      sack = value;
      return this;
    }

    /** Sets {@link TcpConfig#noDelay()}. */
    public Builder noDelay(boolean value) {
      noDelay = value;
      return this;
    }

    /** Sets {@link TcpConfig#delayedAck()}. */
    public Builder delayedAck(long value) {
      delayedAck = value;
      return this;
    }

    /** Sets {@link TcpConfig#initialRto()}. */
    public Builder initialRto(long value) {
      initialRto = value;
      return this;
    }

    /** Sets {@link TcpConfig#minRto()}. */
    public Builder minRto(long value) {
      minRto = value;
      return this;
    }

    /** Sets {@link TcpConfig#maxRto()}. */
    public Builder maxRto(long value) {
      maxRto = value;
      return this;
    }

    /** Sets {@link TcpConfig#synRetries()}. */
    public Builder synRetries(int value) {
      synRetries = value;
      return this;
    }

    /** Sets {@link TcpConfig#dataRetries()}. */
    public Builder dataRetries(int value) {
      dataRetries = value;
      return this;
    }

    /** Sets {@link TcpConfig#congestion()}. */
    public Builder congestion(CongestionAlgorithm value) {
      congestion = value;
      return this;
    }

    /** Sets {@link TcpConfig#initialWindow()}. */
    public Builder initialWindow(int value) {
      initialWindow = value;
      return this;
    }

    /** Sets {@link TcpConfig#timeWait()}. */
    public Builder timeWait(long value) {
      timeWait = value;
      return this;
    }

    /** Sets {@link TcpConfig#maxTimeWait()}. */
    public Builder maxTimeWait(int value) {
      maxTimeWait = value;
      return this;
    }

    /** Sets {@link TcpConfig#finWait2()}. */
    public Builder finWait2(long value) {
      finWait2 = value;
      return this;
    }

    /** Sets {@link TcpConfig#keepAlive()}. */
    public Builder keepAlive(boolean value) {
      keepAlive = value;
      return this;
    }

    /** Sets {@link TcpConfig#keepAliveIdle()}. */
    public Builder keepAliveIdle(long value) {
      keepAliveIdle = value;
      return this;
    }

    /** Sets {@link TcpConfig#keepAliveInterval()}. */
    public Builder keepAliveInterval(long value) {
      keepAliveInterval = value;
      return this;
    }

    /** Sets {@link TcpConfig#keepAliveProbes()}. */
    public Builder keepAliveProbes(int value) {
      keepAliveProbes = value;
      return this;
    }

    /** Sets {@link TcpConfig#maxConnections()}. */
    public Builder maxConnections(int value) {
      maxConnections = value;
      return this;
    }

    /** Sets {@link TcpConfig#blackHoleTimeouts()}. */
    public Builder blackHoleTimeouts(int value) {
      blackHoleTimeouts = value;
      return this;
    }

    /** Sets {@link TcpConfig#synCookies()}. */
    public Builder synCookies(boolean value) {
      synCookies = value;
      return this;
    }

    /** Sets {@link TcpConfig#challengeAcks()}. */
    public Builder challengeAcks(int value) {
      challengeAcks = value;
      return this;
    }

    /** Sets {@link TcpConfig#recovery()}. */
    public Builder recovery(RecoveryConfig value) {
      recovery = value;
      return this;
    }

    /** Sets {@link TcpConfig#hopLimit()}. */
    public Builder hopLimit(int value) {
      hopLimit = value;
      return this;
    }

    /** The configuration, its ranges checked. */
    public TcpConfig build() {
      return new TcpConfig(
          receiveBuffer,
          sendBuffer,
          maxSegmentSize,
          windowScaling,
          timestamps,
          sack,
          noDelay,
          delayedAck,
          initialRto,
          minRto,
          maxRto,
          synRetries,
          dataRetries,
          congestion,
          initialWindow,
          timeWait,
          maxTimeWait,
          finWait2,
          keepAlive,
          keepAliveIdle,
          keepAliveInterval,
          keepAliveProbes,
          maxConnections,
          blackHoleTimeouts,
          synCookies,
          challengeAcks,
          recovery,
          hopLimit);
    }
  }
}
