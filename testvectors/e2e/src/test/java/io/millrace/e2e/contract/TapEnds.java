package io.millrace.e2e.contract;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.os.Namespace;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.time.ShardClock;

/**
 * One of our stacks on a TAP device, and one on the sockets of the kernel that has the other end of
 * it, in a network namespace.
 */
final class TapEnds extends Ends {
  private static final IpAddress KERNEL = IpAddress.parse("10.98.0.1");
  private static final IpAddress STACK = IpAddress.parse("10.98.0.2");

  private final NetworkNamespace namespace;
  private final boolean kernelConnects;
  private int ports = 7;

  private TapEnds(
      NetworkNamespace namespace, NetStack client, NetStack server, boolean kernelConnects) {
    super(client, server, false);
    this.namespace = namespace;
    this.kernelConnects = kernelConnects;
  }

  /** Needs {@link NetworkNamespace#assumeAvailable}. */
  static Ends open(boolean kernelConnects, Record... settings) {
    NetworkNamespace namespace = NetworkNamespace.create("kernel");
    try {
      namespace.withoutIpv6();
      NetStack stack = stack(namespace, settings);
      NetStack kernel = KernelEnds.stack(settings);
      return kernelConnects
          ? new TapEnds(namespace, kernel, stack, true)
          : new TapEnds(namespace, stack, kernel, false);
    } catch (RuntimeException e) {
      namespace.close();
      throw e;
    }
  }

  private static NetStack stack(NetworkNamespace namespace, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder()
            .driven(ShardClock.system())
            .port(
                "tap:mrk0,netns=%s,address=%s/24".formatted(namespace.path(), KERNEL),
                STACK + "/24");
    for (Record setting : settings) {
      builder.with(setting);
    }
    return builder.start();
  }

  /** A socket belongs to the namespace in which it was made. */
  @Override
  void run(Runnable test) {
    Namespace.in(
        namespace.path(),
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
      namespace.close();
    }
  }
}
