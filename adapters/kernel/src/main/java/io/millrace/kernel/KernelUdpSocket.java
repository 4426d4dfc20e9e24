package io.millrace.kernel;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.udp.AddressInUseException;
import io.millrace.udp.NoRouteException;
import io.millrace.udp.SendResult;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpSocketInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.Objects;
import jdk.net.ExtendedSocketOptions;

/** A UDP socket of the kernel. */
final class KernelUdpSocket extends UdpSocket implements Selectable {
  /** Datagrams received before others have their turn. */
  private static final int QUOTA = 64;

  private static final int LARGEST = 65_535;

  private final KernelUdp udp;
  private final DatagramChannel channel;
  private final UdpHandler handler;
  private final KernelGroups groups;
  private final SelectionKey key;
  private final SocketAddresses senders = new SocketAddresses();
  private final SocketAddresses targets = new SocketAddresses();
  private InetSocketAddress local;
  private IpAddress localAddress;
  private InetSocketAddress peer;

  /** The kernel has said at a send that the peer's port is unreachable. */
  private boolean unreachable;

  /** A send has been answered that there is no room. */
  private boolean blocked;

  // What UdpSocketInfo tells; what the kernel itself drops is not known here.
  private long inDatagrams;
  private long inOctets;
  private long inOverflows;
  private long icmpErrors;
  private long outDatagrams;
  private long outOctets;
  private long outBlocked;
  private long outRefused;

  KernelUdpSocket(KernelUdp udp, DatagramChannel channel, UdpHandler handler) {
    this.udp = udp;
    this.channel = channel;
    this.handler = handler;
    this.groups = new KernelGroups(channel);
    this.key = udp.sockets.register(channel, SelectionKey.OP_READ, this);
    lookUpLocal();
  }

  private void lookUpLocal() {
    try {
      local = (InetSocketAddress) channel.getLocalAddress();
      localAddress = IpAddress.of(local.getAddress());
    } catch (IOException e) {
      throw failure(e);
    }
  }

  // ---- what it is ----

  @Override
  public int localPort() {
    return local.getPort();
  }

  @Override
  public IpAddress localAddress() {
    return localAddress;
  }

  @Override
  public IpAddress remoteAddress() {
    return peer == null ? null : IpAddress.of(peer.getAddress());
  }

  @Override
  public int remotePort() {
    return peer == null ? 0 : peer.getPort();
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public UdpSocketInfo info() {
    return new UdpSocketInfo(
        localAddress,
        localPort(),
        remoteAddress(),
        remotePort(),
        inDatagrams,
        inOctets,
        0,
        inOverflows,
        icmpErrors,
        outDatagrams,
        outOctets,
        outBlocked,
        outRefused);
  }

  // ---- options ----

  /**
   * Not possible: java.net has no such option.
   *
   * @throws UnsupportedOperationException always
   */
  @Override
  public UdpSocket hopLimit(int hops) {
    throw new UnsupportedOperationException("the hop limit of a kernel's socket cannot be set");
  }

  @Override
  public UdpSocket trafficClass(int value) {
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException("traffic class " + value + " is not between 0 and 255");
    }
    return set(StandardSocketOptions.IP_TOS, value);
  }

  @Override
  public UdpSocket dontFragment(boolean on) {
    return set(ExtendedSocketOptions.IP_DONTFRAGMENT, on);
  }

  @Override
  public UdpSocket allowBroadcast(boolean on) {
    return set(StandardSocketOptions.SO_BROADCAST, on);
  }

  // ---- groups ----

  @Override
  public UdpSocket multicastHopLimit(int hops) {
    if (hops < 0 || hops > 255) {
      throw new IllegalArgumentException("hop limit " + hops + " is not between 0 and 255");
    }
    return set(StandardSocketOptions.IP_MULTICAST_TTL, hops);
  }

  /** On this port an interface's number is the one that the system gives it. */
  @Override
  public UdpSocket multicastInterface(int on) {
    if (on == DEFAULT_INTERFACE) {
      throw new UnsupportedOperationException(
          "java.net cannot take the choice of an interface for groups back");
    }
    return set(StandardSocketOptions.IP_MULTICAST_IF, KernelGroups.interfaceNumber(on));
  }

