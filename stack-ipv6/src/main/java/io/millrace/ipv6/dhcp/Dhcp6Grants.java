package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a message grants, put together with what was granted before (RFC 8415 §18.2.10.1). */
final class Dhcp6Grants {
  private static final long SECOND = 1_000_000_000;
  private static final long FOREVER = 0xffff_ffffL;

  /** A lease that ends within seconds would only be work. */
  private static final long LEAST_VALID = 10;

  private final long now;
  private final Map<IpAddress, Dhcp6Binding.Address> addresses = new LinkedHashMap<>();
  private final Map<IpPrefix, Dhcp6Binding.Prefix> prefixes = new LinkedHashMap<>();
  private long t1 = FOREVER;
  private long t2 = FOREVER;
  private boolean said;

  /**
   * Reads a message.
   *
   * @param before what is in use, or null
   * @return null if the message says nothing about what is wanted; an empty binding if it takes all
   *     of it away
   */
  static Dhcp6Binding read(
      Dhcp6Message message, Dhcp6Wishes wishes, Dhcp6Binding before, long now) {
    Dhcp6Grants grants = new Dhcp6Grants(before, now);
    if (wishes.addresses()) {
      grants.association(message, Dhcp6Message.IA_NA, Dhcp6Message.IA_ADDRESS, wishes.iaid());
    }
    if (wishes.prefixLength() != 0) {
      grants.association(message, Dhcp6Message.IA_PD, Dhcp6Message.IA_PREFIX, wishes.iaid());
    }
    return grants.said ? grants.binding(message) : null;
  }

  private Dhcp6Grants(Dhcp6Binding before, long now) {
    this.now = now;
    if (before != null) {
      // §18.2.10.1: what the server does not speak of stays as it was.
      before.addresses().stream()
          .filter(each -> each.validUntil() > now)
          .forEach(each -> addresses.put(each.address(), each));
      before.prefixes().stream()
          .filter(each -> each.validUntil() > now)
          .forEach(each -> prefixes.put(each.prefix(), each));
    }
  }

  private void association(Dhcp6Message message, int kind, int inner, int iaid) {
    Dhcp6Message.Association found = message.association(kind, iaid);
    if (found == null || found.status() != Dhcp6Message.SUCCESS) {
      return;
    }
    boolean any = false;
    for (Dhcp6Message.Entry each : Dhcp6Message.entries(found, inner)) {
      any |= kind == Dhcp6Message.IA_NA ? address(each) : prefix(each);
    }
    if (any) {
      said = true;
      t1 = found.t1() == 0 ? t1 : Math.min(t1, found.t1());
      t2 = found.t2() == 0 ? t2 : Math.min(t2, found.t2());
    }
  }

  /** Whether an entry says something that counts. */
  private boolean address(Dhcp6Message.Entry entry) {
    IpAddress address = entry.prefix().address();
    if (entry.valid() == 0) {
      // §18.2.10.1: what the server takes away.
      return addresses.remove(address) != null;
    }
    if (entry.valid() < LEAST_VALID) {
      return false;
    }
    addresses.put(
        address, new Dhcp6Binding.Address(address, at(entry.preferred()), at(entry.valid())));
    return true;
  }

  private boolean prefix(Dhcp6Message.Entry entry) {
    if (entry.valid() == 0) {
      return prefixes.remove(entry.prefix()) != null;
    }
    if (entry.valid() < LEAST_VALID) {
      return false;
    }
    prefixes.put(
        entry.prefix(),
        new Dhcp6Binding.Prefix(entry.prefix(), at(entry.preferred()), at(entry.valid())));
    return true;
  }

  private Dhcp6Binding binding(Dhcp6Message message) {
    long shortest = Long.MAX_VALUE;
    long end = 0;
    for (Dhcp6Binding.Address each : addresses.values()) {
      shortest = Math.min(shortest, each.preferredUntil());
      end = Math.max(end, each.validUntil());
    }
    for (Dhcp6Binding.Prefix each : prefixes.values()) {
      shortest = Math.min(shortest, each.preferredUntil());
      end = Math.max(end, each.validUntil());
    }
    boolean forever = shortest == Long.MAX_VALUE;
    long least = Math.max(shortest - now, LEAST_VALID * SECOND);
    // §21.4: where the server leaves it to us, half and four fifths of the shortest time.
    long rebind = t2 != FOREVER ? at(Math.max(t2, 2)) : forever ? end : now + least / 5 * 4;
    long renew = t1 != FOREVER ? at(Math.max(t1, 1)) : forever ? end : now + least / 2;
    rebind = Math.min(rebind, end);
    return new Dhcp6Binding(
        List.copyOf(addresses.values()),
        List.copyOf(prefixes.values()),
        message.dnsServers(),
        message.domains(),
        Math.min(renew, rebind),
        rebind,
        end);
  }

  private long at(long seconds) {
    return seconds == FOREVER ? Long.MAX_VALUE : now + seconds * SECOND;
  }
}
