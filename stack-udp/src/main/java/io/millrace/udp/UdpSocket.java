package io.millrace.udp;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.net.Shard;
import java.util.Objects;

/**
 * A UDP socket: bound to a port, and connected to one peer or to none. Made by {@link Udp}.
 *
 * <p>Sending never blocks and never copies more than a few hundred bytes: a larger payload is
 * gathered from the application's buffer, which is retained until it has left. The payload must not
 * change before that.
 *
 * <p><b>Thread:</b> the shard's. Sending from another one is not detected (assertions apart) and
 * breaks the shard; use {@link Shard#execute}.
 */
public abstract class UdpSocket {
  /** For the stack and for adapters. */
  protected UdpSocket() {}

  // ---- what it is ----

  /** Our port. */
  public abstract int localPort();

  /**
   * The address that the socket is bound to; of a connected one, the address that it sends from.
   */
  public abstract IpAddress localAddress();

  /** The peer's address, or null if the socket is not connected. */
  public abstract IpAddress remoteAddress();

  /** The peer's port, or 0 if the socket is not connected. */
  public abstract int remotePort();

  /** Whether the socket has not been closed. */
  public abstract boolean isOpen();

  /** What the socket has received, sent and dropped so far. */
  public abstract UdpSocketInfo info();

  // ---- options ----

  /** The time to live or hop limit of what is sent, 1 to 255 (RFC 1122 §4.1.4). */
  public abstract UdpSocket hopLimit(int hops);

  /** DSCP and ECN of what is sent, 8 bits; 0 at first. */
  public abstract UdpSocket trafficClass(int value);

  /**
   * Whether datagrams must travel in one piece. Off at first: one that is larger than the path
   * takes is fragmented. On: it is refused with {@link SendResult#TOO_BIG}.
   */
  public abstract UdpSocket dontFragment(boolean on);

  /** Whether the socket may send to broadcast addresses; it may not at first. */
  public abstract UdpSocket allowBroadcast(boolean on);

  /**
   * Whether what is sent has a checksum (RFC 1122 §4.1.3.4); it has at first. To switch it off is
   * for tunnels whose contents have checksums of their own; over IPv6 the receiver must then have
   * been told to {@linkplain #acceptZeroChecksums accept} such datagrams on its port, and what RFC
   * 6936 §5 asks of a protocol that does this is the application's to keep. What leaves in
   * fragments over IPv6 has one all the same.
   *
   * @throws UnsupportedOperationException if the port or the protocol always takes one
   */
  public UdpSocket sendChecksums(boolean on) {
    throw new UnsupportedOperationException("the checksums of " + this + " cannot be switched");
  }

  /**
   * Whether datagrams without a checksum are received over IPv6, too; they are not at first, but
   * dropped and counted (RFC 8200 §8.1, RFC 6935 §5). For the ports of tunnels alone. Those that
   * have a checksum are received and verified either way, and over IPv4 both are.
   *
   * @throws UnsupportedOperationException if the port or the protocol always wants one
   */
  public UdpSocket acceptZeroChecksums(boolean on) {
    throw new UnsupportedOperationException("the checksums of " + this + " cannot be switched");
  }

  /**
   * How much of each datagram that is sent the checksum covers, on sockets of {@link UdpLite}.
   *
   * @param bytes from the header's first one on, 8 to 65,535, header included: 8 covers the header
   *     alone; 0, as at first, for everything. Datagrams that are shorter are covered as a whole
   * @throws IllegalArgumentException if it is between 1 and 7, or larger (RFC 3828 §3.1)
   * @throws UnsupportedOperationException if this is no socket of UDP-Lite
   */
  public UdpSocket coverage(int bytes) {
    throw new UnsupportedOperationException(this + " is not a socket of UDP-Lite");
  }

  /**
   * How much of a datagram the checksum must cover for it to be received, on sockets of {@link
   * UdpLite}; others are dropped and counted.
   *
   * @param bytes as for {@link #coverage}; 0, as at first, for everything
   * @throws IllegalArgumentException as there
   * @throws UnsupportedOperationException as there
   */
  public UdpSocket minimumCoverage(int bytes) {
    throw new UnsupportedOperationException(this + " is not a socket of UDP-Lite");
  }

  // ---- groups (RFC 1112, RFC 3376 §2, RFC 3810 §3) ----

  /** The interface that the route to a group leads through. */
  public static final int DEFAULT_INTERFACE = -1;

