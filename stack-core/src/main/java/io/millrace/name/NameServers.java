package io.millrace.name;

import io.millrace.ip.IpAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The DNS servers and search domains that a shard knows from the network: from leases, from router
 * advertisements. Who learns of them tells every shard; the resolver listens.
 *
 * <p>Sources count in the order in which they first spoke. Nothing from the network can make this
 * grow without bound: there are {@value #MOST_SOURCES} sources of {@value #MOST_EACH} servers and
 * domains at most, and what is more is left out. <b>Thread:</b> the shard's.
 */
public final class NameServers {
  /** Sources that are kept. */
  public static final int MOST_SOURCES = 16;

  /** Servers, and domains, that are kept of one source. */
  public static final int MOST_EACH = 8;

  private record Entry(List<IpAddress> servers, List<String> domains) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final List<Runnable> listeners = new ArrayList<>();

  /** Creates an empty list. */
  public NameServers() {}

  /**
   * Replaces all that one source has said.
   *
   * @param source who says so, such as {@code dhcp on port 0}
   * @param servers the best first
   * @param domains without a dot at the end; the first is the host's own
   */
  public void put(String source, List<IpAddress> servers, List<String> domains) {
    if (servers.isEmpty() && domains.isEmpty()) {
      remove(source);
      return;
    }
    Entry entry = new Entry(atMost(servers), atMost(domains));
    if (entries.size() < MOST_SOURCES || entries.containsKey(source)) {
      if (!entry.equals(entries.put(source, entry))) {
        tell();
      }
    }
  }

  private static <T> List<T> atMost(List<T> all) {
    return List.copyOf(all.subList(0, Math.min(all.size(), MOST_EACH)));
  }

  /** Forgets what one source has said; nothing happens if it has said nothing. */
  public void remove(String source) {
    if (entries.remove(source) != null) {
      tell();
    }
  }

  private void tell() {
    List.copyOf(listeners).forEach(Runnable::run);
  }

  /** The servers of all sources, each once. */
  public List<IpAddress> servers() {
    Set<IpAddress> all = new LinkedHashSet<>();
    entries.values().forEach(each -> all.addAll(each.servers()));
    return List.copyOf(all);
  }

  /** The search domains of all sources, each once. */
  public List<String> domains() {
    Set<String> all = new LinkedHashSet<>();
    entries.values().forEach(each -> all.addAll(each.domains()));
    return List.copyOf(all);
  }

  /** Has a task run after every change. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }
}
