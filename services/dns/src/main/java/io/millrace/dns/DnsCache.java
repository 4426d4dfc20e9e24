package io.millrace.dns;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Answers for as long as their TTL says, those that say that there is nothing among them (RFC 2308
 * §5). What has not been asked for the longest gives way to what is new. <b>Thread:</b> the
 * shard's.
 */
final class DnsCache {
  private static final long SECOND = 1_000_000_000;

  private record Kept(Reply reply, long expires) {}

  private final int maxEntries;
  private final long maxTtl;
  private final long maxNegativeTtl;
  private final LinkedHashMap<Question, Kept> entries;

  DnsCache(DnsConfig config) {
    this.maxEntries = config.cacheEntries();
    this.maxTtl = config.maxTtl();
    this.maxNegativeTtl = config.maxNegativeTtl();
    this.entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Question, Kept> eldest) {
            return size() > maxEntries;
          }
        };
  }

  /** The answer that is still good, or null. */
  Reply get(Question question, long now) {
    Kept entry = entries.get(question);
    if (entry == null) {
      return null;
    }
    if (now >= entry.expires) {
      entries.remove(question);
      return null;
    }
    return entry.reply;
  }

  void put(Question question, Reply reply, long now) {
    long most = reply instanceof Reply.Nothing ? maxNegativeTtl : maxTtl;
    long ttl = Math.min(reply.ttl(), most);
    if (ttl > 0) {
      entries.put(question, new Kept(reply, now + ttl * SECOND));
    }
  }

  int size() {
    return entries.size();
  }

  void clear() {
    entries.clear();
  }
}
