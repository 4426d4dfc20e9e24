package io.millrace.ipv6.nd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import io.millrace.ip.IpAddress;
import io.millrace.ip.Ipv6Scope;
import io.millrace.name.NameServers;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * DNS servers and search domains that routers advertise (RFC 8106), on one shard; the shard's
 * {@link NameServers} have those that are valid.
 */
final class DnsAdvertisements extends TimerNode {
  /** The longest name (RFC 1035 §2.3.4). */
  private static final int LONGEST_NAME = 255;

  private static final int LONGEST_LABEL = 63;

  /** A router on a link. */
  private record Source(NetInterface on, long router) {
    String name() {
      return "router " + new IpAddress(NdAddress.LINK_LOCAL_HI, router) + " on port " + on.index();
    }
  }

  /** What one router has said, each with the time when that ends. */
  private static final class Said {
    private final Map<IpAddress, Long> servers = new LinkedHashMap<>();
    private final Map<String, Long> domains = new LinkedHashMap<>();

    private boolean isEmpty() {
      return servers.isEmpty() && domains.isEmpty();
    }
  }

  private final NdHost host;
  private final int most;
  private final Map<Source, Said> sources = new LinkedHashMap<>();

  /**
   * Creates the empty list.
   *
   * @param most routers that are listened to
   */
  DnsAdvertisements(NdHost host, int most) {
    this.host = host;
    this.most = most;
  }

  /** Reads the options of a valid router advertisement. */
  void learn(NetInterface on, long router, long options, long end, long now) {
    Source source = new Source(on, router);
    Said said = sources.get(source);
    boolean known = said != null;
    if (!known) {
      said = new Said();
    }
    for (long at = options; at < end; at += NdOption.length(at)) {
      switch (NdOption.type(at)) {
        case NdOption.DNS_SERVERS -> servers(said, on, at, now);
        case NdOption.DNS_SEARCH -> domains(said, at, now);
        default -> {
          // Others read the rest.
        }
      }
    }
    if (!known) {
      if (said.isEmpty() || sources.size() >= most) {
        return;
      }
      sources.put(source, said);
    }
    expire(now);
  }

  private static void servers(Said said, NetInterface on, long option, long now) {
    int length = NdOption.length(option);
    // RFC 8106 §5.3.1: at least one address, and whole ones.
    if (length < 24 || length % 16 != 8) {
      return;
    }
    long until = Lifetime.end(Bytes.u32(option + 4), now);
    for (long at = option + 8; at < option + length; at += 16) {
      long hi = Bytes.i64(at);
      long lo = Bytes.i64(at + 8);
      if (NdAddress.isHost(hi, lo)) {
        // A link-local server is one of this link (RFC 4007 §6).
        IpAddress server = new IpAddress(Ipv6Scope.onLink(hi, on.index()), lo);
        put(said.servers, server, until);
      }
    }
  }

  private static void domains(Said said, long option, long now) {
    int length = NdOption.length(option);
    // RFC 8106 §5.3.1.
    if (length < 16) {
      return;
    }
    long until = Lifetime.end(Bytes.u32(option + 4), now);
    byte[] names = new byte[length - 8];
    Bytes.copyOut(option + 8, names, 0, names.length);
    int at = 0;
    while (at < names.length && names[at] != 0) {
      StringBuilder name = new StringBuilder();
      at = name(names, at, name);
      if (at < 0) {
        return;
      }
      put(said.domains, name.toString(), until);
    }
  }

  /** Reads a name without compression (RFC 1035 §3.1); returns what is behind it, or -1. */
  private static int name(byte[] names, int from, StringBuilder name) {
    int at = from;
    while (at < names.length) {
      int label = names[at++] & 0xff;
      if (label == 0) {
        return at;
      }
      if (label > LONGEST_LABEL
          || at + label > names.length
          || name.length() + label + 1 > LONGEST_NAME) {
        return -1;
      }
      for (int i = at; i < at + label; i++) {
        if (!isNameCharacter(names[i])) {
          return -1;
        }
      }
      if (!name.isEmpty()) {
        name.append('.');
      }
      name.append(new String(names, at, label, US_ASCII));
      at += label;
    }
    return -1;
  }

  private static boolean isNameCharacter(byte b) {
    return (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || b == '-'
        || b == '_';
  }

  /** The same time again if it is known; what is too much is left out. */
  private static <T> void put(Map<T, Long> to, T value, long until) {
    if (to.containsKey(value) || to.size() < NameServers.MOST_EACH) {
      to.put(value, until);
    }
  }

  @Override
  protected void onTimer(long now) {
    expire(now);
  }

  private void expire(long now) {
    long next = Long.MAX_VALUE;
    for (Map.Entry<Source, Said> each : List.copyOf(sources.entrySet())) {
      Said said = each.getValue();
      said.servers.values().removeIf(until -> until <= now);
      said.domains.values().removeIf(until -> until <= now);
      host.shard()
          .nameServers()
          .put(
              each.getKey().name(),
              new ArrayList<>(said.servers.keySet()),
              new ArrayList<>(said.domains.keySet()));
      if (said.isEmpty()) {
        sources.remove(each.getKey());
      }
      for (long until : said.servers.values()) {
        next = Math.min(next, until);
      }
      for (long until : said.domains.values()) {
        next = Math.min(next, until);
      }
    }
    if (next == Long.MAX_VALUE) {
      host.shard().wheel().cancel(this);
    } else {
      host.shard().wheel().schedule(this, next);
    }
  }
}