  /**
   * The hop limit of what is sent to groups, 0 to 255; 1 at first, which keeps it on the link (RFC
   * 1112 §6.1). 0: nobody but our own sockets gets it.
   */
  public abstract UdpSocket multicastHopLimit(int hops);

  /**
   * The interface that what is sent to groups goes out of.
   *
   * @param on its number, as on received frames; or {@link #DEFAULT_INTERFACE}, as at first
   * @throws IllegalArgumentException if there is no such interface
   */
  public abstract UdpSocket multicastInterface(int on);

  /**
   * Whether sockets of this shard that listen to a group get what this socket sends to it; they do
   * at first. On {@code kernel:} all sockets of the machine.
   */
  public abstract UdpSocket multicastLoop(boolean on);

  /**
   * Says what the socket wants to hear of a group on an interface, in the place of what it said
   * before; the other methods about groups are short forms of this one. The routers of the link are
   * told, and the socket receives what its own filter admits, whatever other sockets want.
   *
   * <p>The socket must be bound to all addresses, or to the group, and not be connected: a
   * connected one receives from its peer's datagrams to its own address only.
   *
   * @param on the interface's number, or {@link #DEFAULT_INTERFACE}
   * @param wanted {@link SourceFilter#NOTHING} to leave; at most 64 sources
   * @throws IllegalArgumentException if the address is no group, there is no such interface, or
   *     there are too many sources
   * @throws IllegalStateException if the socket is closed or bound to an address of its own, or the
   *     stack is a member of as many groups as it can be
   * @throws NoRouteException if no interface is given and there is no route to the group
   */
  public abstract void listen(IpAddress group, int on, SourceFilter wanted);

  /**
   * What the socket wants to hear of a group; {@link SourceFilter#NOTHING} if it has not joined.
   */
  public abstract SourceFilter filter(IpAddress group, int on);

  /** Joins a group on the interface of its route: everybody is heard. */
  public final void join(IpAddress group) {
    join(group, DEFAULT_INTERFACE);
  }

  /** Joins a group on an interface: everybody is heard. */
  public final void join(IpAddress group, int on) {
    listen(group, on, SourceFilter.EVERYTHING);
  }

  /**
   * Joins a group for one more source (source-specific multicast, RFC 4607).
   *
   * @throws IllegalStateException if the socket has joined the group for everybody
   */
  public final void join(IpAddress group, int on, IpAddress source) {
    listen(group, on, including(group, on).plus(source));
  }

  /** Leaves a group on the interface of its route; nothing happens if it was not joined. */
  public final void leave(IpAddress group) {
    leave(group, DEFAULT_INTERFACE);
  }

  /** Leaves a group on an interface; nothing happens if it was not joined. */
  public final void leave(IpAddress group, int on) {
    listen(group, on, SourceFilter.NOTHING);
  }

  /** Gives up one source; with the last one the group. The same exception as when joining. */
  public final void leave(IpAddress group, int on, IpAddress source) {
    listen(group, on, including(group, on).minus(source));
  }

  /**
   * Hears a source of a joined group no more.
   *
   * @throws IllegalStateException if the socket has not joined the group for everybody
   */
  public final void block(IpAddress group, int on, IpAddress source) {
    listen(group, on, excluding(group, on).plus(source));
  }

  /** Takes a {@link #block} back. The same exception. */
  public final void unblock(IpAddress group, int on, IpAddress source) {
    listen(group, on, excluding(group, on).minus(source));
  }

  private SourceFilter including(IpAddress group, int on) {
    SourceFilter now = filter(group, on);
    if (!now.isInclude()) {
      throw new IllegalStateException(
          this + " has joined " + group + " for everybody; use block and unblock, or leave first");
    }
    return now;
  }

  private SourceFilter excluding(IpAddress group, int on) {
    SourceFilter now = filter(group, on);
    if (now.isInclude()) {
      throw new IllegalStateException(
          this + " has not joined " + group + " for everybody: there is nobody to block");
    }
    return now;
  }

  // ---- connecting ----

  /**
   * Fixes the peer: {@link #send} goes to it, and only its datagrams are received. A connected
   * socket is connected anew.
   *
   * @throws NoRouteException if there is no route to it; the socket is then unconnected
   * @throws AddressInUseException if another socket is connected from the same port to the same
   *     peer
   */
  public abstract void connect(IpAddress remote, int port);

  /** Gives up the peer; nothing happens if there is none. */
  public abstract void disconnect();

  /** Gives the port back. Nothing is received after this call. Calling it again does nothing. */
  public abstract void close();

  // ---- sending ----