  @Override
  public UdpSocket multicastLoop(boolean on) {
    return set(StandardSocketOptions.IP_MULTICAST_LOOP, on);
  }

  /**
   * {@inheritDoc}
   *
   * <p>A socket for both families cannot join groups of IPv4: bind it to {@link IpAddress#ANY_V4}.
   */
  @Override
  public void listen(IpAddress group, int on, SourceFilter wanted) {
    udp.checkOwner();
    checkOpen();
    try {
      groups.listen(group, on, wanted);
    } catch (IOException e) {
      throw new IllegalStateException(
          this + " cannot listen to " + group + ": " + e.getMessage(), e);
    }
  }

  @Override
  public SourceFilter filter(IpAddress group, int on) {
    return groups.filter(group, on);
  }

  private <T> UdpSocket set(SocketOption<T> option, T value) {
    checkOpen();
    try {
      channel.setOption(option, value);
      return this;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  // ---- connecting ----

  @Override
  public void connect(IpAddress remote, int port) {
    udp.checkOwner();
    checkOpen();
    checkPort(port);
    disconnect();
    InetSocketAddress to = new InetSocketAddress(remote.toInetAddress(), port);
    try {
      channel.connect(to);
    } catch (IOException e) {
      if (SendFailure.of(e) == SendResult.NO_ROUTE) {
        throw new NoRouteException("there is no route to " + remote);
      }
      throw new AddressInUseException(
          "UDP port " + localPort() + " cannot be connected to " + remote + ": " + e.getMessage());
    }
    peer = to;
    lookUpLocal();
  }

  @Override
  public void disconnect() {
    udp.checkOwner();
    if (peer != null) {
      peer = null;
      unreachable = false;
      try {
        channel.disconnect();
      } catch (IOException e) {
        throw failure(e);
      }
      lookUpLocal();
    }
  }

  @Override
  public void close() {
    udp.checkOwner();
    if (channel.isOpen()) {
      peer = null;
      KernelTcp.closeQuietly(channel);
      udp.closed(this);
    }
  }

  // ---- sending ----

  @Override
  public SendResult send(Buffer data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length());
    checkConnected();
    return output(view(data, offset, length), peer);
  }

  @Override
  public SendResult sendTo(long hi, long lo, int port, Buffer data, int offset, int length) {
    checkPort(port);
    checkOpen();
    Objects.checkFromIndexSize(offset, length, data.length());
    return output(view(data, offset, length), target(hi, lo, port));
  }

  @Override
  public SendResult sendFrom(
      long localHi, long localLo, long hi, long lo, int port, Buffer data, int offset, int length) {
    checkOpen();
    if (localAddress.hi() != localHi || localAddress.lo() != localLo) {
      throw new UnsupportedOperationException(
          "the kernel sends from the address that a socket is bound to: bind one to "
              + new IpAddress(localHi, localLo));
    }
    return sendTo(hi, lo, port, data, offset, length);
  }

  @Override
  public Frame newDatagram() {
    return udp.shard.pool().allocate();
  }

  @Override
  public SendResult sendFrame(Frame frame) {
    try {
      checkConnected();
      return output(frame, peer);
    } finally {
      frame.release();
    }
  }

  @Override
  public SendResult sendFrame(Frame frame, long hi, long lo, int port) {
    try {
      checkPort(port);
      checkOpen();
      return output(frame, target(hi, lo, port));
    } finally {
      frame.release();
    }
  }

  private InetSocketAddress target(long hi, long lo, int port) {
    InetSocketAddress to = targets.to(hi, lo, port);
    if (peer != null && !peer.equals(to)) {
      throw new IllegalStateException(
          "the kernel sends from a connected socket to its peer only, not to " + to);
    }
    return to;
  }

  private ByteBuffer view(Buffer data, int offset, int length) {
    return udp.sockets.views.readable(data, data.address() + offset, length);
  }

  private SendResult output(Frame frame, InetSocketAddress to) {
    if (frame.tailLength() == 0) {
      return output(view(frame, 0, frame.length()), to);
    }
    Frame whole = udp.shard.pool().allocateLarge();
    if (whole == null) {
      return SendResult.NO_FRAME;
    }
    try {
      if (frame.totalLength() > whole.tailroom()) {
        return SendResult.TOO_BIG;
      }
      frame.gather(whole.append(frame.totalLength()));
      return output(view(whole, 0, whole.length()), to);
    } finally {
      whole.release();
    }
  }

  private SendResult output(ByteBuffer data, InetSocketAddress to) {
    SendResult result;
    try {
      result = offer(data, to);
    } catch (PortUnreachableException e) {
      // What came back for an earlier datagram; this one was not sent.
      unreachable = true;
      watch(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
      result = again(data, to);
    } catch (IOException e) {
      result = SendFailure.of(e);
    }
    if (result == SendResult.WOULD_BLOCK) {
      blocked = true;
      outBlocked++;
      watch(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    } else if (result != SendResult.SENT) {
      outRefused++;
    }
    return result;
  }

  private SendResult again(ByteBuffer data, InetSocketAddress to) {
    try {
      return offer(data, to);
    } catch (IOException e) {
      return SendFailure.of(e);
    }
  }

  private SendResult offer(ByteBuffer data, InetSocketAddress to) throws IOException {
    int size = data.remaining();
    if (channel.send(data, to) == 0 && size != 0) {
      return SendResult.WOULD_BLOCK;
    }
    outDatagrams++;
    outOctets += size;
    udp.shard.counters().increment(Counter.UDP_OUT_DATAGRAMS);
    return SendResult.SENT;
  }

  private void watch(int operations) {
    if (key.interestOps() != operations) {
      key.interestOps(operations);
    }
  }

  // ---- what the kernel says ----

  @Override
  public void ready(int operations, long now) {
    if ((operations & SelectionKey.OP_WRITE) != 0) {
      watch(SelectionKey.OP_READ);
      tellWritable();
    }
    for (int i = 0; i < QUOTA && channel.isOpen(); i++) {
      InetSocketAddress from;
      try {
        from = udp.reader.receive(channel);
      } catch (PortUnreachableException e) {
        tellUnreachable();
        continue;
      } catch (IOException e) {
        udp.shard.report("a datagram for " + this, e);
        return;
      }
      if (from == null) {
        return;
      }
      Frame frame = udp.reader.take();
      if (frame == null) {
        inOverflows++;
      } else {
        deliver(frame, from, now);
      }
    }
  }

  private void deliver(Frame frame, InetSocketAddress from, long now) {
    udp.shard.counters().increment(Counter.UDP_IN_DATAGRAMS);
    inDatagrams++;
    inOctets += frame.length();
    IpAddress source = senders.from(from);
    frame.addresses(source.hi(), source.lo(), localAddress.hi(), localAddress.lo());
    frame.classAndHops(0, 0);
    frame.receiveTime(now);
    try {
      handler.onDatagram(this, frame, source.hi(), source.lo(), from.getPort());
    } catch (RuntimeException | Error e) {
      udp.shard.report("a datagram for " + this, e);
    } finally {
      frame.release();
    }
  }

  private void tellWritable() {
    if (unreachable) {
      unreachable = false;
      tellUnreachable();
    }
    if (blocked && channel.isOpen()) {
      blocked = false;
      try {
        handler.onWritable(this);
      } catch (RuntimeException | Error e) {
        udp.shard.report("room to send on " + this, e);
      }
    }
  }

  private void tellUnreachable() {
    if (peer == null) {
      return;
    }
    icmpErrors++;
    IpAddress remote = remoteAddress();
    try {
      handler.onError(this, IcmpError.PORT_UNREACHABLE, remote.hi(), remote.lo(), peer.getPort());
    } catch (RuntimeException | Error e) {
      udp.shard.report("an ICMP error for " + this, e);
    }
  }

  private void checkOpen() {
    if (!channel.isOpen()) {
      throw new IllegalStateException("the socket on UDP port " + localPort() + " is closed");
    }
  }

  private void checkConnected() {
    checkOpen();
    if (peer == null) {
      throw new IllegalStateException(
          "the socket on UDP port " + localPort() + " is not connected; use sendTo");
    }
  }

  private static void checkPort(int port) {
    if (port < 1 || port > LARGEST) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
    }
  }

  private UncheckedIOException failure(IOException e) {
    return new UncheckedIOException("the socket on UDP port " + localPort() + " fails", e);
  }
}
