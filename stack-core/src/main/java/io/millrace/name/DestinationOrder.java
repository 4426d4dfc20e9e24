package io.millrace.name;

import io.millrace.ip.AddressPolicy;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Route;
import io.millrace.ip.SourceSelection;
import io.millrace.net.Shard;
import java.util.List;

/**
 * The addresses of a name in the order in which to try them from this host (RFC 6724 §6): those
 * that can be reached first, then those that our own addresses suit best.
 *
 * <p>Rule 9, the longest matching prefix, counts for IPv4 on our own networks only: elsewhere its
 * prefixes say nothing about distance, and the order that a server chose to spread load is kept.
 * <b>Thread:</b> the shard's.
 */
public final class DestinationOrder {
  private static final SourceSelection SELECTION = new SourceSelection(AddressPolicy.defaults());

  private DestinationOrder() {}

  /** Sorts; equals stay in the order they came in. */
  public static List<IpAddress> sort(Shard shard, List<IpAddress> addresses) {
    boolean routed = shard.ipv4() != null || shard.ipv6() != null;
    // On the sockets of the system the system chooses the source, and we cannot know which.
    return addresses.size() < 2 || !routed
        ? addresses
        : SELECTION.sort(addresses, each -> source(shard, each));
  }

  private static SourceSelection.Candidate source(Shard shard, IpAddress destination) {
    IpFamily family = destination.isV4() ? shard.ipv4() : shard.ipv6();
    Route route = family == null ? null : family.route(0, 0, destination.hi(), destination.lo());
    if (route == null) {
      return null;
    }
    IpAddress source = new IpAddress(route.sourceHi(), route.sourceLo());
    int bits = 0;
    for (IpPrefix each : family.addresses()) {
      if (each.address().equals(source)) {
        bits = bits(each, destination);
      }
    }
    return new SourceSelection.Candidate(source, bits, false, false, true);
  }

  /** In how many bits, at most, a destination is compared with an address of ours. */
  private static int bits(IpPrefix ours, IpAddress destination) {
    if (!destination.isV4()) {
      return ours.length();
    }
    int difference = ours.address().v4Bits() ^ destination.v4Bits();
    return (difference & ours.v4Mask()) == 0 ? 96 + ours.length() : 0;
  }
}