  /**
   * Sends a datagram to the peer.
   *
   * @param data read from {@code offset} for {@code length} bytes, at most 65,507 over IPv4;
   *     retained as long as needed
   * @throws IllegalStateException if the socket is not connected
   * @throws IndexOutOfBoundsException if the range is not inside {@code data}
   */
  public abstract SendResult send(Buffer data, int offset, int length);

  /** Sends all of {@code data} to the peer. */
  public final SendResult send(Buffer data) {
    return send(data, 0, data.length());
  }

  /**
   * Sends a datagram to an address and port.
   *
   * @param hi high half of the destination; IPv4 as v4-mapped
   * @param lo low half of the destination
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the port is out of range
   * @throws IllegalStateException if the socket is closed
   */
  public abstract SendResult sendTo(
      long hi, long lo, int port, Buffer data, int offset, int length);

  /** Sends all of {@code data} to an address and port. */
  public final SendResult sendTo(long hi, long lo, int port, Buffer data) {
    return sendTo(hi, lo, port, data, 0, data.length());
  }

  /** Sends a datagram to an address and port. */
  public final SendResult sendTo(IpAddress to, int port, Buffer data, int offset, int length) {
    return sendTo(to.hi(), to.lo(), port, data, offset, length);
  }

  /**
   * Sends a datagram from one of our addresses, whatever the socket is bound to (RFC 1122
   * §4.1.3.5): how a server with several addresses answers from the one that was asked.
   *
   * @param localHi high half of our address
   * @param localLo low half of our address
   */
  public abstract SendResult sendFrom(
      long localHi, long localLo, long hi, long lo, int port, Buffer data, int offset, int length);

  /**
   * Sends one buffer as many datagrams to the peer, each of {@code segmentSize} bytes, the last one
   * maybe shorter: in one call what {@link #send} does one by one. Where the port cuts ({@link
   * io.millrace.spi.PortInfo#TX_SEGMENT_UDP4}), the whole goes down as one packet; elsewhere it is
   * cut here. {@link UdpSegmentHandler} is the same for what comes in.
   *
   * @param segmentSize bytes of payload per datagram, at least 1
   * @return the bytes that were taken, whole datagrams; if they are fewer than {@code length},
   *     {@link #send} with the next datagram says why
   * @throws IllegalArgumentException if the segment size is out of range
   * @throws IllegalStateException if the socket is not connected
   * @throws IndexOutOfBoundsException if the range is not inside {@code data}
   */
  public int sendSegments(Buffer data, int offset, int length, int segmentSize) {
    checkSegments(data, offset, length, segmentSize);
    int sent = 0;
    while (sent < length) {
      int size = Math.min(segmentSize, length - sent);
      if (send(data, offset + sent, size) != SendResult.SENT) {
        break;
      }
      sent += size;
    }
    return sent;
  }

  /**
   * The same to an address and port.
   *
   * @throws IllegalArgumentException if the segment size or the port is out of range
   * @throws IllegalStateException if the socket is closed
   */
  public int sendSegmentsTo(
      long hi, long lo, int port, Buffer data, int offset, int length, int segmentSize) {
    checkSegments(data, offset, length, segmentSize);
    int sent = 0;
    while (sent < length) {
      int size = Math.min(segmentSize, length - sent);
      if (sendTo(hi, lo, port, data, offset + sent, size) != SendResult.SENT) {
        break;
      }
      sent += size;
    }
    return sent;
  }

  static void checkSegments(Buffer data, int offset, int length, int segmentSize) {
    Objects.checkFromIndexSize(offset, length, data.length());
    if (segmentSize < 1) {
      throw new IllegalArgumentException("segments of " + segmentSize + " bytes; at least 1");
    }
  }

  /**
   * An empty frame to build a datagram in: append the payload, then {@link #sendFrame}. The caller
   * owns it.
   *
   * @return null if the shard has no frame free now
   */
  public abstract Frame newDatagram();

  /**
   * Sends a frame whose window is the payload to the peer; see {@link #sendFrame(Frame, long, long,
   * int)}.
   */
  public abstract SendResult sendFrame(Frame frame);

  /**
   * Sends a frame whose window (and tail, if it has one) is the payload: headers are pushed in
   * front of it, nothing is copied. Takes ownership, whatever the result.
   *
   * <p>The frame is one of {@link #newDatagram()}, or a received one that the handler has retained:
   * then the datagram goes on in the memory that it came in.
   */
  public abstract SendResult sendFrame(Frame frame, long hi, long lo, int port);

  @Override
  public final String toString() {
    return "udp:" + localAddress() + ":" + localPort();
  }
}
