package io.millrace.kernel;

import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.udp.AddressInUseException;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpConfig;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** UDP of the kernel on one shard. Its sockets are told by the selector that TCP turns. */
final class KernelUdp extends Udp implements SocketTransport {
  final KernelShard sockets;
  final Shard shard;
  final DatagramReader reader;
  private final UdpConfig config;
  private final Set<KernelUdpSocket> open = new LinkedHashSet<>();

  KernelUdp(KernelShard sockets) {
    this.sockets = sockets;
    this.shard = sockets.shard;
    this.config = shard.setting(UdpConfig.class, UdpConfig.defaults());
    this.reader = new DatagramReader(shard, sockets.views);
  }

  @Override
  public UdpSocket bind(IpAddress local, int port, UdpHandler handler) {
    return bind(local, port, handler, false);
  }

  @Override
  public UdpSocket bindShared(IpAddress local, int port, UdpHandler handler) {
    return bind(local, port, handler, true);
  }

  private KernelUdpSocket bind(IpAddress local, int port, UdpHandler handler, boolean shared) {
    Objects.requireNonNull(handler);
    checkOwner();
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is not between 0 and 65535");
    }
    if (open.size() >= config.maxSockets()) {
      throw new IllegalStateException(
          "all " + config.maxSockets() + " UDP sockets are open; close some, or raise the limit");
    }
    KernelUdpSocket socket = new KernelUdpSocket(this, openChannel(local, port, shared), handler);
    open.add(socket);
    return socket;
  }

  private DatagramChannel openChannel(IpAddress local, int port, boolean shared) {
    DatagramChannel channel = null;
    try {
      channel =
          local.isV4() ? DatagramChannel.open(StandardProtocolFamily.INET) : DatagramChannel.open();
      channel.configureBlocking(false);
      // The kernel would choose for one socket the port of another that shares it.
      boolean chosen = port != 0;
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, shared && chosen);
      if (chosen && sockets.isOneOfMany()) {
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      channel.bind(SocketAddresses.local(local, port));
      return channel;
    } catch (IOException e) {
      if (channel != null) {
        KernelTcp.closeQuietly(channel);
      }
      throw refusal(local, port, e);
    }
  }

  private static RuntimeException refusal(IpAddress local, int port, IOException e) {
    String words = String.valueOf(e.getMessage());
    if (words.contains("already in use")) {
      return new AddressInUseException("UDP port " + port + " is in use by another socket");
    }
    if (e instanceof BindException && words.contains("assign")) {
      return new IllegalArgumentException(local + " is not an address of this machine", e);
    }
    return new IllegalStateException("no socket on UDP port " + port + ": " + words, e);
  }

  void checkOwner() {
    if (!shard.isOwner()) {
      throw new IllegalStateException(
          "UDP of shard " + shard.index() + " is called from another thread; use shard.execute");
    }
  }

  void closed(KernelUdpSocket socket) {
    open.remove(socket);
  }

  @Override
  public int socketCount() {
    return open.size();
  }

  /** The selector has told the sockets when TCP turned it. */
  @Override
  public boolean poll(long now) {
    return false;
  }

  @Override
  public void close(long now) {
    List.copyOf(open).forEach(KernelUdpSocket::close);
  }
}
