package io.millrace.udp;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;

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
