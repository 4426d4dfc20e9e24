package io.millrace.driver.afxdp;

import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import io.millrace.testkit.netns.VethPair;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One end of a veth pair is the port's; on the other one is a packet socket. */
final class AfXdpBench implements PortBench {
  static final String DEVICE = "mrx0";
  private static final String PEER = "mrx1";
  private static final int EXPERIMENTAL = 0x88b5;
  private static final int AT_ONCE = 16;

  private final NetworkNamespace ours = NetworkNamespace.create("mrx");
  private final NetworkNamespace theirs = NetworkNamespace.create("mrx");
  private final Port port;
  private final PacketSocket kernel;
  private final List<byte[]> arriving;
  private int arrived;
  private boolean started;
  private final List<byte[]> sent = new ArrayList<>();

  AfXdpBench(List<byte[]> arriving, Map<String, String> options) {
    this.arriving = arriving;
    VethPair veth = VethPair.create(ours, DEVICE, theirs, PEER, 1);
    ours.withoutIpv6();
    theirs.withoutIpv6();
    veth.up();
    Map<String, String> all = new HashMap<>(options);
    all.put("netns", ours.name());
    port = new AfXdpDriver().open(new PortConfig(DEVICE, all, 1));
    kernel = PacketSocket.open(theirs.name(), PEER, EXPERIMENTAL);
  }

  @Override
  public Port port() {
    return port;
  }

  @Override
  public void start() {
    started = true;
  }

  @Override
  public void turn() {
    // As a wire does: not more at a time than the frames that a small pool has ready.
    for (int i = 0; i < AT_ONCE && started && arrived < arriving.size(); i++) {
      kernel.send(arriving.get(arrived++));
    }
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
    theirs.close();
    ours.close();
  }
}
