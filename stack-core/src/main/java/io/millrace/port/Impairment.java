package io.millrace.port;

import io.millrace.spi.PortException;
import java.util.Map;
import java.util.Set;

/**
 * How bad a port's link shall be. Each direction draws from a generator of its own: the same seed
 * and the same packets give the same decisions.
 *
 * <p>A packet is first lost, then damaged, then duplicated; each copy waits for the rate, then for
 * the delay. Jitter varies the delay but keeps the order of packets; only {@code reorder} changes
 * that.
 *
 * @param loss the share of packets that are lost, 0 to 1
 * @param duplicate the share of packets that arrive twice, 0 to 1
 * @param reorder the share of packets that are held back, 0 to 1
 * @param reorderGap how many later packets overtake one that is held back, at least 1; it is not
 *     held for longer than 10 ms
 * @param corrupt the share of packets in which one bit is flipped, 0 to 1
 * @param delay the time that every packet takes, in nanoseconds
 * @param jitter how far the delay varies up and down, evenly distributed, in nanoseconds; at most
 *     the delay
 * @param rate the bits per second that pass, counted from the Ethernet header on; 0 is unlimited
 * @param queue how many packets wait for the rate, at least 1; further ones are dropped
 * @param narrow the longest datagram that passes, in bytes from the network header on; longer ones
 *     are lost without a word, as in a path MTU black hole; 0 is unlimited
 * @param seed where the random numbers start
 * @param ways which directions are impaired
 */
public record Impairment(
    double loss,
    double duplicate,
    double reorder,
    int reorderGap,
    double corrupt,
    long delay,
    long jitter,
    long rate,
    int queue,
    int narrow,
    long seed,
    Ways ways) {
  /** The directions of a port, as the stack sees them. */
  public enum Ways {
    /** What is received. */
    IN,
    /** What is sent. */
    OUT,
    /** What is received and what is sent. */
    BOTH
  }

  /** A link without faults. */
  public static final Impairment NONE =
      new Impairment(0, 0, 0, 3, 0, 0, 0, 0, 1_000, 0, 1, Ways.BOTH);

  static final Set<String> KEYS =
      Set.of(
          "loss",
          "duplicate",
          "reorder",
          "reorder-gap",
          "corrupt",
          "delay",
          "jitter",
          "rate",
          "queue",
          "narrow",
          "seed",
          "impair");

  private static final int MOST_GAP = 1_000;
  private static final int MOST_QUEUE = 1_000_000;

  /** Checks the ranges. */
  public Impairment {
    checkShare("loss", loss);
    checkShare("duplicate", duplicate);
    checkShare("reorder", reorder);
    checkShare("corrupt", corrupt);
    if (reorderGap < 1 || queue < 1 || delay < 0 || rate < 0) {
      throw new IllegalArgumentException(
          "gap and queue are at least 1, delay and rate at least 0, not "
              + reorderGap
              + ", "
              + queue
              + ", "
              + delay
              + ", "
              + rate);
    }
    if (narrow < 0) {
      throw new IllegalArgumentException("a link takes 0 bytes or more, not " + narrow);
    }
    if (jitter < 0 || jitter > delay) {
      throw new IllegalArgumentException("jitter is between 0 and the delay, not " + jitter);
    }
  }

  private static void checkShare(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(name + " is a share from 0 to 1, not " + share);
    }
  }

  /**
   * The impairment that a port's options ask for; equal to {@link #NONE} but for the seed and the
   * direction if they ask for none.
   *
   * @throws PortException with one sentence if a value is not understood
   */
  static Impairment parse(Map<String, String> all) {
    Options options = new Options(all);
    options.needs("reorder-gap", "reorder");
    options.needs("queue", "rate");
    options.needs("jitter", "delay");
    long delay = options.duration("delay");
    long jitter = options.duration("jitter");
    if (jitter > delay) {
      throw options.wrong("jitter", "at most the delay");
    }
    return new Impairment(
        options.percent("loss"),
        options.percent("duplicate"),
        options.percent("reorder"),
        (int) options.number("reorder-gap", NONE.reorderGap, 1, MOST_GAP),
        options.percent("corrupt"),
        delay,
        jitter,
        options.rate("rate"),
        (int) options.number("queue", NONE.queue, 1, MOST_QUEUE),
        (int) options.number("narrow", NONE.narrow, 0, 65_535),
        options.number("seed", NONE.seed, Long.MIN_VALUE, Long.MAX_VALUE),
        ways(options));
  }

  private static Ways ways(Options options) {
    String text = options.text("impair");
    if (text == null) {
      return NONE.ways;
    }
    return switch (text) {
      case "in" -> Ways.IN;
      case "out" -> Ways.OUT;
      case "both" -> Ways.BOTH;
      default -> throw options.wrong("impair", "in, out or both");
    };
  }

  /** Whether there is any fault to simulate. */
  public boolean impairs() {
    return loss > 0
        || duplicate > 0
        || reorder > 0
        || corrupt > 0
        || delay > 0
        || rate > 0
        || narrow > 0;
  }

  /** The same with another share of lost packets. */
  public Impairment withLoss(double share) {
    return new Impairment(
        share,
        duplicate,
        reorder,
        reorderGap,
        corrupt,
        delay,
        jitter,
        rate,
        queue,
        narrow,
        seed,
        ways);
  }

  /** The same with another share of duplicated packets. */
  public Impairment withDuplicate(double share) {
    return new Impairment(
        loss, share, reorder, reorderGap, corrupt, delay, jitter, rate, queue, narrow, seed, ways);
  }

  /** The same with another share of packets held back until {@code gap} others have passed. */
  public Impairment withReorder(double share, int gap) {
    return new Impairment(
        loss, duplicate, share, gap, corrupt, delay, jitter, rate, queue, narrow, seed, ways);
  }

  /** The same with another share of damaged packets. */
  public Impairment withCorrupt(double share) {
    return new Impairment(
        loss,
        duplicate,
        reorder,
        reorderGap,
        share,
        delay,
        jitter,
        rate,
        queue,
        narrow,
        seed,
        ways);
  }

  /** The same with another delay, in nanoseconds. */
  public Impairment withDelay(long nanos, long jitterNanos) {
    return new Impairment(
        loss,
        duplicate,
        reorder,
        reorderGap,
        corrupt,
        nanos,
        jitterNanos,
        rate,
        queue,
        narrow,
        seed,
        ways);
  }

  /**
   * The same with another rate in bits per second, and another length of the queue in front of it.
   */
  public Impairment withRate(long bitsPerSecond, int packets) {
    return new Impairment(
        loss,
        duplicate,
        reorder,
        reorderGap,
        corrupt,
        delay,
        jitter,
        bitsPerSecond,
        packets,
        narrow,
        seed,
        ways);
  }

  /** The same, losing what is longer than {@code bytes}. */
  public Impairment withNarrow(int bytes) {
    return new Impairment(
        loss,
        duplicate,
        reorder,
        reorderGap,
        corrupt,
        delay,
        jitter,
        rate,
        queue,
        bytes,
        seed,
        ways);
  }

  /** The same with another seed. */
  public Impairment withSeed(long newSeed) {
    return new Impairment(
        loss,
        duplicate,
        reorder,
        reorderGap,
        corrupt,
        delay,
        jitter,
        rate,
        queue,
        narrow,
        newSeed,
        ways);
  }

  /** The same for other directions. */
  public Impairment withWays(Ways newWays) {
    return new Impairment(
        loss,
        duplicate,
        reorder,
        reorderGap,
        corrupt,
        delay,
        jitter,
        rate,
        queue,
        narrow,
        seed,
        newWays);
  }
}
