package io.millrace.testkit;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpFamilyProvider;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.ip.SourceFilter;
import io.millrace.link.Ethernet;
import io.millrace.multicast.Memberships;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import java.util.List;

/**
 * As much of IPv4 as a transport needs to be tested without the real one: headers, no options, no
 * fragments, no ARP. The host with the last byte N has the link address 02:00:00:00:00:N, which is
 * what the Nth end of a {@link SimulatedLink} gets.
 *
 * <p>A module that wants it names {@link Provider} in the service file of its tests.
 */
public final class PlainIpv4 implements IpFamily {
  private static final int HEADER = 20;

  private final Shard shard;
  private final List<IpPrefix> addresses = new ArrayList<>();
  private final List<PlainRoute> routes = new ArrayList<>();
  private final List<IcmpError> unreachables = new ArrayList<>();
  private final Memberships memberships;
  private NetInterface networkInterface;

  private PlainIpv4(Shard shard) {
    this.shard = shard;
    this.memberships =
        new Memberships(
            shard, each -> ((PlainIpv4) each.ipv4()).memberships, (on, group, wanted, now) -> {});
  }

  /** Makes it, found through a service file. */
  public static final class Provider implements IpFamilyProvider {
    /** For the service loader. */
    public Provider() {}

    @Override
    public int version() {
      return 4;
    }

    @Override
    public IpFamily create(Shard shard) {
      return new PlainIpv4(shard);
    }
  }

  /** The answers that transports have asked for, oldest first; none is sent. */
  public List<IcmpError> unreachables() {
    return unreachables;
  }

  /** Sets the path MTU of all routes that there are, in bytes. */
  public void pathMtu(int bytes) {
    routes.forEach(route -> route.mtu = bytes);
  }

  @Override
  public int version() {
    return 4;
  }

  @Override
  public void input(Frame frame, NetInterface from, long now) {
    long header = frame.address();
    long source = IpAddress.v4Lo(Bytes.i32(header + 12));
    long destination = IpAddress.v4Lo(Bytes.i32(header + 16));
    if (frame.length() < HEADER || Bytes.u8(header) != 0x45) {
      drop(frame, DropReason.IP_BAD_LENGTH);
      return;
    }
    int length = Bytes.u16(header + 2);
    if (length < HEADER || length > frame.length()) {
      drop(frame, DropReason.IP_TRUNCATED);
      return;
    }
    if (isBroadcast(destination) || isGroupOfOurs(destination, from)) {
      frame.set(Frame.IP_MULTICAST);
    } else if (!isLocal(0, destination)) {
      drop(frame, DropReason.IP_NOT_FOR_US);
      return;
    }
    frame.trim(length);
    frame.addresses(0, source, 0, destination);
    frame.classAndHops(Bytes.u8(header + 1), Bytes.u8(header + 8));
    frame.pull(HEADER);
    dispatch(frame, Bytes.u8(header + 9), now);
  }

  private void dispatch(Frame frame, int protocol, long now) {
    Transport transport =
        switch (protocol) {
          case IpProtocol.TCP -> shard.tcp();
          case IpProtocol.UDP -> shard.udp();
          case IpProtocol.SCTP -> shard.sctp();
          case IpProtocol.UDP_LITE -> shard.udpLite();
          default -> null;
        };
    if (transport != null) {
      transport.input(frame, now);
    } else {
      drop(frame, DropReason.IP_PROTOCOL_UNKNOWN);
    }
  }

  private void drop(Frame frame, DropReason reason) {
    shard.counters().drop(reason);
    frame.release();
  }

  private boolean isBroadcast(long lo) {
    if ((int) lo == -1) {
      return true;
    }
    for (int i = 0; i < addresses.size(); i++) {
      if ((int) lo == broadcast(addresses.get(i))) {
        return true;
      }
    }
    return false;
  }

  private boolean isGroupOfOurs(long lo, NetInterface on) {
    return IpAddress.isAllNodes(0, lo) || memberships.accepts(on.index(), 0, lo);
  }

  @Override
  public void listen(
      Object listener, NetInterface on, long groupHi, long groupLo, SourceFilter wanted, long now) {
    memberships.listen(listener, on, groupHi, groupLo, wanted, now);
  }

  @Override
  public Route groupRoute(
      NetInterface through, long sourceHi, long sourceLo, long groupHi, long groupLo) {
    return route(sourceHi, sourceLo, groupHi, groupLo);
  }

