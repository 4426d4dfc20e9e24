package io.millrace.ip;

import java.util.Objects;

/**
 * A route as it is configured: {@code IpRoute.of("10.9.0.0/16", "10.0.0.1", 0).withMetric(10)}.
 *
 * @param destination what it leads to
 * @param via the router, or null if the destination is on the link
 * @param port the number of the port, in the order in which ports were added
 * @param metric smaller is better, 0 or more; routes of the same metric to one destination share
 *     its flows
 * @param source the address of ours to send from where an application does not choose, or null for
 *     one of the port's
 */
public record IpRoute(IpPrefix destination, IpAddress via, int port, int metric, IpAddress source) {
  /** Checks that everything is of one family and in range. */
  public IpRoute {
    Objects.requireNonNull(destination, "destination");
    boolean v4 = destination.address().isV4();
    if ((via != null && via.isV4() != v4) || (source != null && source.isV4() != v4)) {
      throw new IllegalArgumentException(
          "the route to " + destination + " mixes addresses of IPv4 and IPv6");
    }
    if (port < 0 || metric < 0) {
      throw new IllegalArgumentException(
          "the route to " + destination + ": port and metric are 0 or more");
    }
  }

  /**
   * A route of metric 0 through a router.
   *
   * @throws IllegalArgumentException if a text is no prefix or address
   */
  public static IpRoute of(String destination, String via, int port) {
    return new IpRoute(IpPrefix.parse(destination), IpAddress.parse(via), port, 0, null);
  }

  /** The same with another metric. */
  public IpRoute withMetric(int newMetric) {
    return new IpRoute(destination, via, port, newMetric, source);
  }

  /** The same with an address to send from. */
  public IpRoute withSource(String newSource) {
    return new IpRoute(destination, via, port, metric, IpAddress.parse(newSource));
  }
}
