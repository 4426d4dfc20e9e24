package io.millrace.kernel;

import io.millrace.ip.IpAddress;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.transport.ListenConfig;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Opens and binds the sockets of TCP, and puts the kernel's refusals into the words of the API. */
final class TcpOpener {
  private final KernelShard sockets;
  private final long patience;

  TcpOpener(KernelShard sockets, TcpConfig config) {
    this.sockets = sockets;
    this.patience = patience(config);
  }

  /** How long a stack with this configuration would wait for the answer to its SYNs. */
  private static long patience(TcpConfig config) {
    long sum = 0;
    long timeout = config.initialRto();
    for (int i = 0; i <= config.synRetries(); i++) {
      sum += timeout;
      timeout = Math.min(2 * timeout, config.maxRto());
    }
    return sum;
  }

  /** The nanoseconds that a connection attempt may take. */
  long patience() {
    return patience;
  }

  /**
   * Refuses addresses that no connection can lead to (RFC 9293 §3.9.2.3, MUST-46).
   *
   * @throws IllegalArgumentException if the address stands for several hosts
   */
  static void checkOneHost(IpAddress remote) {
    boolean broadcast = remote.isV4() && remote.v4Bits() == -1;
    if (broadcast || remote.toInetAddress().isMulticastAddress()) {
      throw new IllegalArgumentException(remote + " is not the address of one host");
    }
  }

  /**
   * A listening socket.
   *
   * @throws IllegalStateException if the address and port are taken, or not ours
   */
  ServerSocketChannel listen(ListenConfig where) {
    ServerSocketChannel channel = null;
    try {
      channel = ServerSocketChannel.open();
      channel.configureBlocking(false);
      if (sockets.isOneOfMany()) {
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      channel.bind(SocketAddresses.local(where.address(), where.port()), where.backlog());
      return channel;
    } catch (IOException e) {
      if (channel != null) {
        KernelTcp.closeQuietly(channel);
      }
      throw new IllegalStateException(
          "cannot listen on port " + where.port() + ": " + e.getMessage(), e);
    }
  }

  /**
   * A socket to connect with, bound if the caller wants that.
   *
   * @throws IllegalStateException if the address and port cannot be had
   */
  SocketChannel open(IpAddress local, int port) {
    SocketChannel channel = null;
    try {
      channel = SocketChannel.open();
      channel.configureBlocking(false);
      if (local != null || port != 0) {
        // A port with connections to other destinations may be used once more.
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(SocketAddresses.local(local, port));
      }
      return channel;
    } catch (IOException e) {
      if (channel != null) {
        KernelTcp.closeQuietly(channel);
      }
      throw new IllegalStateException("no socket on local port " + port + ": " + e.getMessage(), e);
    }
  }

  /**
   * What the peer or the network said to a connection attempt, or null if it did not leave this
   * machine.
   */
  static TcpCloseReason outcome(IOException e) {
    return e instanceof ConnectException || e instanceof NoRouteToHostException ? reason(e) : null;
  }

  /** What an attempt that did not leave this machine throws. */
  static IllegalStateException refusal(IpAddress remote, int port, IOException e) {
    return reason(e) == TcpCloseReason.UNREACHABLE
        ? new IllegalStateException("no route to " + remote, e)
        : new IllegalStateException(
            "no connection to " + remote + ":" + port + ": " + e.getMessage(), e);
  }

  /** Why a connection is over. The kernel's words are all that java.net passes on. */
  static TcpCloseReason reason(IOException e) {
    String words = String.valueOf(e.getMessage());
    if (words.contains("refused")) {
      return TcpCloseReason.REFUSED;
    }
    if (words.contains("timed out")) {
      return TcpCloseReason.TIMED_OUT;
    }
    if (e instanceof NoRouteToHostException
        || words.contains("unreachable")
        || words.contains("No route")) {
      return TcpCloseReason.UNREACHABLE;
    }
    return TcpCloseReason.RESET;
  }
}
