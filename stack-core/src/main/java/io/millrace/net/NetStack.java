package io.millrace.net;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.filter.PacketFilter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpRoute;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.time.ShardClock;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.Function;

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
  private final List<Port> ports;
  private final List<Shard> shards;
  private final ShardMesh mesh;
  private final List<ShardThread> threads;
  private StallWatch watch;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** The thread that closes the stack; null as long as it is open. */
  private volatile Thread closer;

  NetStack(List<Port> ports, List<Shard> shards, ShardMesh mesh) {
    this.ports = List.copyOf(ports);
    this.shards = List.copyOf(shards);
    this.mesh = mesh;
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

  /**
   * Parses an address as {@link IpAddress#parse} does, and knows the ports by name as well: {@code
   * fe80::1%tap:mr0} or {@code fe80::1%mr0} is on the link of the port {@code tap:mr0}.
   *
   * @throws IllegalArgumentException if the text is no address, or names no port of the stack
   */
  public IpAddress address(String text) {
    int percent = text.indexOf('%');
    String zone = text.substring(percent + 1);
    if (percent < 0 || zone.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return IpAddress.parse(text);
    }
    for (int i = 0; i < ports.size(); i++) {
      String name = ports.get(i).info().name();
      if (name.equals(zone) || name.endsWith(":" + zone)) {
        return IpAddress.parse(text.substring(0, percent)).inZone(i + 1);
      }
    }
    throw new IllegalArgumentException(
        "'"
            + zone
            + "' is no port of this stack; it has "
            + ports.stream().map(each -> each.info().name()).toList());
  }

  /**
   * Adds an address with its on-link prefix to a port, on all shards, as if it had been given at
   * the start. Any thread; takes effect in the shards' next duty cycles.
   *
   * @param port the port's number, in the order in which they were added; networks on them are
   *     counted behind the ports
   * @throws IllegalArgumentException if the text is no prefix, or the stack lacks the family
   */
  public void addAddress(int port, String address) {
    IpPrefix prefix = IpPrefix.parse(address);
    Objects.checkIndex(port, shards.get(0).interfaceCount());
    StackAssembly.family(shards.get(0), prefix.address());
    onEachShard(shard -> StackAssembly.addAddress(shard, port, prefix));
  }

  /**
   * Adds a route through a router on a port, on all shards. Any thread; takes effect in the shards'
   * next duty cycles.
   *
   * @throws IllegalArgumentException if a text is no prefix or address, or the stack lacks the
   *     family
   */
  public void addRoute(String destination, String via, int port) {
    addRoute(IpRoute.of(destination, via, port));
  }

  /**
   * Adds a route on all shards, beside others to the same destination. Any thread; takes effect in
   * the shards' next duty cycles.
   *
   * @throws IllegalArgumentException if there is no such port
   * @throws PortException if the stack lacks the family
   */
  public void addRoute(IpRoute route) {
    check(route);
    onEachShard(shard -> StackAssembly.addRoute(shard, route));
  }

  /**
   * Takes a route away on all shards: the one to the same destination through the same router and
   * port, whatever its metric. Any thread; takes effect in the shards' next duty cycles.
   */
  public void removeRoute(IpRoute route) {
    check(route);
    onEachShard(shard -> StackAssembly.removeRoute(shard, route));
  }

  private void check(IpRoute route) {
    Objects.checkIndex(route.port(), shards.get(0).interfaceCount());
    StackAssembly.family(shards.get(0), route.destination().address());
  }

  /**
   * Puts a network function into the path of all packets, in the place of the one before. Any
   * thread; takes effect in the shards' next duty cycles.
   *
   * @param perShard makes each shard's own, on its thread; null to have none
   */
  public void filter(Function<Shard, PacketFilter> perShard) {
    onEachShard(shard -> shard.filter(perShard == null ? null : perShard.apply(shard)));
  }

  private void onEachShard(Consumer<Shard> change) {
    for (Shard shard : shards) {
      shard.execute(() -> change.accept(shard));
    }
  }

  /**
   * Asks every shard, each on its own thread, and puts the answers together. Any thread; for
   * statistics and the like.
   *
   * @return completed on one of the shards' threads
   */
  public <T> CompletableFuture<T> mapReduce(Function<Shard, T> map, BinaryOperator<T> reduce) {
    CompletableFuture<CompletableFuture<T>> asked = new CompletableFuture<>();
    Shard first = shards.get(0);
    first.execute(() -> asked.complete(first.group().mapReduce(map, reduce)));
    return asked.thenCompose(Function.identity());
  }

  /**
   * What has made a shard stand still, if anything has. Exceptions of handlers do not: they are
   * reported, and the shard lives on.
   */
  public Optional<Throwable> failure(int shard) {
    return shard < threads.size()
        ? Optional.ofNullable(threads.get(shard).failure())
        : Optional.empty();
  }

  /** The sum of a counter over all shards, as it is now. Any thread. */
  public long count(Counter counter) {
    long sum = 0;
    for (Shard shard : shards) {
      sum += shard.counters().get(counter);
    }
    return sum;
  }

  /** The sum over all shards of the packets dropped for a reason, as it is now. Any thread. */
  public long dropped(DropReason reason) {
    long sum = 0;
    for (Shard shard : shards) {
      sum += shard.counters().get(reason);
    }
    return sum;
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
    if (watch != null) {
      watch.stop();
    }
    for (ShardThread thread : threads) {
      thread.stopAndJoin();
    }
    for (Shard shard : shards) {
      if (shard.config().mode() == ShardMode.DRIVEN) {
        failures.run(shard::shutDown);
      }
    }
    ports.forEach(port -> failures.run(port::close));
    failures.run(mesh::close);
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

  /** The threads of the shards that are not driven. */
  List<ShardThread> threads() {
    return threads;
  }

  void startThreads() {
    for (Shard shard : shards) {
      if (shard.config().mode() != ShardMode.DRIVEN) {
        threads.add(new ShardThread(shard));
      }
    }
    threads.forEach(Thread::start);
    if (!threads.isEmpty()) {
      watch = StallWatch.start(threads, shards.get(0).config().stallThreshold());
    }
  }

  /** Describes a stack. Not thread-safe. */
  public static final class Builder {
    private final List<PortRequest> requests = new ArrayList<>();
    private final List<VlanRequest> vlans = new ArrayList<>();
    private final List<IpRoute> routes = new ArrayList<>();
    private final Map<Class<?>, Object> settings = new HashMap<>();
    private ShardConfig shardConfig = ShardConfig.defaults();
    private int shardCount = 1;
    private int[] cores = {};
    private ShardClock clock;
    private SecureRandom random;
    private boolean loopback = true;

    private Builder() {}

    /**
     * Adds a port by name, such as {@code tap:mr0} or {@code tap:mr0,capture=out.pcapng,loss=2%}.
     *
     * @param addresses ours on it, each with its prefix: {@code 10.0.0.2/24}; or a word of {@link
     *     io.millrace.ip.AddressChoice}: {@code dhcp}
     */
    public Builder port(String name, String... addresses) {
      requests.add(PortRequest.of(PortSpec.parse(name), null, addresses));
      return this;
    }

    /** Adds a port that is open already; closing the stack closes it. */
    public Builder port(Port port, String... addresses) {
      requests.add(PortRequest.of(null, port, addresses));
      return this;
    }

    /**
     * Adds a network on a port: an interface of its own, whose frames are tagged. Its number is
     * counted on behind those of all ports. What it takes is the port's MTU less the tags.
     *
     * @param port the port's number, in the order in which they were added
     * @param tags the network's 802.1Q number, {@code 10}; or {@code 100.10} if it lies inside an
     *     802.1ad network, here 100
     * @param addresses as those of {@link #port(String, String...)}
     * @throws PortException if the tags are not understood
     */
    public Builder vlan(int port, String tags, String... addresses) {
      vlans.add(VlanRequest.of(port, tags, addresses));
      return this;
    }

    /** Adds a default route through a router on the first port. */
    public Builder gateway(String address) {
      IpAddress via = IpAddress.parse(address);
      return route(via.isV4() ? "0.0.0.0/0" : "::/0", address);
    }

    /** Adds a route through a router on the first port. */
    public Builder route(String destination, String via) {
      return route(destination, via, 0);
    }

    /** Adds a route through a router on a port, by its number in the order of adding. */
    public Builder route(String destination, String via, int port) {
      return route(IpRoute.of(destination, via, port));
    }

    /** Adds a route, beside others to the same destination. */
    public Builder route(IpRoute route) {
      routes.add(route);
      return this;
    }

    /** Sets how each shard is made. */
    public Builder shards(ShardConfig config) {
      shardConfig = config;
      return this;
    }

    /**
     * Sets the number of shards, 1 to {@link ShardGroup#MAX_SHARDS}; 1 if not given. Flows are
     * spread over them by the receive hash of their port.
     */
    public Builder shards(int count) {
      if (count < 1 || count > ShardGroup.MAX_SHARDS) {
        throw new IllegalArgumentException(
            "a stack has 1 to " + ShardGroup.MAX_SHARDS + " shards, not " + count);
      }
      shardCount = count;
      return this;
    }

    /** Makes one shard per CPU named, each pinned to its own. */
    public Builder cores(int... cpus) {
      shards(cpus.length);
      cores = cpus.clone();
      return this;
    }

    /**
     * Makes the shards driven: the caller turns {@link Shard#step()} of each, and {@code newClock}
     * says the time.
     */
    public Builder driven(ShardClock newClock) {
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
     * Sets whether the stack reaches its own addresses, {@code 127.0.0.0/8} and {@code ::1}; it
     * does if this is not called. None of that is ever on a wire, and no port is needed for it:
     * TCP, UDP and pings to these addresses come back at the end of the duty cycle.
     *
     * @param on false to have no route to them
     */
    public Builder loopback(boolean on) {
      loopback = on;
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
      return new StackAssembly(
              requests, vlans, routes, settings, loopback, shardConfigs(), clock, random)
          .assemble();
    }

    private List<ShardConfig> shardConfigs() {
      List<ShardConfig> configs = new ArrayList<>();
      for (int i = 0; i < shardCount; i++) {
        ShardConfig config = i < cores.length ? shardConfig.withCore(cores[i]) : shardConfig;
        configs.add(clock == null ? config : config.withMode(ShardMode.DRIVEN));
      }
      return configs;
    }
  }
}
