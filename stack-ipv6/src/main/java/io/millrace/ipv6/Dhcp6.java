package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.dhcp.Dhcp6Wishes;
import io.millrace.ipv6.nd.NeighborDiscovery;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * DHCPv6 on one shard: takes what servers send out of the way up. The first shard has the clients;
 * the others give it what they receive.
 */
final class Dhcp6 {
  static final int CLIENT_PORT = 546;
  static final int SERVER_PORT = 547;
  static final int UDP_HEADER = 8;
  private static final int PORTS = SERVER_PORT << 16 | CLIENT_PORT;

  private final Shard shard;
  private final Ipv6Family family;
  private final Dhcp6Config config;

  /** The interfaces on which servers are listened to; with their clients on the first shard. */
  private final List<NetInterface> interfaces = new ArrayList<>();

  private final Map<NetInterface, Dhcp6Client> clients = new HashMap<>();

  Dhcp6(Shard shard, Ipv6Family family) {
    this.shard = shard;
    this.family = family;
    this.config = shard.setting(Dhcp6Config.class, Dhcp6Config.defaults());
  }

  /** The port was given the word {@code dhcp6}. */
  void add(NetInterface on, NeighborDiscovery discovery, long now) {
    if (listen(on)) {
      client(on, discovery).want(Dhcp6Client.Wanted.ALL, now);
    }
  }

  /**
   * A router on a port with {@code auto} or {@code dhcp6} has advertised itself.
   *
   * @param router the low half of its link-local address
   * @param auto whether the port makes addresses of prefixes, so that the flags say what is to be
   *     asked for
   */
  void routerSays(
      NetInterface on,
      NeighborDiscovery discovery,
      long router,
      boolean auto,
      boolean managed,
      boolean other,
      long now) {
    boolean asks = auto && config.followRouters() && (managed || other);
    if ((asks || interfaces.contains(on)) && listen(on)) {
      Dhcp6Client client = client(on, discovery);
      if (asks) {
        client.want(managed ? Dhcp6Client.Wanted.ADDRESSES : Dhcp6Client.Wanted.INFORMATION, now);
      }
      client.heard(router, now);
    }
  }

  /** Whether this shard has the client. */
  private boolean listen(NetInterface on) {
    if (!interfaces.contains(on)) {
      interfaces.add(on);
    }
    return shard.index() == 0;
  }

  private Dhcp6Client client(NetInterface on, NeighborDiscovery discovery) {
    return clients.computeIfAbsent(
        on, each -> new Dhcp6Client(shard, family, this, discovery, each, config));
  }

  boolean isActive() {
    return !interfaces.isEmpty();
  }

  /** Who we are: the same on all interfaces (RFC 8415 §11). */
  byte[] duid() {
    return config.identity() == null
        ? Dhcp6Wishes.duid(shard.networkInterface(0).mac())
        : Dhcp6Wishes.duid(config.identity());
  }

  /** The networks of a client have changed. */
  void prefixesChanged() {
    config.prefixes().accept(clients.values().stream().flatMap(Dhcp6Client::prefixes).toList());
  }

  void close(long now) {
    clients.values().forEach(each -> each.close(now));
  }

  /** Whether a datagram of UDP, its window at the UDP header, is for a client. */
  boolean isFor(Frame frame, NetInterface from) {
    return frame.length() >= UDP_HEADER
        && Bytes.i32(frame.address()) == PORTS
        && !frame.has(Frame.IP_MULTICAST)
        && interfaces.contains(from);
  }

  /** Takes ownership of a frame that {@link #isFor} a client. */
  void input(Frame frame, NetInterface from, long now) {
    if (shard.index() != 0) {
      shard.group().handOver(frame, 0);
      return;
    }
    DropReason dropped = check(frame);
    if (dropped == null) {
      frame.pull(UDP_HEADER);
      Dhcp6Client client = clients.get(from);
      boolean meant = client != null && client.input(frame, now);
      dropped = meant ? null : DropReason.DHCP_IGNORED;
    }
    if (dropped != null) {
      shard.counters().drop(dropped);
    }
    frame.release();
  }

  /** What UDP checks (RFC 768, RFC 8200 §8.1); cuts off what is behind the datagram. */
  private static DropReason check(Frame frame) {
    long header = frame.address();
    int length = Bytes.u16(header + 4);
    if (length < UDP_HEADER || length > frame.length()) {
      return DropReason.UDP_BAD_LENGTH;
    }
    frame.trim(length);
    if (frame.has(Frame.RX_CHECKSUM_OK | Frame.CHECKSUM_PARTIAL)) {
      return null;
    }
    long sum =
        length
            + Checksum.pseudoHeader(
                Ipv6Scope.onWire(frame.sourceHi()),
                frame.sourceLo(),
                Ipv6Scope.onWire(frame.destinationHi()),
                frame.destinationLo(),
                IpProtocol.UDP);
    boolean good =
        Bytes.u16(header + 6) != 0 && Checksum.fold(Checksum.add(sum, header, length)) == 0xffff;
    return good ? null : DropReason.UDP_BAD_CHECKSUM;
  }
}
