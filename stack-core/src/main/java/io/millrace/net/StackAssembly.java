package io.millrace.net;

import io.millrace.buf.FramePool;
import io.millrace.flow.Toeplitz;
import io.millrace.ip.AddressChoice;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpFamilyProvider;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.IpRoute;
import io.millrace.ip.NextHop;
import io.millrace.name.NameServiceProvider;
import io.millrace.os.Numa;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.spi.ShardSockets;
import io.millrace.spi.SocketPort;
import io.millrace.time.ShardClock;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;

/** Puts a stack together: opens its ports and makes its shards, or gives all of it back. */
final class StackAssembly {
  private static final int REASSEMBLY_FRAMES = 8;

  private final List<PortRequest> requests;
  private final List<VlanRequest> vlans;
  private final List<IpRoute> routes;
  private final Map<Class<?>, Object> settings;
  private final boolean loopback;
  private final List<ShardConfig> configs;
  private final ShardClock clock;
  private final SecureRandom random;

  private final List<Port> ports = new ArrayList<>();
  private final List<FramePool> pools = new ArrayList<>();
  private ShardMesh mesh;

  /**
   * Takes a description.
   *
   * @param loopback whether the stack reaches its own addresses
   * @param configs one per shard
   * @param clock the clock of all shards if they are driven, else null
   * @param random the source of secrets, or null for the system's
   */
  StackAssembly(
      List<PortRequest> requests,
      List<VlanRequest> vlans,
      List<IpRoute> routes,
      Map<Class<?>, Object> settings,
      boolean loopback,
      List<ShardConfig> configs,
      ShardClock clock,
      SecureRandom random) {
    this.requests = List.copyOf(requests);
    this.vlans = List.copyOf(vlans);
    this.routes = List.copyOf(routes);
    this.settings = Map.copyOf(settings);
    this.loopback = loopback;
    this.configs = List.copyOf(configs);
    this.clock = clock;
    this.random = random != null ? random : new SecureRandom();
  }

  NetStack assemble() {
    if (requests.isEmpty()) {
      throw new PortException("a stack needs at least one port, for example tap:mr0");
    }
    if (requests.size() + vlans.size() >= HandOver.MAX_INTERFACES) {
      throw new PortException(
          "a stack has at most " + (HandOver.MAX_INTERFACES - 1) + " ports and networks on them");
    }
    checkNetworks();
    for (IpRoute route : routes) {
      if (route.port() >= requests.size() + vlans.size()) {
        throw new PortException(
            "the route to "
                + route.destination()
                + " names port "
                + route.port()
                + ", but there are only "
                + (requests.size() + vlans.size()));
      }
    }
    try {
      for (PortRequest request : requests) {
        ports.add(request.open(configs.size()));
      }
      checkAlone();
      NetStack stack = makeStack();
      stack.startThreads();
      return stack;
    } catch (RuntimeException | Error e) {
      Failures failures = new Failures();
      ports.forEach(port -> failures.run(port::close));
      if (mesh != null) {
        failures.run(mesh::close);
      }
      pools.forEach(FramePool::close);
      failures.addTo(e);
      throw e;
    }
  }

  private void checkNetworks() {
    Set<Long> seen = new HashSet<>();
    for (VlanRequest vlan : vlans) {
      String name = VlanTags.format(vlan.vlan());
      if (vlan.port() < 0 || vlan.port() >= requests.size()) {
        throw new PortException(
            "the network "
                + name
                + " is on port "
                + vlan.port()
                + ", and the ports are numbered from 0 to "
                + (requests.size() - 1));
      }
      if (requests.get(vlan.port()).vlan() == vlan.vlan()
          || !seen.add((long) vlan.port() << 32 | vlan.vlan())) {
        throw new PortException("the network " + name + " is on port " + vlan.port() + " twice");
      }
    }
  }

  /** Sockets come with a network of their own: there is no way from one to the other. */
  private void checkAlone() {
    for (Port port : ports) {
      if (port instanceof SocketPort && ports.size() + vlans.size() > 1) {
        throw new PortException(
            "the port "
                + port.info().name()
                + " has sockets and no frames: a stack has it alone, or other ports without it");
      }
    }
  }

