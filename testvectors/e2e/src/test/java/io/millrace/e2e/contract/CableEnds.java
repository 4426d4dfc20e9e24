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
  private final Network network;
  private final List<NetworkNamespace> namespaces;
  private final boolean kernelConnects;
  private int ports = 7;

  private CableEnds(
      Network network,
      List<NetworkNamespace> namespaces,
      boolean kernelConnects,
      NetStack client,
      NetStack server) {
    super(client, server, false);
    this.kernelConnects = kernelConnects;
    this.network = network;
    this.namespaces = namespaces;
  }

  /** A TAP device. Needs {@link NetworkNamespace#assumeAvailable}. */
  static Ends tap(Network network, boolean kernelConnects, Record... settings) {
    NetworkNamespace kernel = NetworkNamespace.create("kernel");
    try {
      boolean four = network.client().isV4();
      String address = network.prefix(kernelAddress(network, kernelConnects));
      String port = "tap:mrk0,netns=%s".formatted(kernel.path());
      if (four) {
        kernel.withoutIpv6();
        return open(
            network, List.of(kernel), port + ",address=" + address, kernelConnects, settings);
      }
      Ends ends = open(network, List.of(kernel), port, kernelConnects, settings);
      kernel.run("ip", "address", "add", address, "dev", "mrk0", "nodad");
      kernel.run("ip", "link", "set", "mrk0", "up");
      return ends;
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
      Network network = Network.IPV4;
      veth.left().address(network.prefix(kernelAddress(network, kernelConnects)));
      veth.up();
      // A kernel leaves checksums on a veth to hardware that is not there.
      String port = "afxdp:mrs0,netns=%s,rxcsum=trust".formatted(stack.path());
      return open(network, List.of(kernel, stack), port, kernelConnects, settings);
    } catch (RuntimeException e) {
      stack.close();
      kernel.close();
      throw e;
    }
  }

  private static IpAddress kernelAddress(Network network, boolean kernelConnects) {
    return kernelConnects ? network.client() : network.server();
  }

  private static Ends open(
      Network network,
      List<NetworkNamespace> namespaces,
      String port,
      boolean kernelConnects,
      Record... settings) {
    IpAddress ours = kernelConnects ? network.server() : network.client();
    NetStack stack = stack(port, network.prefix(ours), settings);
    try {
      NetStack kernel = KernelEnds.stack(settings);
      return kernelConnects
          ? new CableEnds(network, namespaces, true, kernel, stack)
          : new CableEnds(network, namespaces, false, stack, kernel);
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  private static NetStack stack(String port, String address, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder()
            .driven(ShardClock.system())
            .port(port, address)
            .with(Network.WITHOUT_WAITING);
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
    return network.client();
  }

  @Override
  IpAddress serverAddress() {
    return network.server();
  }

  @Override
  IpAddress silentAddress() {
    return network.silent();
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
    return network.all();
  }

  @Override
  int clientInterface() {
    return kernelConnects ? KernelEnds.indexOf("mrk0") : 0;
  }

  @Override
  int serverInterface() {
    return kernelConnects ? 0 : KernelEnds.indexOf("mrk0");
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
