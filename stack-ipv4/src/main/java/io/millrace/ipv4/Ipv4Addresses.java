package io.millrace.ipv4;

import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import java.util.ArrayList;
import java.util.List;

/**
 * Our addresses and the broadcast addresses of their networks. Asked twice per packet: what one
 * compare can answer, one compare does.
 */
final class Ipv4Addresses {
  /** The limited broadcast address (RFC 1122 §3.2.1.3 (c)). */
  static final int LIMITED_BROADCAST = -1;

  /** 127.0.0.1. */
  static final int LOOPBACK = 0x7f00_0001;

  /** The all-hosts group, 224.0.0.1 (RFC 1112 §4). */
  static final int ALL_HOSTS = 0xe000_0001;

  /** The first half of link-local addresses, 169.254/16 (RFC 3927). */
  static final int LINK_LOCAL = 0xa9fe;

  /** An address of ours. */
  record Local(NetInterface on, IpPrefix prefix) {
    int address() {
      return prefix.address().v4Bits();
    }

    boolean covers(int other) {
      return ((other ^ address()) & prefix.v4Mask()) == 0;
    }
  }

  private final List<Local> all = new ArrayList<>();

  /** Whether we reach ourselves. */
  private final boolean loopback;

  /** The address that came first; 0 if there is none yet. */
  private int first;

  /** Whether there is more than one. */
  private boolean many;

  /** All addresses, open addressing; 0 marks an empty place. */
  private int[] set = new int[8];

  /** Directed broadcast addresses of our networks, all ones and all zeros. */
  private int[] broadcasts = {};

  Ipv4Addresses(boolean loopback) {
    this.loopback = loopback;
  }

  /** Adds an address; nothing happens if that interface has it. */
  boolean add(NetInterface on, IpPrefix prefix) {
    Local local = new Local(on, prefix);
    if (isOn(on, local.address())) {
      return false;
    }
    all.add(local);
    rebuild();
    return true;
  }

  /** Takes an address back. */
  void remove(NetInterface on, int address) {
    all.removeIf(each -> each.on() == on && each.address() == address);
    rebuild();
  }

  private void rebuild() {
    first = all.isEmpty() ? 0 : all.get(0).address();
    many = all.size() > 1;
    set = new int[Math.max(8, Integer.highestOneBit(all.size()) * 4)];
    List<Integer> groups = new ArrayList<>();
    for (Local each : all) {
      insert(each.address());
      // RFC 3021 §2.1: a network of two has no broadcast address; one of one has none either.
      if (each.prefix().length() <= 30) {
        int network = each.address() & each.prefix().v4Mask();
        // RFC 1122 §3.3.6: all zeros is recognised, too.
        groups.add(network);
        groups.add(network | ~each.prefix().v4Mask());
      }
    }
    broadcasts = groups.stream().distinct().mapToInt(Integer::intValue).toArray();
  }

  private void insert(int address) {
    int i = slot(address);
    while (set[i] != 0 && set[i] != address) {
      i = (i + 1) & (set.length - 1);
    }
    set[i] = address;
  }

  private int slot(int address) {
    return ((address * 0x9e37_79b9) >>> 16) & (set.length - 1);
  }

  /** Whether the address is one of ours. */
  boolean isLocal(int address) {
    return address == first ? address != 0 : many && isInSet(address);
  }

  /**
   * Whether a datagram to this address is for us and leads through no port: an address of ours, or
   * one of 127/8 (RFC 1122 §3.2.1.3 (g)).
   */
  boolean isReachedInside(int address) {
    return loopback && (isLocal(address) || isLoopback(address));
  }

  /** Whether sockets may have the address: an address of ours, or one of 127/8. */
  boolean isOurs(int address) {
    return isLocal(address) || (loopback && isLoopback(address));
  }

  private boolean isInSet(int address) {
    int i = slot(address);
    int there;
    while ((there = set[i]) != 0) {
      if (there == address) {
        return true;
      }
      i = (i + 1) & (set.length - 1);
    }
    return false;
  }

  /** Whether the address is a directed broadcast address of a network of ours. */
  boolean isDirectedBroadcast(int address) {
    for (int each : broadcasts) {
      if (each == address) {
        return true;
      }
    }
    return false;
  }

  /** Whether the address is one of ours on this interface. */
  boolean isOn(NetInterface on, int address) {
    for (int i = 0; i < all.size(); i++) {
      Local each = all.get(i);
      if (each.on() == on && each.address() == address) {
        return true;
      }
    }
    return false;
  }

  /** Whether the address is on a network that this interface has an address of. */
  boolean isOnLink(NetInterface on, int address) {
    for (int i = 0; i < all.size(); i++) {
      Local each = all.get(i);
      if (each.on() == on && each.covers(address)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The address to send from through an interface: one of the network that {@code towards} is on,
   * else the first of the interface, else the first of all, else 0.
   */
  int sourceFor(NetInterface through, int towards) {
    int best = 0;
    for (Local each : all) {
      if (each.on() == through) {
        if (each.covers(towards)) {
          return each.address();
        }
        best = best == 0 ? each.address() : best;
      }
    }
    return best == 0 ? first : best;
  }

  /** The first address of an interface, or 0 if it has none. */
  int firstOn(NetInterface on) {
    for (Local each : all) {
      if (each.on() == on) {
        return each.address();
      }
    }
    return 0;
  }

  List<Local> all() {
    return all;
  }

  // ---- what an address is by its number alone ----

  /** Class D, 224/4. */
  static boolean isMulticast(int address) {
    return address >>> 28 == 0xe;
  }

  /** 127/8: this host, and nothing that may be seen outside it (RFC 1122 §3.2.1.3 (g)). */
  static boolean isLoopback(int address) {
    return address >>> 24 == 127;
  }

  /**
   * 0/8, 127/8, multicast, class E and limited broadcast: no host sends from there (RFC 1122
   * §3.2.1.3).
   */
  static boolean isNoHost(int address) {
    int network = address >>> 24;
    return network == 0 || network == 127 || network >= 224;
  }
}
