package io.millrace.driver.tap;

import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A TAP in a namespace of its own; its other end is a packet socket on the kernel's side. */
final class TapBench implements PortBench {
  private static final String DEVICE = "mr0";
  private static final int EXPERIMENTAL = 0x88b5;

  private final NetworkNamespace namespace = NetworkNamespace.create("tap");
  private final Port port;
  private final PacketSocket kernel;
  private final List<byte[]> arriving;
  private final List<byte[]> sent = new ArrayList<>();

  TapBench(List<byte[]> arriving, Map<String, String> options) {
    this.arriving = arriving;
    namespace.withoutIpv6();
    Map<String, String> all = new HashMap<>(options);
    all.put("netns", namespace.name());
    all.put("up", "on");
    port = new TapDriver().open(new PortConfig(DEVICE, all, 1));
    kernel = PacketSocket.open(namespace.name(), DEVICE, EXPERIMENTAL);
  }

  @Override
  public Port port() {
    return port;
  }

  @Override
  public void start() {
    arriving.forEach(kernel::send);
  }

  @Override
  public void turn() {
    kernel.receive(1).ifPresent(sent::add);
  }

  @Override
  public List<byte[]> sent() {
    return sent;
  }

  @Override
  public void close() {
    kernel.close();
    port.close();
    namespace.close();
  }
}
