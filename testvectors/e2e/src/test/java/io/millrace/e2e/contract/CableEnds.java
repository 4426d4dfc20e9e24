package io.millrace.e2e.contract;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.os.Namespace;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.VethPair;
import io.millrace.time.ShardClock;
import java.util.List;

/**
 * One of our stacks on a device, and one on the sockets of the kernel that has the other end of it,
 * in a network namespace.
 */
final class CableEnds extends Ends {
  private static final IpAddress KERNEL = IpAddress.parse("10.98.0.1");
  private static final IpAddress STACK = IpAddress.parse("10.98.0.2");

  private final List<NetworkNamespace> namespaces;
  private final boolean kernelConnects;
  private int ports = 7;

  private CableEnds(
      List<NetworkNamespace> namespaces, NetStack client, NetStack server, boolean kernelConnects) {
    super(client, server, false);
    this.namespaces = namespaces;
    this.kernelConnects = kernelConnects;
  }

  /** A TAP device. Needs {@link NetworkNamespace#assumeAvailable}. */
  static Ends tap(boolean kernelConnects, Record... settings) {
    NetworkNamespace kernel = NetworkNamespace.create("kernel");
    try {
      kernel.withoutIpv6();
      String port = "tap:mrk0,netns=%s,address=%s/24".formatted(kernel.path(), KERNEL);
      return open(List.of(kernel), port, kernelConnects, settings);
    } catch (RuntimeException e) {
      kernel.close();
      throw e;
    }
  }

  /** AF_XDP on one end of a veth. Needs {@link NetworkNamespace#assumeAvailable}. */
  static Ends xdp(boolean kernelConnects, Record... settings) {
    NetworkNamespace kernel = NetworkNamespace.create("kernel");
    NetworkNamespace stack = NetworkNamespace.create("stack");
    try {
      kernel.withoutIpv6();
      stack.withoutIpv6();
      VethPair veth = VethPair.create(kernel, "mrk0", stack, "mrs0", 1);
      veth.left().address(KERNEL + "/24");
      veth.up();
      // A kernel leaves checksums on a veth to hardware that is not there.
      String port = "afxdp:mrs0,netns=%s,rxcsum=trust".formatted(stack.path());
      return open(List.of(kernel, stack), port, kernelConnects, settings);
    } catch (RuntimeException e) {
      stack.close();
      kernel.close();
      throw e;
    }
  }

  private static Ends open(
      List<NetworkNamespace> namespaces, String port, boolean kernelConnects, Record... settings) {
    NetStack stack = stack(port, settings);
    try {
      NetStack kernel = KernelEnds.stack(settings);
      return kernelConnects
          ? new CableEnds(namespaces, kernel, stack, true)
          : new CableEnds(namespaces, stack, kernel, false);
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  private static NetStack stack(String port, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder().driven(ShardClock.system()).port(port, STACK + "/24");
    for (Record setting : settings) {
      builder.with(setting);
    }
    return builder.start();
  }

  /** A socket belongs to the namespace in which it was made. */
  @Override
  void run(Runnable test) {
    Namespace.in(
        namespaces.getFirst().path(),
        () -> {
          test.run();
          return null;
        });
  }

  @Override
  IpAddress clientAddress() {
    return kernelConnects ? KERNEL : STACK;
  }

  @Override
  IpAddress serverAddress() {
    return kernelConnects ? STACK : KERNEL;
  }

  @Override
  IpAddress silentAddress() {
    return IpAddress.parse("10.98.0.99");
  }

  @Override
  int newPort() {
    return ports++;
  }

  @Override
  int silentPort() {
    return 9;
  }

  @Override
  IpAddress broadcastAddress() {
    return IpAddress.parse("10.98.0.255");
  }

  @Override
  void tick(boolean worked) {
    // The clock is the machine's.
  }

  @Override
  public void close() {
    try {
      super.close();
    } finally {
      namespaces.forEach(NetworkNamespace::close);
    }
  }
}
