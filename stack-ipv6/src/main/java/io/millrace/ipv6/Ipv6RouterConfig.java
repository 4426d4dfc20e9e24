package io.millrace.ipv6;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.util.List;

/**
 * What the stack advertises as a router (RFC 4861 §6.2.1); given to {@link
 * io.millrace.net.NetStack.Builder#with}.
 *
 * @param links one for each port that is advertised on
 */
public record Ipv6RouterConfig(List<Link> links) {
  /** Nothing is advertised. */
  public static final Ipv6RouterConfig NONE = new Ipv6RouterConfig(List.of());

  /** What all ones mean as a lifetime. */
  public static final long INFINITE = 0xffff_ffffL;

  /** Keeps a copy. */
  public Ipv6RouterConfig {
    links = List.copyOf(links);
  }

  /** What is advertised on one port with the defaults of {@link Link#of}. */
  public static Ipv6RouterConfig of(Link... links) {
    return new Ipv6RouterConfig(List.of(links));
  }

  /**
   * A prefix of the link.
   *
   * @param prefix bits behind its length are not looked at
   * @param onLink whether all its addresses are on the link
   * @param autonomous whether hosts make addresses of it; its length is 64 then
   * @param valid its valid lifetime in seconds, up to {@link #INFINITE}
   * @param preferred its preferred lifetime in seconds, not more than that
   */
  public record Prefix(
      IpPrefix prefix, boolean onLink, boolean autonomous, long valid, long preferred) {
    /** Checks the ranges. */
    public Prefix {
      checkSix(prefix);
      checkLifetime(valid);
      checkLifetime(preferred);
      if (preferred > valid) {
        throw new IllegalArgumentException(prefix + " is preferred for longer than it is valid");
      }
      if (autonomous && prefix.length() != 64) {
        throw new IllegalArgumentException(
            "hosts make addresses of prefixes of length 64 only, not of " + prefix);
      }
    }

    /** On the link, for autoconfiguration, valid for 30 days and preferred for 7 (RFC 4861). */
    public static Prefix of(String prefix) {
      return new Prefix(IpPrefix.parse(prefix), true, true, 2_592_000, 604_800);
    }
  }

  /**
   * What lies behind us (RFC 4191 §2.3).
   *
   * @param preference -1, 0 or 1
   * @param lifetime in seconds, up to {@link #INFINITE}
   */
  public record Route(IpPrefix prefix, int preference, long lifetime) {
    /** Checks the ranges. */
    public Route {
      checkSix(prefix);
      checkPreference(preference);
      checkLifetime(lifetime);
    }
  }

