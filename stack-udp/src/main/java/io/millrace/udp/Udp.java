package io.millrace.udp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;

/**
 * UDP on one shard (RFC 768, RFC 1122 §4.1): binds sockets, and brings each datagram to its socket.
 *
 * <pre>{@code
 * Udp.of(shard).bind(7, (socket, data, hi, lo, port) -> socket.sendTo(hi, lo, port, data));
 * }</pre>
 *
 * <p>A datagram goes to the socket that is connected to its sender, else to the one bound to its
 * destination address, else to one bound to all addresses. Broadcasts go to every socket that is
 * bound to all addresses.
 *
 * <p>An application sees only this class and {@link UdpSocket}. Behind them is the stack, or what
 * an adapter puts in its place; the stack's ports decide.
 *
 * <p><b>Thread:</b> the shard's, which {@link Shard#execute} reaches from any other; {@link #bind}
 * and what else changes the tables throws {@link IllegalStateException} on a wrong one.
 */
public abstract class Udp implements Transport {
  /** The address that stands for every address of both families: {@code ::}. */
  public static final IpAddress ANY = new IpAddress(0, 0);

  /** For the stack and for adapters. */
  protected Udp() {}

  /**
   * UDP of a shard.
   *
   * @throws IllegalStateException if the stack was started without this module
   */
  public static Udp of(Shard shard) {
    if (shard.udp() instanceof Udp udp) {
      return udp;
    }
    throw new IllegalStateException("this stack has no UDP: put millrace-udp on the module path");
  }

  /** Binds a socket to a port on all addresses; see {@link #bind(IpAddress, int, UdpHandler)}. */
  public final UdpSocket bind(int port, UdpHandler handler) {
    return bind(ANY, port, handler);
  }

  /**
   * Binds a socket to an address and a port that no other socket has.
   *
   * @param local an address of ours, {@link IpAddress#ANY_V4} for all of IPv4, {@link #ANY} for all
   * @param port 1 to 65535, or 0 for one that outsiders cannot guess (RFC 6056)
   * @throws AddressInUseException if another socket has the port on an overlapping address, or none
   *     is free
   * @throws IllegalArgumentException if the address is not ours or the port out of range
   * @throws IllegalStateException if the limit of {@link UdpConfig#maxSockets} is reached
   */
  public abstract UdpSocket bind(IpAddress local, int port, UdpHandler handler);

  /**
   * The same, on a port that may be shared with other sockets which were bound by this method
   * ({@code SO_REUSEADDR}): to several addresses, or to the same one, where the newest socket that
   * is not connected receives.
   */
  public abstract UdpSocket bindShared(IpAddress local, int port, UdpHandler handler);

  /**
   * Binds a socket to a port that the stack chooses, and connects it to a peer. On a stack of
   * several shards the port is chosen so that the peer's datagrams come in at this one.
   *
   * @throws NoRouteException if there is no route to the peer
   * @throws AddressInUseException if no port is free
   * @throws IllegalArgumentException if the port is out of range
   */
  public UdpSocket connect(IpAddress remote, int remotePort, UdpHandler handler) {
    return connect(0, remote, remotePort, handler);
  }

  /** Binds a port, or one that is chosen if it is 0, and connects; closes again if that fails. */
  final UdpSocket connect(int port, IpAddress remote, int remotePort, UdpHandler handler) {
    UdpSocket socket = bind(port, handler);
    try {
      socket.connect(remote, remotePort);
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** The number of open sockets. */
  public abstract int socketCount();

  @Override
  public int protocol() {
    return IpProtocol.UDP;
  }
}
