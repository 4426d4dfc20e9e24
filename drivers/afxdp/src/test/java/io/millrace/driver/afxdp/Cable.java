package io.millrace.driver.afxdp;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.VethPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A veth pair between two namespaces: our end is a port, the other one the kernel's, 10.98.0.1 in a
 * network where it believes 10.98.0.2 to be ours.
 */
final class Cable implements AutoCloseable {
  static final String OURS = "10.98.0.2";
  static final String KERNELS = "10.98.0.1";
  static final String DEVICE = "mrx0";
  static final String PEER = "mrx1";

  private static final int FRAMES = 2048;

  /** After that a test fails instead of waiting on. */
  private static final long LIMIT = 30_000_000_000L;

  final NetworkNamespace ours = NetworkNamespace.create("mrx");
  final NetworkNamespace kernel = NetworkNamespace.create("mrx");
  final VethPair veth;
  private final List<FramePool> pools = new ArrayList<>();
  private final List<PortQueue> queues = new ArrayList<>();
  private Port port;

  Cable(int queues, int mtu) {
    try {
      veth = VethPair.create(ours, DEVICE, kernel, PEER, queues);
      ours.withoutIpv6();
      kernel.withoutIpv6();
      veth.right().offloads(false).address(KERNELS + "/24");
      veth.mtu(mtu).up();
      kernel.run(
          "sh",
          "-c",
          "ip neigh add "
              + OURS
              + " dev "
              + PEER
              + " lladdr $(ip -n "
              + ours.name()
              + " -br link show "
              + DEVICE
              + " | awk '{print $3}')");
    } catch (RuntimeException e) {
      kernel.close();
      ours.close();
      throw e;
    }
  }

  /** Opens the port with queues on pools of frames of that size. */
  Port open(int queueCount, int frameSize, Map<String, String> options) {
    Map<String, String> all = new java.util.HashMap<>(options);
    all.put("netns", ours.name());
    port = new AfXdpDriver().open(new PortConfig(DEVICE, all, queueCount));
    for (int i = 0; i < port.info().queues(); i++) {
      FramePool pool = new FramePool(FRAMES, frameSize, 2, false);
      pools.add(pool);
      queues.add(port.queue(i, pool));
    }
    return port;
  }

  PortQueue queue(int index) {
    return queues.get(index);
  }

  FramePool pool(int index) {
    return pools.get(index);
  }

  /** What a queue has received now, in arrays. */
  List<byte[]> receive(int queue) {
    Frame[] burst = new Frame[64];
    int n = queues.get(queue).rxBurst(burst, burst.length, 1);
    List<byte[]> packets = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      packets.add(burst[i].toByteArray());
      burst[i].release();
    }
    return packets;
  }

  /** Sends a packet in one frame. */
  void send(int queue, byte[] packet) {
    Frame frame = pools.get(queue).allocate();
    io.millrace.buf.Bytes.copyIn(packet, 0, frame.append(packet.length), packet.length);
    if (queues.get(queue).txBurst(new Frame[] {frame}, 0, 1) != 1) {
      throw new AssertionError("the ring is full");
    }
    queues.get(queue).flush();
    queues.get(queue).reclaim(64);
  }

  /** Turns until something is so. */
  static void until(String what, BooleanSupplier condition) {
    long limit = System.nanoTime() + LIMIT;
    while (System.nanoTime() < limit) {
      if (condition.getAsBoolean()) {
        return;
      }
      Thread.yield();
    }
    throw new AssertionError("does not happen: " + what);
  }

  /** Closes the port and says whether all frames are back. */
  boolean closePort() {
    port.close();
    return pools.stream().allMatch(pool -> pool.available() == FRAMES);
  }

  @Override
  public void close() {
    try {
      if (port != null) {
        port.close();
      }
    } finally {
      pools.forEach(FramePool::close);
      kernel.close();
      ours.close();
    }
  }
}
