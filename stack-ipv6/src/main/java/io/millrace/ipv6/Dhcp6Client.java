package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.dhcp.Dhcp6Binding;
import io.millrace.ipv6.dhcp.Dhcp6Machine;
import io.millrace.ipv6.dhcp.Dhcp6Output;
import io.millrace.ipv6.dhcp.Dhcp6Wishes;
import io.millrace.ipv6.nd.LeaseHolder;
import io.millrace.ipv6.nd.NeighborDiscovery;
import io.millrace.link.Ethernet;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The client of one interface: frames to the machine, and what it says to frames, addresses,
 * delegated networks and name servers. On the first shard.
 */
final class Dhcp6Client extends TimerNode implements LeaseHolder {
  /** What is asked for; each of them includes the one before. */
  enum Wanted {
    NOTHING,
    /** DNS servers and domains. */
    INFORMATION,
    ADDRESSES,
    /** Addresses, and networks if they are configured. */
    ALL
  }

  private static final Logger LOG = System.getLogger("io.millrace.dhcp");

  /** All_DHCP_Relay_Agents_and_Servers, ff02::1:2 (RFC 8415 §7.1). */
  private static final long SERVERS_HI = 0xff02L << 48;

  private static final long SERVERS_LO = 0x1_0002;

  /** Relays are on the link. */
  private static final int HOP_LIMIT = 1;

  /** How soon to look again whether there is a link-local address to send from. */
  private static final long ADDRESS_WAIT = 250_000_000;

  /** Routers that are remembered: one more may mean that the link is another. */
  private static final int MOST_ROUTERS = 8;

  private final Shard shard;
  private final Ipv6Family family;
  private final Dhcp6 dhcp;
  private final NeighborDiscovery discovery;
  private final NetInterface on;
  private final Dhcp6Config config;
  private final String source;
  private final List<Long> routers = new ArrayList<>();
  private Wanted wanted = Wanted.NOTHING;
  private Dhcp6Machine machine;
  private boolean started;
  private boolean closing;
  private Dhcp6Binding used;

  Dhcp6Client(
      Shard shard,
      Ipv6Family family,
      Dhcp6 dhcp,
      NeighborDiscovery discovery,
      NetInterface on,
      Dhcp6Config config) {
    this.shard = shard;
    this.family = family;
    this.dhcp = dhcp;
    this.discovery = discovery;
    this.on = on;
    this.config = config;
    this.source = "dhcp6 on " + on + " (port " + on.index() + ")";
  }

  /** Asks for more than before; less is never asked for, as routers may disagree. */
  void want(Wanted more, long now) {
    if (more.compareTo(wanted) <= 0) {
      return;
    }
    wanted = more;
    machine =
        new Dhcp6Machine(
            new Dhcp6Wishes(
                dhcp.duid(),
                on.index(),
                more.compareTo(Wanted.ADDRESSES) >= 0,
                more == Wanted.ALL ? config.prefixLength() : 0,
                config.rapidCommit()),
            shard.random());
    started = false;
    begin(now);
  }

  /** Begins when there is an address to send from. */
  private void begin(long now) {
    if (linkLocal() == null) {
      shard.wheel().schedule(this, now + ADDRESS_WAIT);
      return;
    }
    started = true;
    machine.start(now);
    act(now);
  }

  /** A router has advertised itself; one that was never heard of may mean another link. */
  void heard(long router, long now) {
    if (!routers.contains(router) && routers.size() < MOST_ROUTERS) {
      routers.add(router);
      if (routers.size() > 1) {
        machine.onLinkChange(now);
        act(now);
      }
    }
  }

  /** The window is the message; the frame stays the caller's. */
  boolean input(Frame frame, long now) {
    boolean meant = machine.onMessage(frame.toByteArray(), now);
    act(now);
    return meant;
  }

  @Override
  protected void onTimer(long now) {
    if (!started) {
      begin(now);
      return;
    }
    if (now >= machine.nextDeadline()) {
      machine.onTimeout(now);
    }
    act(now);
  }

  @Override
  public void onDuplicate(IpAddress address, long now) {
    machine.onDuplicate(address, now);
    act(now);
  }

  void close(long now) {
    closing = true;
    if (config.release()) {
      machine.release(now);
      act(now);
    }
    shard.wheel().cancel(this);
  }

  private void act(long now) {
    for (Dhcp6Output output; (output = machine.poll()) != null; ) {
      switch (output) {
        case Dhcp6Output.Send(var message) -> send(message);
        case Dhcp6Output.Bind(var binding) -> bind(binding, now);
        case Dhcp6Output.Lose(var binding) -> lose(binding);
        case Dhcp6Output.Inform(var dns, var domains) -> names(dns, domains);
      }
    }
    if (!started) {
      return;
    }
    long deadline = machine.nextDeadline();
    if (deadline == Long.MAX_VALUE) {
      shard.wheel().cancel(this);
    } else if (!isScheduled() || scheduledDeadline() != deadline) {
      shard.wheel().schedule(this, deadline);
    }
  }