  /**
   * What is advertised on one port. The names of the RFC's variables are in brackets.
   *
   * @param port its number in the stack, from 0
   * @param interval the longest time between two advertisements in seconds, 4 to 1800
   *     [MaxRtrAdvInterval]; the shortest is a third of it, or three seconds
   * @param lifetime how long we are a default router in seconds, 0 for not at all, else {@code
   *     interval} to 9000 [AdvDefaultLifetime]
   * @param preference against other default routers, -1, 0 or 1 (RFC 4191 §2.2)
   * @param managed whether there are addresses by DHCPv6 [AdvManagedFlag]
   * @param otherConfig whether there is other configuration by DHCPv6 [AdvOtherConfigFlag]
   * @param hopLimit what hosts are to send with, 0 to 255, 0 for no advice [AdvCurHopLimit]
   * @param mtu of the link, 1280 or more, 0 for no advice [AdvLinkMTU]
   * @param reachable how long hosts believe in neighbors, in ms, up to 3,600,000, 0 for no advice
   *     [AdvReachableTime]
   * @param retransmit the time between their questions, in ms, 0 for no advice [AdvRetransTimer]
   * @param prefixes of the link, at most 16 [AdvPrefixList]
   * @param routes behind us, at most 8
   * @param dnsServers at most 4 (RFC 8106)
   * @param dnsSearch search domains, at most 4, each of at most 60 characters
   */
  public record Link(
      int port,
      int interval,
      int lifetime,
      int preference,
      boolean managed,
      boolean otherConfig,
      int hopLimit,
      int mtu,
      long reachable,
      long retransmit,
      List<Prefix> prefixes,
      List<Route> routes,
      List<IpAddress> dnsServers,
      List<String> dnsSearch) {
    private static final int LONGEST_DOMAIN = 60;

    /** Checks the ranges. */
    public Link {
      prefixes = List.copyOf(prefixes);
      routes = List.copyOf(routes);
      dnsServers = List.copyOf(dnsServers);
      dnsSearch = List.copyOf(dnsSearch);
      if (interval < 4 || interval > 1_800) {
        throw new IllegalArgumentException(
            "routers advertise every 4 to 1800 seconds, not every " + interval);
      }
      if (lifetime != 0 && (lifetime < interval || lifetime > 9_000)) {
        throw new IllegalArgumentException(
            "the lifetime of a router is 0, or " + interval + " to 9000 seconds, not " + lifetime);
      }
      if (port < 0 || hopLimit < 0 || hopLimit > 255 || (mtu != 0 && mtu < 1_280)) {
        throw new IllegalArgumentException(
            "ports count from 0, hop limits end at 255, and an MTU is 1280 bytes at least");
      }
      if (reachable < 0 || reachable > 3_600_000 || retransmit < 0 || retransmit > INFINITE) {
        throw new IllegalArgumentException("the times of neighbors are out of range");
      }
      if (prefixes.size() > 16
          || routes.size() > 8
          || dnsServers.size() > 4
          || dnsSearch.size() > 4
          || dnsSearch.stream().anyMatch(each -> each.length() > LONGEST_DOMAIN)) {
        throw new IllegalArgumentException(
            "an advertisement has room for 16 prefixes, 8 routes, 4 DNS servers and 4 domains");
      }
      checkPreference(preference);
      dnsServers.forEach(
          each -> {
            if (each.isV4()) {
              throw new IllegalArgumentException(each + " is not an IPv6 address");
            }
          });
      dnsSearch.forEach(Link::checkDomain);
    }

    private static void checkDomain(String domain) {
      for (String label : domain.split("\\.", -1)) {
        if (!label.matches("[A-Za-z0-9_-]{1,63}")) {
          throw new IllegalArgumentException("'" + domain + "' is not a domain");
        }
      }
    }

    /**
     * A default router for half an hour that advertises these prefixes every ten minutes at least;
     * hop limit 64, no other advice.
     */
    public static Link of(int port, String... prefixes) {
      return new Link(
          port,
          600,
          1_800,
          0,
          false,
          false,
          64,
          0,
          0,
          0,
          java.util.Arrays.stream(prefixes).map(Prefix::of).toList(),
          List.of(),
          List.of(),
          List.of());
    }

    /** The same with DNS servers and search domains. */
    public Link withDns(List<IpAddress> newServers, List<String> newSearch) {
      return new Link(
          port,
          interval,
          lifetime,
          preference,
          managed,
          otherConfig,
          hopLimit,
          mtu,
          reachable,
          retransmit,
          prefixes,
          routes,
          newServers,
          newSearch);
    }

    /** The same with another hop limit for hosts, 0 for no advice. */
    public Link withHopLimit(int newHopLimit) {
      return new Link(
          port,
          interval,
          lifetime,
          preference,
          managed,
          otherConfig,
          newHopLimit,
          mtu,
          reachable,
          retransmit,
          prefixes,
          routes,
          dnsServers,
          dnsSearch);
    }

    /** The same with other times between advertisements and as a default router, in seconds. */
    public Link withTimes(int newInterval, int newLifetime) {
      return new Link(
          port,
          newInterval,
          newLifetime,
          preference,
          managed,
          otherConfig,
          hopLimit,
          mtu,
          reachable,
          retransmit,
          prefixes,
          routes,
          dnsServers,
          dnsSearch);
    }
  }

  private static void checkSix(IpPrefix prefix) {
    if (prefix.address().isV4()) {
      throw new IllegalArgumentException(prefix + " is not an IPv6 prefix");
    }
  }

  private static void checkPreference(int preference) {
    if (preference < -1 || preference > 1) {
      throw new IllegalArgumentException(
          "the preference of a route is -1, 0 or 1, not " + preference);
    }
  }

  private static void checkLifetime(long seconds) {
    if (seconds < 0 || seconds > INFINITE) {
      throw new IllegalArgumentException(seconds + " seconds are not a lifetime");
    }
  }
}
