package io.millrace.e2e.contract;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.time.ShardClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Two stacks on the kernel's sockets, over loopback. */
final class KernelEnds extends Ends {
  private static final IpAddress LOOPBACK = IpAddress.parse("127.0.0.1");

  /** What is open to make a port that does not answer. */
  private final List<AutoCloseable> held = new ArrayList<>();

  private KernelEnds(NetStack client, NetStack server) {
    super(client, server, false);
  }

  static Ends open(Record... settings) {
    return new KernelEnds(stack(settings), stack(settings));
  }

  static NetStack stack(Record... settings) {
    NetStack.Builder builder = NetStack.builder().driven(ShardClock.system()).port("kernel:");
    for (Record setting : settings) {
      builder.with(setting);
    }
    return builder.start();
  }

  @Override
  IpAddress clientAddress() {
    return LOOPBACK;
  }

  @Override
  IpAddress serverAddress() {
    return LOOPBACK;
  }

  @Override
  IpAddress silentAddress() {
    return LOOPBACK;
  }

  /** One that the kernel has just chosen: nobody else is likely to take it. */
  @Override
  int newPort() {
    try (ServerSocketChannel any = ServerSocketChannel.open()) {
      any.bind(null);
      return ((InetSocketAddress) any.getLocalAddress()).getPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A listener that accepts nobody, and whose queue is full: the kernel drops further SYNs. */
  @Override
  int silentPort() {
    try {
      ServerSocketChannel listener = ServerSocketChannel.open();
      held.add(listener);
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
      InetSocketAddress at = (InetSocketAddress) listener.getLocalAddress();
      for (int i = 0; i < 4; i++) {
        SocketChannel waiting = SocketChannel.open();
        held.add(waiting);
        waiting.configureBlocking(false);
        waiting.connect(at);
      }
      return at.getPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  IpAddress broadcastAddress() {
    return IpAddress.parse("127.255.255.255");
  }

  @Override
  int clientInterface() {
    return indexOf("lo");
  }

  @Override
  int serverInterface() {
    return indexOf("lo");
  }

  /**
   * The number that the kernel has for a device; -1 if java.net does not see it: it looks for
   * addresses of IPv6 in the network namespace of the process, not of the thread.
   */
  static int indexOf(String device) {
    try {
      NetworkInterface found = NetworkInterface.getByName(device);
      return found == null ? -1 : found.getIndex();
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  void tick(boolean worked) {
    // The clock is the machine's.
  }

  @Override
  public void close() {
    for (AutoCloseable each : held) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError("a socket of the test cannot be closed", e);
      }
    }
    super.close();
  }
}
