package io.millrace.ipv6;

import io.millrace.ip.AddressPolicy;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.SourceSelection;
import io.millrace.ipv6.nd.AddressState;
import io.millrace.net.NetInterface;
import java.util.ArrayList;
import java.util.List;

/**
 * Our unicast addresses, link-local ones with their zones. Asked twice per packet: what one compare
 * can answer, one compare does.
 */
final class Ipv6Addresses {
  /** An address of ours, in the form inside the stack. */
  record Local(NetInterface on, IpPrefix prefix, AddressState state) {
    long hi() {
      return prefix.address().hi();
    }

    long lo() {
      return prefix.address().lo();
    }

    boolean isLinkLocal() {
      return Ipv6Scope.isLinkLocal(hi());
    }
  }

  private final SourceSelection selection = new SourceSelection(AddressPolicy.defaults());
  private final List<Local> all = new ArrayList<>();

  /** Whether we reach ourselves. */
  private final boolean loopback;

  /** The address that is asked for most: the first that is not link-local, else the first. */
  private long firstHi;

  private long firstLo;

  /** All addresses, two longs each, open addressing; 0 and 0 mark an empty place. */
  private long[] set = new long[16];

  private int mask = 7;

  Ipv6Addresses(boolean loopback) {
    this.loopback = loopback;
  }

  /** Adds an address, or gives it another state; says whether anything changed. */
  boolean put(NetInterface on, IpPrefix prefix, AddressState state) {
    Local local = new Local(on, prefix, state);
    int i = indexOf(on, prefix.address());
    if (i < 0) {
      all.add(local);
    } else if (all.get(i).equals(local)) {
      return false;
    } else {
      all.set(i, local);
    }
    rebuild();
    return true;
  }

  /** Takes an address back; says whether it was there. */
  boolean remove(NetInterface on, IpAddress address) {
    int i = indexOf(on, address);
    if (i < 0) {
      return false;
    }
    all.remove(i);
    rebuild();
    return true;
  }

  private int indexOf(NetInterface on, IpAddress address) {
    for (int i = 0; i < all.size(); i++) {
      Local each = all.get(i);
      if (each.on() == on && each.prefix().address().equals(address)) {
        return i;
      }
    }
    return -1;
  }

  private void rebuild() {
    int places = Math.max(8, Integer.highestOneBit(Math.max(1, all.size())) * 4);
    mask = places - 1;
    set = new long[places * 2];
    firstHi = 0;
    firstLo = 0;
    for (Local each : all) {
      if ((firstHi | firstLo) == 0 || (Ipv6Scope.isLinkLocal(firstHi) && !each.isLinkLocal())) {
        firstHi = each.hi();
        firstLo = each.lo();
      }
      int i = slot(each.hi(), each.lo());
      while ((set[i * 2] | set[i * 2 + 1]) != 0 && !isAt(i, each.hi(), each.lo())) {
        i = (i + 1) & mask;
      }
      set[i * 2] = each.hi();
      set[i * 2 + 1] = each.lo();
    }
  }

  private int slot(long hi, long lo) {
    return (int) ((hi * 31 + lo) * 0x9e37_79b9_7f4a_7c15L >>> 40) & mask;
  }

  private boolean isAt(int i, long hi, long lo) {
    return set[i * 2 + 1] == lo && set[i * 2] == hi;
  }

  /** Whether the address is one of ours. */
  boolean isLocal(long hi, long lo) {
    return lo == firstLo && hi == firstHi ? (hi | lo) != 0 : isInSet(hi, lo);
  }

  /** Whether a packet to this address is for us and leads through no port; so is that to ::1. */
  boolean isReachedInside(long hi, long lo) {
    return loopback && (isLocal(hi, lo) || isLoopback(hi, lo));
  }

  /** Whether sockets may have the address: an address of ours, or ::1. */
  boolean isOurs(long hi, long lo) {
    return isLocal(hi, lo) || (loopback && isLoopback(hi, lo));
  }

  private boolean isInSet(long hi, long lo) {
    int i = slot(hi, lo);
    while ((set[i * 2] | set[i * 2 + 1]) != 0) {
      if (isAt(i, hi, lo)) {
        return true;
      }
      i = (i + 1) & mask;
    }
    return false;
  }

  /** The address on this interface, or null. */
  Local find(NetInterface on, IpAddress address) {
    int i = indexOf(on, address);
    return i < 0 ? null : all.get(i);
  }

  /** The interface of an address of ours, or null. */
  NetInterface interfaceOf(long hi, long lo) {
    for (Local each : all) {
      if (each.lo() == lo && each.hi() == hi) {
        return each.on();
      }
    }
    return null;
  }

  /**
   * The address to send from to a destination that is reached through an interface (RFC 6724 §5).
   *
   * @param settled whether an optimistic address is out of the question (RFC 4429 §3.3)
   * @return null if there is none
   */
  IpAddress sourceFor(NetInterface through, IpAddress destination, boolean settled) {
    List<SourceSelection.Candidate> candidates = new ArrayList<>();
    for (Local each : all) {
      // RFC 6724 §4: link-local sources and destinations are of one link; for groups the sources
      // are those of the interface.
      boolean fits = each.on() == through || !(each.isLinkLocal() || isLinkBound(destination));
      if (fits && !(settled && each.state() == AddressState.OPTIMISTIC)) {
        candidates.add(
            new SourceSelection.Candidate(
                each.prefix().address(),
                each.prefix().length(),
                // RFC 4429 §3.1: an optimistic address is chosen as a deprecated one would be.
                each.state() != AddressState.PREFERRED,
                false,
                each.on() == through));
      }
    }
    SourceSelection.Candidate best = selection.select(candidates, destination);
    return best == null ? null : best.address();
  }

  private static boolean isLinkBound(IpAddress destination) {
    return Ipv6Scope.isLinkLocal(destination.hi()) || isMulticast(destination.hi());
  }

  List<Local> all() {
    return all;
  }

  // ---- what an address is by its number alone ----

  /** ::1: this host, and nothing that may be seen outside it (RFC 4291 §2.5.3). */
  static boolean isLoopback(long hi, long lo) {
    return hi == 0 && lo == 1;
  }

  /** ff00::/8. */
  static boolean isMulticast(long hi) {
    return hi >>> 56 == 0xff;
  }

  /**
   * Whether nobody sends from there, and nobody there is sent to: groups, loopback, IPv4 in IPv6's
   * clothes (RFC 4291 §2.5.3, §2.5.5, §2.7), and link-local addresses with bits that are zero on
   * the wire (§2.5.6). The unspecified address is another matter.
   */
  static boolean isNoHost(long hi, long lo) {
    return isMulticast(hi) || (hi == 0 && isReserved(lo)) || !Ipv6Scope.isWireForm(hi);
  }

  /** ::1, ::ffff:0:0/96. */
  private static boolean isReserved(long lo) {
    return lo == 1 || lo >>> 32 == 0xffff;
  }
}