  /** What the interface has to hear of a group. */
  public SourceFilter filter(IpAddress group) {
    return memberships.filter(networkInterface, group.hi(), group.lo());
  }

  private static int broadcast(IpPrefix prefix) {
    return prefix.address().v4Bits() | ~prefix.v4Mask();
  }

  @Override
  public void resolutionInput(Frame frame, NetInterface from, long now) {
    frame.release();
  }

  @Override
  public void addAddress(NetInterface to, IpPrefix address, long now) {
    networkInterface = to;
    addresses.add(address);
  }

  @Override
  public void addRoute(IpPrefix destination, IpAddress via, NetInterface through) {
    throw new UnsupportedOperationException("plain IPv4 knows its own network only");
  }

  @Override
  public Route route(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    for (int i = 0; i < routes.size(); i++) {
      PlainRoute route = routes.get(i);
      if (route.destinationLo() == destinationLo
          && (route.sourceLo() == sourceLo || (int) sourceLo == 0)) {
        return route;
      }
    }
    IpPrefix own = null;
    for (IpPrefix each : addresses) {
      boolean asked = (int) sourceLo == 0 || each.address().lo() == sourceLo;
      int difference = each.address().v4Bits() ^ (int) destinationLo;
      boolean group = (int) destinationLo == -1 || IpAddress.isMulticast(0, destinationLo);
      if (asked && ((difference & each.v4Mask()) == 0 || group)) {
        own = each;
      }
    }
    if (own == null) {
      return null;
    }
    PlainRoute route = new PlainRoute(own.address().lo(), destinationLo);
    routes.add(route);
    return route;
  }

  @Override
  public boolean isLocal(long hi, long lo) {
    for (int i = 0; i < addresses.size(); i++) {
      if (addresses.get(i).address().lo() == lo) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void sendUnreachable(Frame offending, IcmpError error, long now) {
    if (Bytes.u8(offending.l3Address()) != 0x45) {
      throw new AssertionError("the offending frame has lost its network header");
    }
    unreachables.add(error);
  }

  @Override
  public List<IpPrefix> addresses() {
    return addresses;
  }

  private final class PlainRoute extends Route {
    private final boolean broadcast;
    private final NetInterface through = networkInterface;
    private int mtu = through.mtu();
    private int id;

    PlainRoute(long sourceLo, long destinationLo) {
      super(0, sourceLo, 0, destinationLo);
      broadcast = PlainIpv4.this.isBroadcast(destinationLo);
    }

    @Override
    public boolean isBroadcast() {
      return broadcast;
    }

    @Override
    public NetInterface networkInterface() {
      return through;
    }

    @Override
    public int pathMtu() {
      return mtu;
    }

    @Override
    public int networkHeaderSize() {
      return HEADER;
    }

    @Override
    public void send(
        Frame frame, int protocol, int trafficClass, int hopLimit, boolean df, long now) {
      int length = frame.totalLength() + HEADER;
      if (length > mtu) {
        drop(frame, DropReason.IP_TOO_BIG);
        return;
      }
      long header = frame.push(HEADER);
      Bytes.put32(header, 0x4500_0000 | trafficClass << 16 | length);
      Bytes.put32(header + 4, id++ << 16 | (df ? 0x4000 : 0));
      Bytes.put32(header + 8, hopLimit << 24 | protocol << 16);
      Bytes.put32(header + 12, (int) sourceLo());
      Bytes.put32(header + 16, (int) destinationLo());
      Bytes.put16(header + 10, Checksum.finish(Checksum.add(0, header, HEADER)));
      long mac = 0x0200_0000_0000L | (destinationLo() & 0xff);
      if (broadcast) {
        mac = Ethernet.BROADCAST;
      } else if (isMulticast()) {
        mac = 0x0100_5e00_0000L | (destinationLo() & 0x7f_ffff);
      }
      Ethernet.write(
          frame.push(through.linkHeaderSize()),
          mac,
          through.mac(),
          Ethernet.TYPE_IPV4,
          through.vlan());
      through.transmit(frame);
    }

    @Override
    public void learnPathMtu(int learned, long now) {
      mtu = Math.clamp(learned, 68, mtu);
    }

    @Override
    public void confirm(long now) {}
  }
}
