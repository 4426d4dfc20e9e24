package io.millrace.transport;

import io.millrace.ip.IpAddress;

/**
 * Where and how connections are accepted.
 *
 * @param address one of our addresses, or null for all
 * @param port 1 to 65535
 * @param backlog half-open connections held at most per shard; what comes beyond that is answered
 *     without being remembered, or dropped
 * @param policy which shard a connection goes to
 */
public record ListenConfig(IpAddress address, int port, int backlog, AcceptPolicy policy) {
  /** The backlog unless another is given. */
  public static final int DEFAULT_BACKLOG = 1024;

  /** Checks the ranges. */
  public ListenConfig {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
    }
    if (backlog < 1) {
      throw new IllegalArgumentException("a backlog of " + backlog + " accepts nobody");
    }
    java.util.Objects.requireNonNull(policy);
  }

  /** A port on all addresses; connections stay where their packets come in. */
  public static ListenConfig port(int port) {
    return new ListenConfig(null, port, DEFAULT_BACKLOG, AcceptPolicy.RSS);
  }

  /** The same on one address. */
  public ListenConfig withAddress(IpAddress newAddress) {
    return new ListenConfig(newAddress, port, backlog, policy);
  }

  /** The same with another backlog. */
  public ListenConfig withBacklog(int newBacklog) {
    return new ListenConfig(address, port, newBacklog, policy);
  }

  /** The same with another policy. */
  public ListenConfig withPolicy(AcceptPolicy newPolicy) {
    return new ListenConfig(address, port, backlog, newPolicy);
  }
}
