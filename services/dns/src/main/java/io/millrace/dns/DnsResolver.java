package io.millrace.dns;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.name.DestinationOrder;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.net.Shard;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;

/**
 * The resolver of one shard: literals, special names, the hosts file, the cache, the servers; in
 * this order.
 */
final class DnsResolver implements NameService {
  private final Shard shard;
  private final DnsConfig config;
  private final HostsFile hosts;
  private final DnsCache cache;
  private final Map<Question, DnsQuery> queries = new HashMap<>();
  private final Set<NameLookup> lookups = new LinkedHashSet<>();
  private List<IpAddress> servers = List.of();
  private List<String> search = List.of();

  /** The server to begin with: the one that answered last. */
  private int preferred;

  DnsResolver(Shard shard, DnsConfig config, HostsFile hosts) {
    this.shard = shard;
    this.config = config;
    this.hosts = hosts;
    this.cache = new DnsCache(config);
    shard.nameServers().onChange(this::reload);
    shard.onClose(this::close);
    reload();
  }

  /** What other servers said may be wrong on another network. */
  private void reload() {
    Set<IpAddress> all = new LinkedHashSet<>(config.servers());
    all.addAll(shard.nameServers().servers());
    Set<String> domains = new LinkedHashSet<>(config.search());
    domains.addAll(shard.nameServers().domains());
    servers = List.copyOf(all);
    search = List.copyOf(domains);
    preferred = 0;
    cache.clear();
  }

  private void close() {
    IOException closed = new IOException("the stack is closed");
    for (DnsQuery query : List.copyOf(queries.values())) {
      query.end(new Reply.Failed("the stack is closed", 0));
    }
    List.copyOf(lookups).forEach(each -> each.fail(closed));
  }

  // ---- for the application ----

  @Override
  public boolean isConfigured() {
    return !servers.isEmpty();
  }

  @Override
  public Lookup resolve(String host, Families families, NameAnswer answer) {
    List<IpAddress> known;
    List<Name> candidates;
    try {
      known = known(host);
      candidates = known != null ? List.of() : candidates(host);
    } catch (IOException e) {
      fail(families, answer, e);
      return () -> {};
    }
    if (known != null) {
      for (int version = 4; version <= 6; version += 2) {
        if (families.has(version)) {
          tell(host, known, version, answer);
        }
      }
      return () -> {};
    }
    List<NameLookup> begun = new ArrayList<>(2);
    // The longer way first: RFC 8305 §3 has the question for AAAA sent before the one for A.
    for (int version = 6; version >= 4; version -= 2) {
      if (families.has(version)) {
        begun.add(new NameLookup(this, host, candidates, version, answer));
      }
    }
    lookups.addAll(begun);
    begun.forEach(NameLookup::start);
    return () -> begun.forEach(NameLookup::cancel);
  }

  private static void fail(Families families, NameAnswer answer, IOException reason) {
    for (int version = 4; version <= 6; version += 2) {
      if (families.has(version)) {
        answer.onFailure(version, reason);
      }
    }
  }

  private void tell(String host, List<IpAddress> known, int version, NameAnswer answer) {
    List<IpAddress> wanted = known.stream().filter(each -> each.isV4() == (version == 4)).toList();
    if (wanted.isEmpty()) {
      answer.onFailure(
          version, new UnknownHostException(host + " has no IPv" + version + " address"));
    } else {
      answer.onAddresses(version, DestinationOrder.sort(shard, wanted));
    }
  }

  /** The addresses that are known without asking anybody, or null. */
  private List<IpAddress> known(String host) throws UnknownHostException {
    if (isLiteral(host)) {
      try {
        return List.of(IpAddress.parse(host));
      } catch (IllegalArgumentException e) {
        throw new UnknownHostException(e.getMessage());
      }
    }
    HostName name = HostName.of(host);
    List<IpAddress> listed = hosts.get(name.text());
    if (listed != null) {
      return listed;
    }
    // RFC 6761 §6.3: answered with the loopback addresses, and never asked for.
    if (name.isIn("localhost")) {
      return List.of(IpAddress.v4(0x7f00_0001), new IpAddress(0, 1));
    }
    // RFC 6761 §6.4 and RFC 7686 §2: nobody is to be asked for these.
    if (name.isIn("invalid") || name.isIn("onion")) {
      throw new UnknownHostException(host + ": there are no such names");
    }
    return null;
  }

  /** No host name consists of digits and dots only (RFC 1123 §2.1) or has a colon in it. */
  private static boolean isLiteral(String host) {
    return host.indexOf(':') >= 0
        || (!host.isEmpty() && host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9')));
  }

  private List<Name> candidates(String host) throws IOException {
    if (shard.isClosed()) {
      throw new IOException("the stack is closed");
    }
    if (servers.isEmpty()) {
      throw new IOException(
          host
              + " cannot be resolved: no DNS server is known; give one with DnsConfig.withServers,"
              + " or get one with dhcp");
    }
    if (lookups.size() >= config.maxLookups()) {
      throw new IOException(
          host
              + " cannot be resolved: "
              + config.maxLookups()
              + " names are waited for; raise DnsConfig.maxLookups");
    }
    return HostName.of(host).candidates(search, config.ndots());
  }

  // ---- for lookups ----

  /**
   * Answers a question from the cache, or joins those who have asked it, or asks the servers. The
   * lookup may have been told the answer when this returns.
   */
  void ask(Question question, NameLookup lookup) {
    Reply kept = cache.get(question, now());
    if (kept != null) {
      shard.counters().increment(Counter.DNS_CACHE_HITS);
      lookup.onReply(kept);
      return;
    }
    DnsQuery open = queries.get(question);
    if (open != null) {
      open.add(lookup);
      return;
    }
    if (queries.size() >= config.maxQueries() || servers.isEmpty()) {
      lookup.onReply(new Reply.Failed("too many questions are open", 0));
      return;
    }
    DnsQuery query = new DnsQuery(this, question, new QueryMachine(servers, preferred, config));
    query.add(lookup);
    queries.put(question, query);
    query.start();
  }

  void finished(NameLookup lookup) {
    lookups.remove(lookup);
  }

  // ---- for queries ----

  void ended(Question question, Reply reply) {
    queries.remove(question);
    cache.put(question, reply, now());
  }

  void forget(Question question) {
    queries.remove(question);
  }

  void answered(int server) {
    if (server < servers.size()) {
      preferred = server;
    }
  }

  /** The next question begins with another server. */
  void silent(int server) {
    if (server == preferred && !servers.isEmpty()) {
      preferred = (server + 1) % servers.size();
    }
  }

  /** A query with an id that cannot be guessed (RFC 5452 §9.2). */
  Message message(Question question, boolean edns) {
    Question asked =
        config.mixCase()
            ? new Question(DnsMessages.mixCase(question.name(), shard.random()), question.type())
            : question;
    return DnsMessages.query(shard.random().nextInt(0x1_0000), asked, edns);
  }

  Shard shard() {
    return shard;
  }

  DnsConfig config() {
    return config;
  }

  long now() {
    return shard.clock().now();
  }

  int openQueries() {
    return queries.size();
  }
}
