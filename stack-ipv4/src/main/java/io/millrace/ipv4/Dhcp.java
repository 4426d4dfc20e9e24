package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.ArrayList;
import java.util.List;

/**
 * DHCP on one shard: takes what servers send out of the way up. It may be for an address that is
 * not ours yet. The first shard has the clients; the others give it what they receive.
 */
final class Dhcp {
  static final int SERVER_PORT = 67;
  static final int CLIENT_PORT = 68;
  static final int UDP_HEADER = 8;
  private static final int PORTS = SERVER_PORT << 16 | CLIENT_PORT;

  private final Shard shard;
  private final Ipv4Family family;
  private final Arp arp;
  private final DhcpConfig config;

  /** The interfaces that are configured by DHCP; with their clients on the first shard. */
  private final List<NetInterface> interfaces = new ArrayList<>();

  private final List<DhcpClient> clients = new ArrayList<>();

  Dhcp(Shard shard, Ipv4Family family, Arp arp) {
    this.shard = shard;
    this.family = family;
    this.arp = arp;
    this.config = shard.setting(DhcpConfig.class, DhcpConfig.defaults());
  }

  void add(NetInterface on, long now) {
    if (interfaces.contains(on)) {
      throw new IllegalArgumentException(on + " gets its address by dhcp already");
    }
    interfaces.add(on);
    if (shard.index() == 0) {
      DhcpClient client = new DhcpClient(shard, family, arp, on, config);
      clients.add(client);
      client.start(now);
    }
  }

  void close(long now) {
    clients.forEach(each -> each.close(now));
  }

  /** Whether a validated datagram, whose header is at {@code at}, is for a client. */
  boolean isFor(long at, NetInterface from) {
    int size = Ipv4Header.size(at);
    return Ipv4Header.protocol(at) == IpProtocol.UDP
        && (Ipv4Header.flagsAndOffset(at) & (Ipv4Header.MF | Ipv4Header.OFFSET_MASK)) == 0
        && Ipv4Header.totalLength(at) >= size + UDP_HEADER
        && Bytes.i32(at + size) == PORTS
        && interfaces.contains(from);
  }

  /** Takes ownership of a frame that {@link #isFor} a client. */
  void input(Frame frame, NetInterface from, long now) {
    if (shard.index() != 0) {
      shard.group().handOver(frame, 0);
      return;
    }
    long at = frame.address();
    frame.trim(Ipv4Header.totalLength(at));
    int source = Ipv4Header.source(at);
    int destination = Ipv4Header.destination(at);
    frame.pull(Ipv4Header.size(at));
    DropReason dropped = check(frame, source, destination);
    if (dropped == null) {
      frame.pull(UDP_HEADER);
      DhcpClient client = clients.get(interfaces.indexOf(from));
      dropped = client.input(frame, now) ? null : DropReason.DHCP_IGNORED;
    }
    if (dropped != null) {
      shard.counters().drop(dropped);
    }
    frame.release();
  }

  /** What UDP checks (RFC 768); cuts off what is behind the datagram. */
  private static DropReason check(Frame frame, int source, int destination) {
    long header = frame.address();
    int length = Bytes.u16(header + 4);
    if (length < UDP_HEADER || length > frame.length()) {
      return DropReason.UDP_BAD_LENGTH;
    }
    frame.trim(length);
    boolean vouched = frame.has(Frame.RX_CHECKSUM_OK | Frame.CHECKSUM_PARTIAL);
    if (vouched || Bytes.u16(header + 6) == 0) {
      return null;
    }
    long sum = pseudoHeader(source, destination) + length;
    return Checksum.fold(Checksum.add(sum, header, length)) == 0xffff
        ? null
        : DropReason.UDP_BAD_CHECKSUM;
  }

  static long pseudoHeader(int source, int destination) {
    return Checksum.pseudoHeader(
        0, IpAddress.v4Lo(source), 0, IpAddress.v4Lo(destination), IpProtocol.UDP);
  }
}