  private NetStack makeStack() {
    List<Shard> shards = new ArrayList<>();
    for (ShardConfig config : configs) {
      FramePool pool = makePool(config);
      pools.add(pool);
      shards.add(
          new Shard(
              shards.size(),
              config,
              clock != null ? clock : ShardClock.system(),
              pool,
              random,
              settings));
    }
    mesh = new ShardMesh(shards);
    Steering steering = makeSteering();
    for (Shard shard : shards) {
      shard.group(mesh.group(shard.index()));
      shard.steering(steering);
      if (ports.getFirst() instanceof SocketPort port) {
        addSockets(shard, port.sockets(shard));
      } else {
        List<NetInterface> interfaces = makeInterfaces(shard);
        shard.interfaces(interfaces, loopback ? makeLoopback(shard, interfaces.size()) : null);
        addProtocols(shard);
      }
      addNames(shard);
    }
    shards.forEach(this::addAddresses);
    return new NetStack(ports, shards, mesh);
  }

  private FramePool makePool(ShardConfig config) {
    int mtu = 0;
    int insisted = 0;
    boolean large = false;
    for (Port port : ports) {
      PortInfo info = port.info();
      mtu = Math.max(mtu, info.mtu());
      insisted = Math.max(insisted, info.frameSize());
      large |= info.offers(PortInfo.RX_LARGE) || info.offers(PortInfo.TX_SEGMENT_TCP4);
    }
    int size = insisted != 0 ? insisted : config.frameSize();
    if (size == 0) {
      int lines = (Math.max(2048, FramePool.HEADROOM + mtu + 64) + 63) / 64;
      // An odd number of cache lines: the headers of frames a power of two apart would all compete
      // for the same few sets of the first-level cache.
      size = (lines | 1) * 64;
    }
    // Without ports that merge or segment, a few are still needed to put fragments together in, and
    // for the lanes of whole datagrams between shards.
    int few = REASSEMBLY_FRAMES + 2 * ShardMesh.LARGE_PER_LANE * (configs.size() - 1);
    int largeFrames = large ? config.largeFrames() : Math.min(config.largeFrames(), few);
    int node = Numa.system().memoryFor(config.core());
    return new FramePool(config.frames(), size, largeFrames, config.hugePages(), node);
  }

  private Steering makeSteering() {
    int shards = configs.size();
    if (shards == 1) {
      return new Steering(new Toeplitz[0], 1);
    }
    byte[] key = new byte[Toeplitz.KEY_SIZE];
    random.nextBytes(key); // a secret, so that nobody can aim all his flows at one shard
    Toeplitz own = new Toeplitz(key, shards);
    Toeplitz[] hashes = new Toeplitz[ports.size() + vlans.size() + 1];
    for (int i = 0; i < ports.size(); i++) {
      PortInfo info = ports.get(i).info();
      boolean known = info.rss() != null && info.queues() == shards;
      hashes[i] = known ? info.rss() : own;
    }
    for (int i = 0; i < vlans.size(); i++) {
      hashes[ports.size() + i] = hashes[vlans.get(i).port()];
    }
    hashes[hashes.length - 1] = own; // what we send to ourselves is received where it was sent
    return new Steering(hashes, shards);
  }

  private List<NetInterface> makeInterfaces(Shard shard) {
    List<NetInterface> interfaces = new ArrayList<>();
    for (Port port : ports) {
      int index = interfaces.size();
      int queues = port.info().queues();
      PortQueue queue =
          shard.index() < queues
              ? port.queue(shard.index(), shard.pool())
              : new RelayQueue(shard.group(), index, shard.index() % queues);
      int vlan = requests.get(index).vlan();
      interfaces.add(new NetInterface(index, port.info(), queue, shard.counters(), vlan));
    }
    for (VlanRequest vlan : vlans) {
      NetInterface trunk = interfaces.get(vlan.port());
      interfaces.add(new NetInterface(interfaces.size(), trunk, vlan.vlan()));
    }
    return interfaces;
  }

  private static NetInterface makeLoopback(Shard shard, int index) {
    int frameSize = shard.pool().frameSize();
    PortInfo info = Loopback.info(frameSize, FramePool.HEADROOM, shard.group().size());
    return new NetInterface(index, info, shard.counters());
  }

