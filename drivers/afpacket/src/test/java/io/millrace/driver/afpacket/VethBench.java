package io.millrace.driver.afpacket;

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

/** One end of a veth pair in a namespace of its own; at the other end is a raw socket. */
final class VethBench implements PortBench {
  static final String OURS = "mrp0";
  static final String PEER = "mrp1";
  private static final int EXPERIMENTAL = 0x88b5;

  private final NetworkNamespace namespace = NetworkNamespace.create("mrp");
  private final Port port;
  private final PacketSocket peer;
  private final List<byte[]> arriving;
  private final List<byte[]> sent = new ArrayList<>();

  VethBench(List<byte[]> arriving, Map<String, String> options) {
    this.arriving = arriving;
    makeVeth(namespace);
    Map<String, String> all = new HashMap<>(options);
    all.put("netns", namespace.name());
    port = new AfPacketDriver().open(new PortConfig(OURS, all, 1));
    peer = PacketSocket.open(namespace.name(), PEER, EXPERIMENTAL);
  }

  /** Makes both ends, switched on, in the namespace, which stays silent. */
  static void makeVeth(NetworkNamespace namespace) {
    VethPair veth = VethPair.create(namespace, OURS, namespace, PEER, 1);
    namespace.withoutIpv6();
    veth.up();
  }

  @Override
  public Port port() {
    return port;
  }

  @Override
  public void start() {
    arriving.forEach(peer::send);
  }

  @Override
  public void turn() {
    peer.receive(1).ifPresent(sent::add);
  }

  @Override
  public List<byte[]> sent() {
    return sent;
  }

  @Override
  public void close() {
    peer.close();
    port.close();
    namespace.close();
  }
}
