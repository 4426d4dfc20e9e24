package io.millrace.ipv4;

import io.millrace.link.NeighborConfig;

/**
 * How IPv4 behaves; given to {@link io.millrace.net.NetStack.Builder#with}.
 *
 * @param probe whether an address of ours is probed for, for four to seven seconds, before it is
 *     used (RFC 5227 §2.1); if not, it is announced and used at once
 * @param icmpRate ICMP errors that are sent per second in the long run, 0 for none (RFC 1812
 *     §4.3.2.8)
 * @param icmpBurst ICMP errors that may be sent at once, at least 1
 * @param echoBroadcast whether a ping to a broadcast address is answered (RFC 1122 §3.2.2.6)
 * @param minPathMtu the smallest path MTU that is learned, 68 to 65535 bytes; a path that takes
 *     less gets fragments
 * @param routes the most routes that are cached, per shard, at least 16
 * @param reassemblies the most datagrams of which fragments are kept, per shard, at least 1
 * @param reassembliesPerSource the most of these from one source address, at least 1
 * @param reassemblyFrames the most fragments that are kept, per shard, at least 2
 * @param reassemblyTimeout how long fragments wait for the rest, in milliseconds, at least 1
 * @param redirects the most destinations for which a router's redirect is followed, per shard, 0 to
 *     ignore redirects (RFC 1122 §3.2.2.2). Whoever is on the link can forge one in the name of the
 *     router, and so read along: say more than 0 where those on the link are trusted, and routers
 *     know better ways than the routes that are configured
 * @param neighbors the table of ARP
 */
public record Ipv4Config(
    boolean probe,
    int icmpRate,
    int icmpBurst,
    boolean echoBroadcast,
    int minPathMtu,
    int routes,
    int reassemblies,
    int reassembliesPerSource,
    int reassemblyFrames,
    long reassemblyTimeout,
    int redirects,
    NeighborConfig neighbors) {
  /** Checks the ranges. */
  public Ipv4Config {
    if (icmpRate < 0 || icmpBurst < 1) {
      throw new IllegalArgumentException("an ICMP rate is 0 or more and its burst at least 1");
    }
    if (minPathMtu < 68 || minPathMtu > 65_535) {
      throw new IllegalArgumentException(
          "the smallest path MTU is 68 to 65535 bytes, not " + minPathMtu);
    }
    if (routes < 16 || reassemblies < 1 || reassembliesPerSource < 1 || reassemblyFrames < 2) {
      throw new IllegalArgumentException(
          "at least 16 routes, 1 reassembly and 2 fragments have to be kept");
    }
    if (reassemblyTimeout < 1) {
      throw new IllegalArgumentException("fragments wait at least 1 ms for the rest");
    }
    if (redirects < 0) {
      throw new IllegalArgumentException("0 redirects or more are remembered, not " + redirects);
    }
  }

  /**
   * No probing; 1,000 ICMP errors a second, 50 at once; no answer to broadcast pings; path MTU of
   * 552 at least; 65,536 routes; 256 reassemblies, 64 per source, 1,024 fragments, 30 seconds;
   * redirects are ignored.
   */
  public static Ipv4Config defaults() {
    return new Ipv4Config(
        false, 1_000, 50, false, 552, 65_536, 256, 64, 1_024, 30_000, 0, NeighborConfig.defaults());
  }

  /** The same with probing on or off. */
  public Ipv4Config withProbe(boolean newProbe) {
    return new Ipv4Config(
        newProbe,
        icmpRate,
        icmpBurst,
        echoBroadcast,
        minPathMtu,
        routes,
        reassemblies,
        reassembliesPerSource,
        reassemblyFrames,
        reassemblyTimeout,
        redirects,
        neighbors);
  }

  /** The same with answers to broadcast pings on or off. */
  public Ipv4Config withEchoBroadcast(boolean newEchoBroadcast) {
    return new Ipv4Config(
        probe,
        icmpRate,
        icmpBurst,
        newEchoBroadcast,
        minPathMtu,
        routes,
        reassemblies,
        reassembliesPerSource,
        reassemblyFrames,
        reassemblyTimeout,
        redirects,
        neighbors);
  }

  /** The same with another limit on ICMP errors. */
  public Ipv4Config withIcmpLimit(int newRate, int newBurst) {
    return new Ipv4Config(
        probe,
        newRate,
        newBurst,
        echoBroadcast,
        minPathMtu,
        routes,
        reassemblies,
        reassembliesPerSource,
        reassemblyFrames,
        reassemblyTimeout,
        redirects,
        neighbors);
  }

  /** The same with another bound on redirected destinations, 0 to ignore redirects. */
  public Ipv4Config withRedirects(int newRedirects) {
    return new Ipv4Config(
        probe,
        icmpRate,
        icmpBurst,
        echoBroadcast,
        minPathMtu,
        routes,
        reassemblies,
        reassembliesPerSource,
        reassemblyFrames,
        reassemblyTimeout,
        newRedirects,
        neighbors);
  }
}
