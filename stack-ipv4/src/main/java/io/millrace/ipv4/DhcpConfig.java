package io.millrace.ipv4;

/**
 * How addresses are leased where a port says {@code dhcp}; given to {@link
 * io.millrace.net.NetStack.Builder#with}.
 *
 * @param hostName what the server is told that we are called, or empty; at most 63 letters, digits
 *     and hyphens
 * @param probe whether a leased address is probed for, for four to seven seconds, before it is used
 *     (RFC 2131 §4.4.1, RFC 5227 §2.1)
 * @param release whether the lease is given back when the stack closes (RFC 2131 §4.4.6)
 * @param startDelay the longest time to wait before the first message, chosen by chance, in
 *     milliseconds, 0 to 10,000: so that hosts that start together do not speak together
 */
public record DhcpConfig(String hostName, boolean probe, boolean release, int startDelay) {
  /** Checks the ranges. */
  public DhcpConfig {
    if (!hostName.matches("[A-Za-z0-9-]{0,63}")) {
      throw new IllegalArgumentException("'" + hostName + "' is not the name of a host");
    }
    if (startDelay < 0 || startDelay > 10_000) {
      throw new IllegalArgumentException(
          "the delay before the first message is 0 to 10,000 ms, not " + startDelay);
    }
  }

  /** No name; probing; giving back; up to a second. */
  public static DhcpConfig defaults() {
    return new DhcpConfig("", true, true, 1_000);
  }

  /** The same with a name. */
  public DhcpConfig withHostName(String name) {
    return new DhcpConfig(name, probe, release, startDelay);
  }

  /** The same with probing on or off. */
  public DhcpConfig withProbe(boolean newProbe) {
    return new DhcpConfig(hostName, newProbe, release, startDelay);
  }

  /** The same with the lease given back or kept for the next start. */
  public DhcpConfig withRelease(boolean newRelease) {
    return new DhcpConfig(hostName, probe, newRelease, startDelay);
  }

  /** The same with another delay in milliseconds. */
  public DhcpConfig withStartDelay(int milliseconds) {
    return new DhcpConfig(hostName, probe, release, milliseconds);
  }
}
