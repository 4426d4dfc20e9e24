package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ipv4.dhcp.DhcpIdentity;
import io.millrace.ipv4.dhcp.DhcpLease;
import io.millrace.ipv4.dhcp.DhcpMachine;
import io.millrace.ipv4.dhcp.DhcpOptions.ClasslessRoute;
import io.millrace.ipv4.dhcp.DhcpOutput;
import io.millrace.link.Ethernet;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * The client of one interface: frames to the machine, and what it says to frames, addresses, routes
 * and name servers, on all shards. On the first shard.
 */
final class DhcpClient extends TimerNode implements AddressClaim.Owner {
  private static final Logger LOG = System.getLogger("io.millrace.dhcp");
  private static final int TTL = 64;

  /** Of the routes in leases. */
  private static final int METRIC = 1_024;

  private static final long MILLISECOND = 1_000_000;

  private final Shard shard;
  private final Arp arp;
  private final NetInterface on;
  private final DhcpConfig config;
  private final DhcpMachine machine;
  private final String source;

  /** Whence the last message that meant something came: the server's or a relay's. */
  private long serverMac = Ethernet.BROADCAST;

  private AddressClaim claim;
  private DhcpLease used;

  DhcpClient(Shard shard, Ipv4Family family, Arp arp, NetInterface on, DhcpConfig config) {
    this.shard = shard;
    this.arp = arp;
    this.on = on;
    this.config = config;
    this.source = "dhcp on " + on + " (port " + on.index() + ")";
    this.machine =
        new DhcpMachine(
            DhcpIdentity.of(on.mac(), on.index(), config.hostName()),
            on.mtu(),
            config.startDelay() * MILLISECOND,
            shard.random());
  }

  void start(long now) {
    machine.start(now);
    act(now);
  }

  /** The window is the message; the frame stays the caller's. */
  boolean input(Frame frame, long now) {
    boolean meant = machine.onMessage(frame.toByteArray(), now);
    if (meant && !frame.has(Frame.HANDED_OVER)) {
      long l3 = frame.l3Address();
      serverMac = Ethernet.source(l3 - Ethernet.headerSize(frame.vlan()));
    }
    act(now);
    return meant;
  }

  @Override
  protected void onTimer(long now) {
    if (now >= machine.nextDeadline()) {
      machine.onTimeout(now);
    }
    act(now);
  }

  @Override
  public void onFree(long now) {
    machine.onChecked(true, now);
    act(now);
  }

  @Override
  public void onConflict(long now) {
    machine.onChecked(false, now);
    machine.onConflict(now);
    act(now);
  }

  void close(long now) {
    if (config.release()) {
      machine.release();
      act(now);
    }
  }

  private void act(long now) {
    DhcpOutput output;
    while ((output = machine.poll()) != null) {
      switch (output) {
        case DhcpOutput.Send(var message, var from, var to) -> send(message, from, to);
        case DhcpOutput.Check(var lease) -> check(lease, now);
        case DhcpOutput.Bind(var lease) -> bind(lease, now);
        case DhcpOutput.Lose(var lease) -> lose(lease);
      }
    }
    long deadline = machine.nextDeadline();
    if (deadline == Long.MAX_VALUE) {
      shard.wheel().cancel(this);
    } else if (!isScheduled() || scheduledDeadline() != deadline) {
      shard.wheel().schedule(this, deadline);
    }
  }

  // ---- messages ----

  /** Past the routes: there is no address yet, or the server is on the link or behind a relay. */
  private void send(byte[] message, int from, int to) {
    Frame frame = shard.pool().allocate();
    if (frame == null) {
      shard.counters().drop(DropReason.NO_FRAME);
      return;
    }
    int udpLength = Dhcp.UDP_HEADER + message.length;
    int total = Ipv4Header.SIZE + udpLength;
    frame.append(total);
    long ip = frame.address();
    long udp = ip + Ipv4Header.SIZE;
    Bytes.put16(udp, Dhcp.CLIENT_PORT);
    Bytes.put16(udp + 2, Dhcp.SERVER_PORT);
    Bytes.put16(udp + 4, udpLength);
    Bytes.put16(udp + 6, 0);
    Bytes.copyIn(message, 0, udp + Dhcp.UDP_HEADER, message.length);
    long sum = Checksum.add(Dhcp.pseudoHeader(from, to) + udpLength, udp, udpLength);
    int checksum = Checksum.finish(sum);
    Bytes.put16(udp + 6, checksum == 0 ? 0xffff : checksum);
    Ipv4Header.write(ip, 0, total, 0, Ipv4Header.DF, TTL, IpProtocol.UDP, from, to);
    long header = frame.push(on.linkHeaderSize());
    long mac = to == Ipv4Addresses.LIMITED_BROADCAST ? Ethernet.BROADCAST : serverMac;
    Ethernet.write(header, mac, on.mac(), Ethernet.TYPE_IPV4, on.vlan());
    on.transmit(frame);
  }

  // ---- addresses ----

  private void check(DhcpLease lease, long now) {
    dropClaim();
    claim = arp.claim(on, lease.prefix(), this);
    if (config.probe()) {
      claim.probe(now);
    } else {
      machine.onChecked(true, now);
    }
  }

  private void bind(DhcpLease lease, long now) {
    DhcpLease before = used;
    used = lease;
    if (before == null) {
      claim.announce(now);
      LOG.log(Level.INFO, "{0}: {1}", source, lease.prefix());
    } else if (before.saysTheSameAs(lease)) {
      return; // prolonged: nothing to do, and no route has to be looked for again
    }
    onAll(
        (there, at) -> {
          if (before != null) {
            there.withdraw(before, at);
          }
          there.apply(lease, at, source);
        });
  }

  private void lose(DhcpLease lease) {
    LOG.log(Level.WARNING, "{0}: {1} is not ours any more", source, lease.prefix());
    used = null;
    dropClaim();
    onAll(
        (there, at) -> {
          there.withdraw(lease, at);
          there.family.shard().nameServers().remove(source);
          there.family.uninstall(at, lease.prefix());
        });
  }

  private void dropClaim() {
    if (claim != null) {
      arp.forget(claim);
      claim = null;
    }
  }

  // ---- on every shard ----

  private interface Change {
    void on(Settings there, NetInterface at);
  }

  private void onAll(Change change) {
    int index = on.index();
    shard
        .group()
        .submitToAll(
            each ->
                change.on(new Settings((Ipv4Family) each.ipv4()), each.networkInterface(index)));
  }

  /** What a lease says besides the address, on one shard. */
  private record Settings(Ipv4Family family) {
    /** A route that somebody has given stays as it is. */
    void apply(DhcpLease lease, NetInterface at, String source) {
      for (ClasslessRoute route : lease.routes()) {
        if (family.ways(route.destination()) == null) {
          family.addRoute(route.destination(), hop(route, at));
        }
      }
      family.limitMtu(at, lease.mtu());
      List<String> domains = lease.domain().isEmpty() ? List.of() : List.of(lease.domain());
      family.shard().nameServers().put(source, lease.dns(), domains);
    }

    void withdraw(DhcpLease lease, NetInterface at) {
      for (ClasslessRoute route : lease.routes()) {
        NextHops ways = family.ways(route.destination());
        NextHop hop = hop(route, at);
        if (ways != null && ways.all().contains(hop)) {
          family.removeRoute(route.destination(), hop);
        }
      }
      family.limitMtu(at, 0);
    }

    /** Told from a route that was given by its metric. */
    private static NextHop hop(ClasslessRoute route, NetInterface at) {
      return new NextHop(at, route.via(), METRIC, null);
    }
  }
}
