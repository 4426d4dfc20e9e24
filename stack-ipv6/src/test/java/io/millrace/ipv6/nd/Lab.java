package io.millrace.ipv6.nd;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.link.Neighbor;
import io.millrace.link.NeighborConfig;
import io.millrace.net.NetInterface;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.testkit.host.SteppedHost;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.pcap4j.packet.EthernetPacket;

/**
 * Neighbor Discovery on a shard, with a host that writes down what it is told, on a clock that
 * stands still until told. Closing checks that every frame has come back.
 */
public final class Lab implements NdHost, AutoCloseable {
  public static final long SECOND = 1_000_000_000;
  static final long OUR_MAC = 0x02_00_00_00_00_01L;
  static final long PEER_MAC = 0x02_00_00_00_00_02L;
  static final long OTHER_MAC = 0x02_00_00_00_00_03L;
  static final String OURS = "2001:db8::1";
  static final String PEER = "2001:db8::2";
  static final String ROUTER = "fe80::ff";

  private final TestPort port = new TestPort(1500, 0, OUR_MAC);
  private long now = 5 * SECOND;
  private final NetStack stack;
  public final Shard shard;
  public final NetInterface on;
  public final NeighborDiscovery nd;

  /** What the host was told. */
  public final List<Packet> sent = new ArrayList<>();

  /** Whether each of those had a Router Alert. */
  public final List<Boolean> alerts = new ArrayList<>();

  final List<Long> sentTo = new ArrayList<>();
  public final Map<IpAddress, AddressState> addresses = new LinkedHashMap<>();
  public final Map<String, Integer> groups = new TreeMap<>();
  final List<String> onLink = new ArrayList<>();
  public final Map<String, String> routes = new TreeMap<>();
  final List<Long> unreachable = new ArrayList<>();
  int mtu;
  int hopLimit;

  /** What the last router has said about DHCPv6: M, O, both or nothing. */
  String flags;

  boolean router;

  public Lab() {
    this(Ipv6Autoconf.defaults());
  }

  public Lab(Ipv6Autoconf config) {
    stack =
        NetStack.builder()
            .shards(ShardConfig.defaults().withFrames(1024))
            .driven(ShardClock.of(() -> now))
            .port(port)
            .start();
    shard = stack.shard(0);
    on = shard.networkInterface(0);
    nd = new NeighborDiscovery(this, NeighborConfig.defaults(), config);
    shard.step();
  }

  /** With {@link #OURS} claimed, and nothing sent any more. */
  public static Lab withAddress() {
    Lab lab = new Lab();
    lab.claim(OURS + "/64").advance(3 * SECOND);
    lab.sent();
    return lab;
  }

  /** With a link-local address, listening to routers, and nothing sent any more. */
  public static Lab auto(Ipv6Autoconf config) {
    Lab lab = new Lab(config);
    lab.nd.start(lab.on, lab.now);
    lab.nd.autoconfigure(lab.on, lab.now);
    lab.advance(3 * SECOND);
    lab.sent();
    return lab;
  }

  public static Lab auto() {
    return auto(Ipv6Autoconf.defaults());
  }

  /** Receives an advertisement from {@link #ROUTER}. */
  public void advertise(byte[]... parts) {
    advertiseFrom(ROUTER, parts);
  }

  public void advertiseFrom(String router, byte[]... parts) {
    receive(Packet.of(router, "ff02::1", parts));
  }

  /** The addresses that are not link-local, in the order in which they were made. */
  List<IpAddress> globals() {
    return addresses.keySet().stream()
        .filter(each -> each.hi() != NdAddress.LINK_LOCAL_HI)
        .toList();
  }

  AddressState state(IpAddress address) {
    return addresses.get(address);
  }

  Lab claim(String prefix) {
    nd.claimAddress(on, IpPrefix.parse(prefix), now);
    return this;
  }

  public long now() {
    return now;
  }

  public void advance(long nanos) {
    long end = now + nanos;
    while (now < end) {
      now = Math.min(end, Math.max(now + 1, shard.nextDeadline()));
      step();
    }
  }

  public void step() {
    while (shard.step() != 0) {
      // Until all is quiet.
    }
  }

  public void receive(Packet packet) {
    nd.input(packet.type(), frame(packet, ""), on, now);
    step();
  }

  /** A received message; headers in hexadecimal stand between it and the IPv6 header. */
  public Frame frame(Packet packet, String headers) {
    Frame frame = shard.pool().allocate();
    byte[] extension = Packet.hex(headers);
    frame.append(40 + extension.length);
    Bytes.fill(frame.address(), 40, 0);
    // Only what tells whether a hop-by-hop header follows.
    Bytes.put8(frame.address() + 6, extension.length == 0 ? 58 : 0);
    Bytes.copyIn(extension, 0, frame.address() + 40, extension.length);
    frame.markL3();
    Bytes.copyIn(packet.bytes(), 0, frame.append(packet.bytes().length), packet.bytes().length);
    frame.addresses(
        packet.source().hi(),
        packet.source().lo(),
        packet.destination().hi(),
        packet.destination().lo());
    frame.classAndHops(0, packet.hopLimit());
    frame.interfaceIndex(on.index());
    frame.pull(40 + extension.length);
    return frame;
  }

  public void expectDrop(DropReason reason, Packet packet) {
    long before = shard.counters().get(reason);
    int had = sent.size();
    receive(packet);
    assertThat(shard.counters().get(reason)).as("%s of %s", reason, packet).isEqualTo(before + 1);
    assertThat(sent).hasSize(had);
  }

  /** What was sent since the last time this was asked. */
  public List<Packet> sent() {
    List<Packet> all = List.copyOf(sent);
    sent.clear();
    sentTo.clear();
    alerts.clear();
    return all;
  }

