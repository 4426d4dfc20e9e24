package io.millrace.apps.example;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.filter.Hook;
import io.millrace.filter.PacketFilter;
import io.millrace.filter.Verdict;
import io.millrace.ip.IpAddress;
import io.millrace.ip.RouteTable;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpTunnel;
import io.millrace.udp.UdpTunnelConfig;
import io.millrace.udp.tunnel.GtpMessages;
import io.millrace.udp.tunnel.GtpU;
import io.millrace.udp.tunnel.PduSession;
import io.millrace.udp.tunnel.SourcePorts;

/**
 * The user plane of a mobile network in small: users' IPv4 packets come out of GTP-U and are
 * forwarded, what is for a user goes into the tunnel to his radio.
 *
 * <p>The stack is a router: {@code with(ForwardingConfig.defaults())}, and a route to the users'
 * network leads through the access interface. So hops, routes and ICMP errors are the stack's; this
 * class takes a packet out of the tunnel and {@link Shard#inject}s it, and steals what is about to
 * leave towards a user. Each packet stays in the frame that it came in: only headers are pulled and
 * pushed. What is larger inside than the tunnel takes is dropped and counted ({@link
 * DropReason#TUNNEL_TOO_BIG}): access networks carry larger frames than users.
 *
 * <p>One shard. <b>Thread:</b> the shard's. Allocates nothing per packet.
 */
public final class UserPlane implements UdpHandler, PacketFilter {
  /** Sessions at a time, a power of two. */
  private static final int MOST_SESSIONS = 4096;

  private static final int IPV4_SIZE = 20;
  private static final int DSCP = 0xfc;

  private record Session(int teid, IpAddress user, UdpTunnel tunnel, int radioTeid, int qfi) {}

  private final Shard shard;
  private final NetInterface access;
  private final UdpSocket socket;
  private final SourcePorts ports;

  /**
   * By the low bits of our tunnel identifiers; the others are drawn, so that nobody guesses them.
   */
  private final Session[] sessions = new Session[MOST_SESSIONS];

  /** From users' addresses to places in {@link #sessions}. */
  private final RouteTable users = new RouteTable(96);

  /**
   * Starts without sessions, and becomes the shard's packet filter.
   *
   * @param access where the radios are
   */
  public UserPlane(Shard shard, NetInterface access) {
    this.shard = shard;
    this.access = access;
    this.ports = SourcePorts.of(shard);
    this.socket = Udp.of(shard).bind(GtpU.PORT, this);
    shard.filter(this);
  }

  /**
   * Opens a user's session.
   *
   * @param user his address
   * @param radio where his radio is
   * @param radioTeid the tunnel identifier that the radio has given out
   * @param qfi the QoS flow of what goes to him, 0 to 63
   * @return our tunnel identifier, for the radio
   * @throws IllegalStateException if all sessions are open, or the user has one
   */
  public int open(IpAddress user, IpAddress radio, int radioTeid, int qfi) {
    if (users.get(user.hi(), user.lo(), 128) != RouteTable.NONE) {
      throw new IllegalStateException(user + " has a session already");
    }
    int slot = 0;
    while (slot < MOST_SESSIONS && sessions[slot] != null) {
      slot++;
    }
    if (slot == MOST_SESSIONS) {
      throw new IllegalStateException("all " + MOST_SESSIONS + " sessions are open");
    }
    int teid = (1 + shard.random().nextInt(0xf_ffff)) * MOST_SESSIONS | slot;
    UdpTunnel tunnel = UdpTunnel.to(shard, radio, GtpU.PORT, UdpTunnelConfig.defaults());
    sessions[slot] = new Session(teid, user, tunnel, radioTeid, qfi);
    users.put(user.hi(), user.lo(), 128, slot);
    return teid;
  }

  /** Ends a session; nothing happens if there is none with this identifier of ours. */
  public void close(int teid) {
    Session session = find(teid);
    if (session != null) {
      sessions[teid & (MOST_SESSIONS - 1)] = null;
      users.remove(session.user().hi(), session.user().lo(), 128);
    }
  }

  private Session find(int teid) {
    Session session = sessions[teid & (MOST_SESSIONS - 1)];
    return session != null && session.teid() == teid ? session : null;
  }

  // ---- from the radio ----

  @Override
  public void onDatagram(UdpSocket from, Frame data, long hi, long lo, int port) {
    int size = GtpU.validate(data.address(), data.length());
    DropReason dropped;
    if (size < 0) {
      dropped = DropReason.TUNNEL_MALFORMED;
      if (size == GtpU.UNSUPPORTED) {
        data.retain();
        GtpMessages.supportedExtensionHeaders(data);
        socket.sendFrame(data, hi, lo, GtpU.PORT);
      }
    } else {
      dropped =
          switch (GtpU.messageType(data.address())) {
            case GtpU.G_PDU -> uplink(data, size, hi, lo);
            case GtpU.ECHO_REQUEST -> answer(data, hi, lo, port);
            default -> null; // what the others tell is for a control plane
          };
    }
    if (dropped != null) {
      shard.counters().drop(dropped);
    }
  }

  private DropReason answer(Frame request, long hi, long lo, int port) {
    if (port != 0) {
      request.retain();
      GtpMessages.echoResponse(request);
      socket.sendFrame(request, hi, lo, port);
    }
    return null;
  }

  private DropReason uplink(Frame data, int headerSize, long hi, long lo) {
    Session session = find(GtpU.teid(data.address()));
    if (session == null) {
      data.retain();
      GtpMessages.errorIndication(data);
      socket.sendFrame(data, hi, lo, GtpU.PORT);
      return DropReason.TUNNEL_UNKNOWN;
    }
    GtpU.pop(data, headerSize);
    // Nobody sends in another user's name. The rest of the header is the stack's to check.
    if (data.length() < IPV4_SIZE || Bytes.i32(data.address() + 12) != session.user().v4Bits()) {
      return DropReason.IP_BAD_SOURCE;
    }
    data.retain();
    shard.inject(data, access, shard.clock().now());
    return null;
  }

  // ---- to the user ----

  @Override
  public int filter(Frame frame, NetInterface at, int hook, long now) {
    if (hook != Hook.POST_ROUTING || at != access) {
      return Verdict.ACCEPT;
    }
    long ip = frame.l3Address();
    if (Bytes.u8(ip) >>> 4 != 4) {
      return Verdict.ACCEPT;
    }
    int slot = users.lookup(0, IpAddress.v4Lo(Bytes.i32(ip + 16)));
    return slot == RouteTable.NONE ? Verdict.ACCEPT : downlink(frame, ip, sessions[slot]);
  }

  private int downlink(Frame frame, long ip, Session session) {
    int sourcePort = ports.ofIp(ip, frame.length());
    int dscp = Bytes.u8(ip + 1) & DSCP; // without ECN: RFC 6040 §4.1, compatibility mode
    GtpU.push(frame, session.radioTeid(), PduSession.DOWNLINK, session.qfi());
    SendResult result = session.tunnel().send(frame, sourcePort, dscp);
    if (result != SendResult.SENT) {
      shard
          .counters()
          .drop(
              result == SendResult.TOO_BIG ? DropReason.TUNNEL_TOO_BIG : DropReason.TX_QUEUE_FULL);
    }
    return Verdict.STEAL;
  }
}
