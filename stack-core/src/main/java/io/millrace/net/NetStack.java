package io.millrace.net;

import io.millrace.buf.FramePool;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpFamilyProvider;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpProtocol;
import io.millrace.port.PortDecorators;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.time.ShardClock;
import io.millrace.transport.Transport;
import io.millrace.transport.TransportProvider;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/**
 * A whole TCP/IP stack: ports, addresses, and the shards that run them. The front door of Millrace.
 *
 * <pre>{@code
 * try (NetStack stack = NetStack.builder().port("tap:mr0", "10.0.0.2/24").start()) {
 *   Tcp.of(stack).listen(7, connection -> new Echo());
 *   stack.awaitClose();
 * }
 * }</pre>
 *
 * <p>Protocols are found through {@link ServiceLoader}: what is on the module path is in the stack.
 * May be built, asked and closed by any thread.
 */
public final class NetStack implements AutoCloseable {
  private static final int REASSEMBLY_FRAMES = 8;

  private final List<Port> ports;
  private final List<Shard> shards;
  private final List<ShardThread> threads;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** The thread that closes the stack; null as long as it is open. */
  private volatile Thread closer;

  private NetStack(List<Port> ports, List<Shard> shards) {
    this.ports = List.copyOf(ports);
    this.shards = List.copyOf(shards);
    this.threads = new ArrayList<>();
  }

  /** Starts a description of a stack. */
  public static Builder builder() {
    return new Builder();
  }

  /** The number of shards. */
  public int shardCount() {
    return shards.size();
  }

  /** A shard, 0 to {@code shardCount() - 1}. */
  public Shard shard(int index) {
    return shards.get(index);
  }

  /** The ports, in the order in which they were added. */
  public List<PortInfo> ports() {
    return ports.stream().map(Port::info).toList();
  }

  /** Waits until another thread calls {@link #close()}. */
  public void awaitClose() throws InterruptedException {
    closed.await();
  }

  /**
   * Resets what is open, stops the shards, gives the devices back, and returns when that is done.
   * Calling it again only waits for it.
   *
   * <p>On one of the stack's own threads (in a handler, a message, a timer) it returns at once, and
   * the rest happens on a thread of its own: {@link #awaitClose()} waits for it.
   */
  @Override
  public void close() {
    boolean onShard = Thread.currentThread() instanceof ShardThread own && threads.contains(own);
    Thread first;
    synchronized (this) {
      first = closer;
      if (first == null) {
        closer = onShard ? new Thread(this::shutDown, "millrace-close") : Thread.currentThread();
      }
    }
    if (first == null && onShard) {
      closer.start();
    } else if (first == null) {
      shutDown();
    } else if (!onShard && first != Thread.currentThread()) {
      // Not for a handler that closes the stack while the stack is closing: it would wait for
      // itself.
      awaitUninterruptibly();
    }
  }

  private void shutDown() {
    Failures failures = new Failures();
    for (ShardThread thread : threads) {
      thread.stopAndJoin();
    }
    for (Shard shard : shards) {
      if (shard.config().mode() == ShardMode.DRIVEN) {
        failures.run(shard::shutDown);
      }
    }
    ports.forEach(port -> failures.run(port::close));
    shards.forEach(shard -> failures.run(() -> shard.pool().close()));
    closed.countDown();
    failures.rethrow();
  }

