package io.millrace.dns;

import io.millrace.ip.IpAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * How names are resolved; given to {@link io.millrace.net.NetStack.Builder#with}.
 *
 * @param servers asked before those that the network tells of; may be empty. On a {@code kernel:}
 *     port without any, {@code /etc/resolv.conf} says them, and the search list
 * @param search domains that are tried behind a name, before those that the network tells of
 * @param ndots a name with at least so many dots is tried as it is before the search list, 0 to 15
 * @param timeout how long a server has to answer at first, milliseconds, 100 to 60,000; doubled
 *     each time round
 * @param rounds how often each server is asked, 1 to 10
 * @param cacheEntries answers that are kept, per shard, 0 to 1,000,000
 * @param maxTtl the longest time that an answer is kept, seconds, 0 to 604,800 (RFC 8767 §4)
 * @param maxNegativeTtl the same for an answer that there is nothing, 0 to 10,800 (RFC 2308 §5)
 * @param maxQueries questions to servers that may be open at once, per shard, 1 to 10,000; one more
 *     fails
 * @param maxLookups names that may be waited for at once, per shard, at least 1; one more fails
 * @param mixCase whether upper and lower case are mixed in what is asked, so that it is harder to
 *     guess: a server that does not give it back as it was is not believed
 * @param hosts the file of hosts that are known without asking, or null; read once, at start
 * @param port the servers' port, 1 to 65535
 */
public record DnsConfig(
    List<IpAddress> servers,
    List<String> search,
    int ndots,
    int timeout,
    int rounds,
    int cacheEntries,
    int maxTtl,
    int maxNegativeTtl,
    int maxQueries,
    int maxLookups,
    boolean mixCase,
    Path hosts,
    int port) {
  /** Checks the ranges. */
  public DnsConfig {
    servers = List.copyOf(servers);
    search = List.copyOf(search);
    check("ndots", ndots, 0, 15);
    check("timeout", timeout, 100, 60_000);
    check("rounds", rounds, 1, 10);
    check("cacheEntries", cacheEntries, 0, 1_000_000);
    check("maxTtl", maxTtl, 0, 604_800);
    check("maxNegativeTtl", maxNegativeTtl, 0, 10_800);
    check("maxQueries", maxQueries, 1, 10_000);
    check("maxLookups", maxLookups, 1, Integer.MAX_VALUE);
    check("port", port, 1, 65_535);
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(what + " is " + least + " to " + most + ", not " + value);
    }
  }

  /**
   * No servers and no search list but the network's; ndots 1; 2 seconds, 3 rounds; 4,096 answers,
   * for a day at most, 15 minutes if there was nothing; 256 questions, 4,096 names; the case not
   * mixed; {@code /etc/hosts}; port 53.
   */
  public static DnsConfig defaults() {
    return new DnsConfig(
        List.of(),
        List.of(),
        1,
        2_000,
        3,
        4_096,
        86_400,
        900,
        256,
        4_096,
        false,
        Path.of("/etc/hosts"),
        53);
  }

  /** The same with servers given as text, such as {@code 192.0.2.53}. */
  public DnsConfig withServers(String... addresses) {
    List<IpAddress> parsed = java.util.Arrays.stream(addresses).map(IpAddress::parse).toList();
    return with(parsed, search, ndots, cacheEntries, mixCase, hosts);
  }

  /** The same with other domains to search. */
  public DnsConfig withSearch(String... domains) {
    return with(servers, List.of(domains), ndots, cacheEntries, mixCase, hosts);
  }

  /** The same with another number of dots. */
  public DnsConfig withNdots(int dots) {
    return with(servers, search, dots, cacheEntries, mixCase, hosts);
  }

  /** The same with room for other numbers of answers; 0 keeps none. */
  public DnsConfig withCacheEntries(int entries) {
    return with(servers, search, ndots, entries, mixCase, hosts);
  }

  /** The same, mixing upper and lower case or not. */
  public DnsConfig withMixCase(boolean mix) {
    return with(servers, search, ndots, cacheEntries, mix, hosts);
  }

  /** The same with another file of hosts, or null for none. */
  public DnsConfig withHosts(Path file) {
    return with(servers, search, ndots, cacheEntries, mixCase, file);
  }

  /** The same with other limits on what may be under way. */
  public DnsConfig withLimits(int queries, int lookups) {
    return new DnsConfig(
        servers,
        search,
        ndots,
        timeout,
        rounds,
        cacheEntries,
        maxTtl,
        maxNegativeTtl,
        queries,
        lookups,
        mixCase,
        hosts,
        port);
  }

  /** The same with another patience. */
  public DnsConfig withPatience(int milliseconds, int times) {
    return new DnsConfig(
        servers,
        search,
        ndots,
        milliseconds,
        times,
        cacheEntries,
        maxTtl,
        maxNegativeTtl,
        maxQueries,
        maxLookups,
        mixCase,
        hosts,
        port);
  }

  /** The same with the servers' port. */
  public DnsConfig withPort(int newPort) {
    return new DnsConfig(
        servers,
        search,
        ndots,
        timeout,
        rounds,
        cacheEntries,
        maxTtl,
        maxNegativeTtl,
        maxQueries,
        maxLookups,
        mixCase,
        hosts,
        newPort);
  }

  private DnsConfig with(
      List<IpAddress> newServers,
      List<String> newSearch,
      int newNdots,
      int newCacheEntries,
      boolean newMixCase,
      Path newHosts) {
    return new DnsConfig(
        newServers,
        newSearch,
        newNdots,
        timeout,
        rounds,
        newCacheEntries,
        maxTtl,
        maxNegativeTtl,
        maxQueries,
        maxLookups,
        newMixCase,
        newHosts,
        port);
  }
}
