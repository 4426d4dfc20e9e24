package io.millrace.kernel;

import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.udp.NoRouteException;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a kernel's socket listens to. A filter becomes what {@link
 * java.nio.channels.MulticastChannel} has: INCLUDE a membership for each source, EXCLUDE one
 * membership with blocked sources.
 */
final class KernelGroups {
  private record Place(IpAddress group, NetworkInterface on) {}

  /** A filter and the memberships that stand for it, by source; EXCLUDE has one, under null. */
  private static final class Membership {
    private SourceFilter filter = SourceFilter.NOTHING;
    private final Map<IpAddress, MembershipKey> keys = new LinkedHashMap<>();

    private void dropAll() {
      keys.values().forEach(MembershipKey::drop);
      keys.clear();
      filter = SourceFilter.NOTHING;
    }
  }

  private final DatagramChannel channel;
  private final Map<Place, Membership> memberships = new HashMap<>();

  KernelGroups(DatagramChannel channel) {
    this.channel = channel;
  }

  void listen(IpAddress group, int on, SourceFilter wanted) throws IOException {
    if (!group.isMulticast()) {
      throw new IllegalArgumentException(group + " is not the address of a group");
    }
    Place place = new Place(group, interfaceFor(group, on));
    Membership membership = memberships.computeIfAbsent(place, each -> new Membership());
    try {
      if (wanted.isInclude() != membership.filter.isInclude()) {
        membership.dropAll();
      }
      if (wanted.isInclude()) {
        include(membership, place, wanted);
      } else {
        exclude(membership, place, wanted);
      }
      membership.filter = wanted;
    } catch (IOException | RuntimeException e) {
      membership.dropAll(); // the kernel's state is unknown: better none than another than said
      throw e;
    } finally {
      if (membership.filter.isNothing()) {
        memberships.remove(place);
      }
    }
  }

  private void include(Membership membership, Place place, SourceFilter wanted) throws IOException {
    for (IpAddress source : membership.filter.sources()) {
      if (!wanted.sources().contains(source)) {
        membership.keys.remove(source).drop();
      }
    }
    for (IpAddress source : wanted.sources()) {
      if (!membership.keys.containsKey(source)) {
        InetAddress group = place.group().toInetAddress();
        membership.keys.put(source, channel.join(group, place.on(), source.toInetAddress()));
      }
    }
  }

  private void exclude(Membership membership, Place place, SourceFilter wanted) throws IOException {
    MembershipKey key = membership.keys.get(null);
    if (key == null) {
      key = channel.join(place.group().toInetAddress(), place.on());
      membership.keys.put(null, key);
    }
    for (IpAddress source : membership.filter.sources()) {
      if (!wanted.sources().contains(source)) {
        key.unblock(source.toInetAddress());
      }
    }
    for (IpAddress source : wanted.sources()) {
      if (!membership.filter.sources().contains(source)) {
        key.block(source.toInetAddress());
      }
    }
  }

  SourceFilter filter(IpAddress group, int on) {
    if (memberships.isEmpty()) {
      return SourceFilter.NOTHING;
    }
    Membership there = memberships.get(new Place(group, interfaceFor(group, on)));
    return there == null ? SourceFilter.NOTHING : there.filter;
  }

  private static NetworkInterface interfaceFor(IpAddress group, int on) {
    return on == UdpSocket.DEFAULT_INTERFACE ? interfaceOfRoute(group) : interfaceNumber(on);
  }

  /** The interface that the kernel's route to a group leads through. */
  private static NetworkInterface interfaceOfRoute(IpAddress group) {
    try (DatagramChannel probe = DatagramChannel.open()) {
      probe.connect(new InetSocketAddress(group.toInetAddress(), 9)); // sends nothing
      InetAddress ours = ((InetSocketAddress) probe.getLocalAddress()).getAddress();
      NetworkInterface on = NetworkInterface.getByInetAddress(ours);
      if (on != null) {
        return on;
      }
    } catch (IOException e) {
      throw noRoute(group, e);
    }
    throw noRoute(group, null);
  }

  private static NoRouteException noRoute(IpAddress group, IOException cause) {
    NoRouteException e =
        new NoRouteException("there is no route to the group " + group + "; name an interface");
    e.initCause(cause);
    return e;
  }

  static NetworkInterface interfaceNumber(int on) {
    try {
      NetworkInterface found = on < 0 ? null : NetworkInterface.getByIndex(on);
      if (found != null) {
        return found;
      }
    } catch (SocketException e) {
      throw new IllegalArgumentException("the interface with number " + on + " is not usable", e);
    }
    throw new IllegalArgumentException("there is no interface with number " + on);
  }
}