  // ---- messages ----

  /** Our link-local address, or null while there is none. */
  private IpAddress linkLocal() {
    IpAddress address = family.ndHost().sourceFor(on, SERVERS_HI, SERVERS_LO);
    return address != null && Ipv6Scope.isLinkLocal(address.hi()) ? address : null;
  }

  private void send(byte[] message) {
    IpAddress from = linkLocal();
    Frame frame = from == null ? null : shard.pool().allocate();
    if (frame == null) {
      // The message is repeated.
      shard.counters().drop(from == null ? DropReason.IP_NO_ROUTE : DropReason.NO_FRAME);
      return;
    }
    int length = Dhcp6.UDP_HEADER + message.length;
    long udp = frame.append(length);
    Bytes.put16(udp, Dhcp6.CLIENT_PORT);
    Bytes.put16(udp + 2, Dhcp6.SERVER_PORT);
    Bytes.put16(udp + 4, length);
    Bytes.put16(udp + 6, 0);
    Bytes.copyIn(message, 0, udp + Dhcp6.UDP_HEADER, message.length);
    long sum =
        length
            + Checksum.pseudoHeader(from.hi(), from.lo(), SERVERS_HI, SERVERS_LO, IpProtocol.UDP);
    int checksum = Checksum.finish(Checksum.add(sum, udp, length));
    // RFC 8200 §8.1: zero would mean that there is none.
    Bytes.put16(udp + 6, checksum == 0 ? 0xffff : checksum);
    Ipv6Header.write(
        frame.push(Ipv6Header.SIZE),
        0,
        0,
        length,
        IpProtocol.UDP,
        HOP_LIMIT,
        from.hi(),
        from.lo(),
        SERVERS_HI,
        SERVERS_LO);
    frame.markL3();
    long header = frame.push(on.linkHeaderSize());
    Ethernet.write(
        header, Ipv6Family.groupMac(SERVERS_LO), on.mac(), Ethernet.TYPE_IPV6, on.vlan());
    on.transmit(frame);
  }

  // ---- what is granted ----

  private void bind(Dhcp6Binding binding, long now) {
    Dhcp6Binding before = used;
    used = binding;
    if (before != null) {
      for (Dhcp6Binding.Address each : before.addresses()) {
        if (binding.addresses().stream().noneMatch(a -> a.address().equals(each.address()))) {
          discovery.endLease(on, each.address());
        }
      }
    }
    if (before == null) {
      LOG.log(Level.INFO, "{0}: {1}", source, text(binding));
    }
    names(binding.dns(), binding.domains());
    if (!binding.prefixes().isEmpty() || (before != null && !before.prefixes().isEmpty())) {
      dhcp.prefixesChanged();
    }
    // Last, as one of them may turn out to be in use by somebody else.
    for (Dhcp6Binding.Address each : binding.addresses()) {
      discovery.lease(on, each.address(), each.preferredUntil(), each.validUntil(), this, now);
    }
  }

  private void lose(Dhcp6Binding binding) {
    if (!closing) {
      LOG.log(Level.WARNING, "{0}: no longer ours: {1}", source, text(binding));
    }
    used = null;
    binding.addresses().forEach(each -> discovery.endLease(on, each.address()));
    names(List.of(), List.of());
    if (!binding.prefixes().isEmpty()) {
      dhcp.prefixesChanged();
    }
  }

  private static String text(Dhcp6Binding binding) {
    return Stream.concat(
            binding.addresses().stream().map(Dhcp6Binding.Address::address),
            binding.prefixes().stream().map(Dhcp6Binding.Prefix::prefix))
        .map(Object::toString)
        .reduce((a, b) -> a + ", " + b)
        .orElse("nothing");
  }

  /** The networks that are ours to give out. */
  Stream<DelegatedPrefix> prefixes() {
    return used == null
        ? Stream.of()
        : used.prefixes().stream()
            .map(
                each ->
                    new DelegatedPrefix(
                        on.index(), each.prefix(), each.preferredUntil(), each.validUntil()));
  }

  private void names(List<IpAddress> dns, List<String> domains) {
    List<IpAddress> zoned =
        dns.stream()
            .map(each -> new IpAddress(Ipv6Scope.onLink(each.hi(), on.index()), each.lo()))
            .toList();
    shard.group().submitToAll(each -> each.nameServers().put(source, zoned, domains));
  }
}