  public List<String> sentTexts() {
    return sent().stream().map(Packet::toString).toList();
  }

  public long count(Counter counter) {
    return shard.counters().get(counter);
  }

  Neighbor neighbor(String address) {
    IpAddress a = IpAddress.parse(address);
    return nd.neighbors().find(on, a.hi(), a.lo());
  }

  /** Sends a datagram without content to a neighbor; it waits until the link address is known. */
  Neighbor sendTo(String source, String destination) {
    Frame frame = shard.pool().allocate();
    long at = frame.append(40);
    Bytes.fill(at, 40, 0);
    Bytes.put8(at, 0x60);
    Bytes.put8(at + 6, 59);
    IpAddress from = IpAddress.parse(source);
    IpAddress to = IpAddress.parse(destination);
    Bytes.put64(at + 8, from.hi());
    Bytes.put64(at + 16, from.lo());
    Bytes.put64(at + 24, to.hi());
    Bytes.put64(at + 32, to.lo());
    Neighbor neighbor = nd.neighbors().demand(on, to.hi(), to.lo(), now);
    assertThat(neighbor.send(frame, now)).isTrue();
    step();
    return neighbor;
  }

  /** The link addresses that datagrams (not messages of ours) were sent to. */
  List<Long> datagramsTo() {
    return port.takeSent().stream()
        .map(SteppedHost::decode)
        .map(EthernetPacket::getHeader)
        .map(each -> ByteBuffer.wrap(each.getRawData()).getLong() >>> 16)
        .toList();
  }

  // ---- the host ----

  @Override
  public Shard shard() {
    return shard;
  }

  @Override
  public void onAllShards(Consumer<NdHost> change) {
    change.accept(this);
  }

  @Override
  public void send(
      Frame message,
      NetInterface through,
      long linkDestination,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      int hops,
      boolean routerAlert,
      long at) {
    byte[] bytes = new byte[message.length()];
    Bytes.copyOut(message.address(), bytes, 0, bytes.length);
    message.release();
    sent.add(
        new Packet(
            new IpAddress(sourceHi, sourceLo),
            new IpAddress(destinationHi, destinationLo),
            hops,
            bytes));
    sentTo.add(linkDestination);
    alerts.add(routerAlert);
  }

  @Override
  public void unreachable(Frame datagram, long at) {
    unreachable.add(at);
    datagram.release();
  }

  @Override
  public AddressState stateOf(NetInterface interfaceOf, long hi, long lo) {
    return addresses.get(new IpAddress(hi, lo));
  }

  @Override
  public IpAddress sourceFor(NetInterface interfaceOf, long hi, long lo) {
    IpAddress best = null;
    for (Map.Entry<IpAddress, AddressState> each : addresses.entrySet()) {
      boolean sameNetwork = each.getKey().hi() == hi;
      boolean linkLocal = each.getKey().hi() == NdAddress.LINK_LOCAL_HI;
      if (each.getValue() != AddressState.OPTIMISTIC
          && (sameNetwork || best == null || (linkLocal && best.hi() != hi))) {
        best = each.getKey();
      }
    }
    return best;
  }

  @Override
  public void setAddress(NetInterface interfaceOf, IpPrefix address, AddressState state) {
    addresses.put(address.address(), state);
  }

  @Override
  public void removeAddress(NetInterface interfaceOf, IpAddress address) {
    addresses.remove(address);
  }

  @Override
  public void joinGroup(NetInterface interfaceOf, long hi, long lo) {
    groups.merge(new IpAddress(hi, lo).toString(), 1, Integer::sum);
  }

  @Override
  public void leaveGroup(NetInterface interfaceOf, long hi, long lo) {
    groups.computeIfPresent(
        new IpAddress(hi, lo).toString(), (_, count) -> count == 1 ? null : count - 1);
  }

  @Override
  public void addOnLink(NetInterface interfaceOf, IpPrefix prefix) {
    onLink.add(prefix.toString());
  }

  @Override
  public void removeOnLink(NetInterface interfaceOf, IpPrefix prefix) {
    onLink.remove(prefix.toString());
  }

  @Override
  public void setRoute(NetInterface through, IpPrefix destination, IpAddress via) {
    routes.put(destination.toString(), via == null ? "on link" : via.toString());
  }

  @Override
  public void removeRoute(NetInterface through, IpPrefix destination) {
    routes.remove(destination.toString());
  }

  @Override
  public boolean isFirstHop(NetInterface through, long routerLo, long hi, long lo) {
    String router = new IpAddress(NdAddress.LINK_LOCAL_HI, routerLo).toString();
    return router.equals(
        routes.getOrDefault(new IpAddress(hi, lo) + "/128", routes.get("0:0:0:0:0:0:0:0/0")));
  }

  @Override
  public void linkMtu(NetInterface interfaceOf, int newMtu) {
    mtu = newMtu;
  }

  @Override
  public void hopLimit(NetInterface interfaceOf, int newHopLimit) {
    hopLimit = newHopLimit;
  }

  @Override
  public void routerSays(
      NetInterface through,
      long routerLo,
      boolean makingAddresses,
      boolean managed,
      boolean other,
      long at) {
    flags = (managed ? "M" : "") + (other ? "O" : "");
  }

  @Override
  public boolean isRouter(NetInterface interfaceOf) {
    return router;
  }

  @Override
  public void close() {
    advance(60 * SECOND);
    assertThat(shard.pool().available()).as("free frames").isEqualTo(shard.pool().frames());
    assertThat(count(Counter.EXCEPTIONS)).as("exceptions").isZero();
    stack.close();
  }
}