  private static void addProtocols(Shard shard) {
    IpFamily four = null;
    IpFamily six = null;
    for (IpFamilyProvider provider : ServiceLoader.load(IpFamilyProvider.class)) {
      if (provider.version() == 4) {
        four = provider.create(shard);
      } else {
        six = provider.create(shard);
      }
    }
    shard.families(four, six);
    Map<Integer, Transport> transports = new HashMap<>();
    for (TransportProvider provider : ServiceLoader.load(TransportProvider.class)) {
      transports.put(provider.protocol(), provider.create(shard));
    }
    addTransports(shard, transports);
  }

  private static void addSockets(Shard shard, ShardSockets sockets) {
    shard.sockets(sockets);
    Map<Integer, Transport> transports = new HashMap<>();
    sockets.transports().forEach(each -> transports.put(each.protocol(), each));
    addTransports(shard, transports);
  }

  private static void addTransports(Shard shard, Map<Integer, Transport> transports) {
    shard.transports(
        transports.get(IpProtocol.TCP),
        transports.get(IpProtocol.UDP),
        transports.get(IpProtocol.SCTP),
        transports.get(IpProtocol.UDP_LITE));
  }

  private static void addNames(Shard shard) {
    for (NameServiceProvider provider : ServiceLoader.load(NameServiceProvider.class)) {
      shard.names(provider.create(shard));
    }
  }

  private void addAddresses(Shard shard) {
    shard.clock().update();
    for (int port = 0; port < requests.size(); port++) {
      addAddresses(shard, port, requests.get(port).addresses());
    }
    for (int i = 0; i < vlans.size(); i++) {
      addAddresses(shard, requests.size() + i, vlans.get(i).addresses());
    }
    for (int port = 0; port < requests.size(); port++) {
      configure(shard, port, requests.get(port).choices());
    }
    for (int i = 0; i < vlans.size(); i++) {
      configure(shard, requests.size() + i, vlans.get(i).choices());
    }
    for (IpRoute route : routes) {
      addRoute(shard, route);
    }
  }

  private static void addAddresses(Shard shard, int port, List<IpPrefix> prefixes) {
    for (IpPrefix prefix : prefixes) {
      addAddress(shard, port, prefix);
    }
  }

  private static void configure(Shard shard, int port, List<AddressChoice> choices) {
    for (AddressChoice choice : choices) {
      family(shard, choice.version(), choice.word())
          .configure(shard.networkInterface(port), choice, shard.clock().now());
    }
  }

  /** On the shard's thread, or before it runs. */
  static void addAddress(Shard shard, int port, IpPrefix prefix) {
    family(shard, prefix.address())
        .addAddress(shard.networkInterface(port), prefix, shard.clock().now());
  }

  /** On the shard's thread, or before it runs. */
  static void addRoute(Shard shard, IpRoute route) {
    IpFamily family = family(shard, route.destination().address());
    if (route.metric() == 0 && route.source() == null) {
      family.addRoute(route.destination(), route.via(), shard.networkInterface(route.port()));
    } else {
      family.addRoute(route.destination(), nextHop(shard, route));
    }
  }

  /** On the shard's thread. */
  static void removeRoute(Shard shard, IpRoute route) {
    family(shard, route.destination().address())
        .removeRoute(route.destination(), nextHop(shard, route));
  }

  private static NextHop nextHop(Shard shard, IpRoute route) {
    return new NextHop(
        shard.networkInterface(route.port()), route.via(), route.metric(), route.source());
  }

  /** The family of an address; refuses where the stack lacks it. */
  static IpFamily family(Shard shard, IpAddress address) {
    return family(shard, address.isV4() ? 4 : 6, address.toString());
  }

  private static IpFamily family(Shard shard, int version, String who) {
    if (shard.sockets() != null) {
      throw new PortException(
          "the stack's sockets have addresses and routes of their own: take out " + who);
    }
    IpFamily family = version == 4 ? shard.ipv4() : shard.ipv6();
    if (family == null) {
      throw new PortException(
          "the address " + who + " needs millrace-ipv" + version + " on the module path");
    }
    return family;
  }
}
