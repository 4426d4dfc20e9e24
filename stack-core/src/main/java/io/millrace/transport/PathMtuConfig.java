package io.millrace.transport;

/**
 * How a transport looks for the path's MTU with packets of its own. Sizes are bytes of IP packets.
 *
 * @param least the size that every path takes: 1280 for IPv6 (RFC 8200 §5), 68 or what the sender
 *     settles for with IPv4; MIN_PLPMTU of RFC 8899 §5.1.2
 * @param base the size to begin with, expected to work nearly everywhere; BASE_PLPMTU
 * @param probes probes of one size that may be lost before the size counts as too big, at least 1;
 *     MAX_PROBES
 * @param probeTimeout how long a probe may take to be acknowledged where nothing else tells of its
 *     loss, nanoseconds; PROBE_TIMER
 * @param raise how long a finished search is believed before the next one, nanoseconds;
 *     PMTU_RAISE_TIMER
 */
public record PathMtuConfig(int least, int base, int probes, long probeTimeout, long raise) {
  private static final long SECOND = 1_000_000_000;

  /** Checks the ranges. */
  public PathMtuConfig {
    if (least < 68 || base < least || base > 65_535) {
      throw new IllegalArgumentException(
          "a search goes from at least 68 up to at most 65535 bytes, not from "
              + least
              + " and "
              + base);
    }
    if (probes < 1 || probeTimeout < SECOND || raise < SECOND) {
      throw new IllegalArgumentException(
          "a size is tried at least once, and for at least a second"); // RFC 8899 §5.1.1
    }
  }

  /** RFC 8899 §5.1: 1200 bytes to begin with, three probes, 15 seconds, ten minutes. */
  public static PathMtuConfig ipv4() {
    return new PathMtuConfig(552, 1_200, 3, 15 * SECOND, 600 * SECOND);
  }

  /** The same for IPv6, which begins with what every path takes. */
  public static PathMtuConfig ipv6() {
    return new PathMtuConfig(1_280, 1_280, 3, 15 * SECOND, 600 * SECOND);
  }
}