  private void awaitUninterruptibly() {
    boolean interrupted = false;
    while (closed.getCount() != 0) {
      try {
        closed.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs all of several actions although some throw, and throws the first exception in the end. */
  private static final class Failures {
    private RuntimeException first;

    void run(Runnable action) {
      try {
        action.run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }

    void rethrow() {
      if (first != null) {
        throw first;
      }
    }
  }

  private void startThreads() {
    for (Shard shard : shards) {
      if (shard.config().mode() != ShardMode.DRIVEN) {
        threads.add(new ShardThread(shard));
      }
    }
    threads.forEach(Thread::start);
  }

  /** Describes a stack. Not thread-safe. */
  public static final class Builder {
    private final List<PortRequest> requests = new ArrayList<>();
    private final List<RouteRequest> routes = new ArrayList<>();
    private final Map<Class<?>, Object> settings = new HashMap<>();
    private ShardConfig shardConfig = ShardConfig.defaults();
    private ShardClock clock;
    private SecureRandom random;

    private Builder() {}

    /**
     * Adds a port by name, such as {@code tap:mr0} or {@code tap:mr0,capture=out.pcapng,loss=2%}.
     *
     * @param addresses ours on it, each with its prefix: {@code 10.0.0.2/24}
     */
    public Builder port(String name, String... addresses) {
      requests.add(new PortRequest(PortSpec.parse(name), null, prefixes(addresses)));
      return this;
    }

    /** Adds a port that is open already; closing the stack closes it. */
    public Builder port(Port port, String... addresses) {
      requests.add(new PortRequest(null, port, prefixes(addresses)));
      return this;
    }

    private static List<IpPrefix> prefixes(String... addresses) {
      return java.util.Arrays.stream(addresses).map(IpPrefix::parse).toList();
    }

    /** Adds a default route through a router on the first port. */
    public Builder gateway(String address) {
      IpAddress via = IpAddress.parse(address);
      return route(via.isV4() ? "0.0.0.0/0" : "::/0", address);
    }

    /** Adds a route through a router on the first port. */
    public Builder route(String destination, String via) {
      routes.add(new RouteRequest(IpPrefix.parse(destination), IpAddress.parse(via)));
      return this;
    }

    /** Sets how the shards are made. */
    public Builder shards(ShardConfig config) {
      shardConfig = config;
      return this;
    }

    /**
     * Makes the shard driven: the caller turns {@link Shard#step()}, and {@code newClock} says the
     * time.
     */
    public Builder driven(ShardClock newClock) {
      shardConfig = shardConfig.withMode(ShardMode.DRIVEN);
      clock = newClock;
      return this;
    }

    /**
     * Adds a protocol's configuration record, found by its class: {@code TcpConfig}, for instance.
     */
    public Builder with(Record setting) {
      settings.put(setting.getClass(), setting);
      return this;
    }

    /**
     * Draws secrets from {@code source} instead of the system's CSPRNG: for repeatable simulations
     * only.
     */
    public Builder random(SecureRandom source) {
      random = source;
      return this;
    }

    /**
     * Opens the ports and starts the shards. Nothing stays open if it fails.
     *
     * @throws PortException with one clear sentence if a port cannot be had
     */
    public NetStack start() {
      if (requests.isEmpty()) {
        throw new PortException("a stack needs at least one port, for example tap:mr0");
      }
      List<Port> ports = new ArrayList<>();
      FramePool pool = null;
      try {
        for (PortRequest request : requests) {
          ports.add(request.open());
        }
        pool = makePool(ports);
        Shard shard = makeShard(ports, pool);
        NetStack stack = new NetStack(ports, List.of(shard));
        stack.startThreads();
        return stack;
      } catch (RuntimeException | Error e) {
        Failures failures = new Failures();
        ports.forEach(port -> failures.run(port::close));
        if (pool != null) {
          pool.close();
        }
        if (failures.first != null) {
          e.addSuppressed(failures.first);
        }
        throw e;
      }
    }

    private FramePool makePool(List<Port> ports) {
      int mtu = 0;
      boolean large = false;
      for (Port port : ports) {
        PortInfo info = port.info();
        mtu = Math.max(mtu, info.mtu());
        large |= info.offers(PortInfo.RX_LARGE) || info.offers(PortInfo.TX_SEGMENT_TCP4);
      }
      int size = shardConfig.frameSize();
      if (size == 0) {
        int lines = (Math.max(2048, FramePool.HEADROOM + mtu + 64) + 63) / 64;
        // An odd number of cache lines: the headers of frames a power of two apart would all
        // compete
        // for the same few sets of the first-level cache.
        size = (lines | 1) * 64;
      }
      // Without ports that merge or segment, a few are still needed to put fragments together in.
      int largeFrames =
          large
              ? shardConfig.largeFrames()
              : Math.min(shardConfig.largeFrames(), REASSEMBLY_FRAMES);
      return new FramePool(shardConfig.frames(), size, largeFrames, shardConfig.hugePages());
    }

    private Shard makeShard(List<Port> ports, FramePool pool) {
      Shard shard =
          new Shard(
              0,
              shardConfig,
              clock != null ? clock : ShardClock.system(),
              pool,
              random != null ? random : new SecureRandom(),
              Map.copyOf(settings));
      List<NetInterface> interfaces = new ArrayList<>();
      for (Port port : ports) {
        int vlan = requests.get(interfaces.size()).vlan();
        interfaces.add(
            new NetInterface(
                interfaces.size(), port.info(), port.queue(0, pool), shard.counters(), vlan));
      }
      shard.interfaces(interfaces);
      addProtocols(shard);
      addAddresses(shard, interfaces);
      return shard;
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
      shard.transports(
          transports.get(IpProtocol.TCP),
          transports.get(IpProtocol.UDP),
          transports.get(IpProtocol.SCTP));
    }

    private void addAddresses(Shard shard, List<NetInterface> interfaces) {
      long now = shard.clock().update();
      for (int i = 0; i < interfaces.size(); i++) {
        for (IpPrefix prefix : requests.get(i).addresses()) {
          family(shard, prefix.address()).addAddress(interfaces.get(i), prefix, now);
        }
      }
      for (RouteRequest route : routes) {
        family(shard, route.destination().address())
            .addRoute(route.destination(), route.via(), interfaces.get(0));
      }
    }

    private static IpFamily family(Shard shard, IpAddress address) {
      IpFamily family = address.isV4() ? shard.ipv4() : shard.ipv6();
      if (family == null) {
        throw new PortException(
            "the address "
                + address
                + " needs millrace-ipv"
                + (address.isV4() ? 4 : 6)
                + " on the module path");
      }
      return family;
    }
  }

  private record RouteRequest(IpPrefix destination, IpAddress via) {}

  private record PortRequest(PortSpec spec, Port opened, List<IpPrefix> addresses) {
    int vlan() {
      return spec == null ? 0 : PortDecorators.vlan(spec.options());
    }

    Port open() {
      if (opened != null) {
        return opened;
      }
      List<Driver> drivers = new ArrayList<>();
      ServiceLoader.load(Driver.class).forEach(drivers::add);
      Driver driver =
          drivers.stream()
              .filter(each -> each.scheme().equals(spec.scheme()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new PortException(
                          "there is no driver '"
                              + spec.scheme()
                              + "'; available are "
                              + drivers.stream()
                                  .map(Driver::scheme)
                                  .sorted()
                                  .collect(Collectors.joining(", "))));
      PortDecorators.check(spec.options());
      Map<String, String> own = PortDecorators.driverOptions(spec.options());
      boolean offload = PortDecorators.allowOffload(spec.options());
      Port port = driver.open(new PortConfig(spec.target(), own, 1, offload));
      try {
        return PortDecorators.apply(port, spec.options());
      } catch (RuntimeException e) {
        port.close();
        throw e;
      }
    }
  }
}
