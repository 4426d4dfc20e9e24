package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.filter.PacketFilter;
import io.millrace.ip.IpFamily;
import io.millrace.ip.RawProtocols;
import io.millrace.ip.Route;
import io.millrace.name.NameServers;
import io.millrace.name.NameService;
import io.millrace.spi.ShardSockets;
import io.millrace.time.ShardClock;
import io.millrace.time.TimerWheel;
import io.millrace.transport.SipHash;
import io.millrace.transport.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One core's whole stack, and its duty cycle: clock, messages, receive burst, timers, transmit.
 *
 * <p>Everything that hangs on a shard belongs to its thread; other threads talk to it with {@link
 * #execute}. A message, packet or timer whose handling throws is counted and reported, and the
 * shard lives on.
 */
public final class Shard {
  private static final Logger LOG = System.getLogger("io.millrace.shard");
  private static final int MOST_LOGGED = 1_000;

  private final int index;
  private final ShardConfig config;
  private final ShardClock clock;
  private final FramePool pool;
  private final TimerWheel wheel;
  private final Counters counters = new Counters();
  private final SecureRandom random;
  private final SipHash secret;
  private final Map<Class<?>, Object> settings;
  private final EthernetInput ethernet;
  private final ShardTasks tasks;
  private final DutyCycle cycle;
  private final DatagramEntry datagrams = new DatagramEntry(this);
  private final Bindings bindings = new Bindings(this);
  private final RawProtocols rawProtocols = new RawProtocols(this);
  private final NameServers nameServers = new NameServers();

  private NetInterface[] interfaces = {};

  /** Null if the stack does not talk to itself, or has no interfaces. */
  private Loopback loopback;

  private IpFamily ipv4;
  private IpFamily ipv6;
  private Transport tcp;
  private Transport udp;
  private Transport sctp;
  private Transport udpLite;
  private NameService names;
  private Thread thread;
  private ShardThreads threads;
  private Sleeper sleeper;
  private ShardSockets sockets;
  private ShardGroup group;
  private Steering steering;
  private PacketFilter filter;
  private long errorsLogged;

  Shard(
      int index,
      ShardConfig config,
      ShardClock clock,
      FramePool pool,
      SecureRandom random,
      Map<Class<?>, Object> settings) {
    this.index = index;
    this.config = config;
    this.clock = clock;
    this.pool = pool;
    this.wheel = new TimerWheel(clock.now());
    this.random = random;
    this.secret = new SipHash(random);
    this.settings = settings;
    this.ethernet = new EthernetInput(counters);
    this.tasks = new ShardTasks(this, config.mailbox());
    this.cycle = new DutyCycle(this, tasks, ethernet);
  }

  // ---- made at start ----

  void group(ShardGroup newGroup) {
    group = newGroup;
    cycle.group(newGroup);
  }

  void steering(Steering newSteering) {
    steering = newSteering;
  }

  /**
   * Sets the interfaces.
   *
   * @param toOurselves one more, without a port, numbered behind them; or null
   */
  void interfaces(List<NetInterface> all, NetInterface toOurselves) {
    interfaces = all.toArray(NetInterface[]::new);
    loopback = toOurselves == null ? null : new Loopback(this, toOurselves);
    cycle.ports(all.stream().filter(each -> !each.isSubInterface()).toList(), loopback);
  }

  /** For a shard without interfaces. */
  void sockets(ShardSockets newSockets) {
    sockets = newSockets;
  }

  void families(IpFamily four, IpFamily six) {
    ipv4 = four;
    ipv6 = six;
    ethernet.families(four, six);
  }

  void transports(Transport newTcp, Transport newUdp, Transport newSctp, Transport newUdpLite) {
    tcp = newTcp;
    udp = newUdp;
    sctp = newSctp;
    udpLite = newUdpLite;
    cycle.transports(Stream.of(newTcp, newUdp, newSctp, newUdpLite));
  }

  void names(NameService service) {
    names = service;
  }

  void thread(Thread newThread) {
    thread = newThread;
  }

  // ---- the parts ----

  /** The shard's number, from 0. */
  public int index() {
    return index;
  }

  /** The shards of the stack, as this one sees them. */
  public ShardGroup group() {
    return group;
  }

  /** Which shard a flow belongs to. */
  public Steering steering() {
    return steering;
  }

  /** Which shards have which ports bound. */
  public Bindings bindings() {
    return bindings;
  }

  /** What the shard was made of. */
  public ShardConfig config() {
    return config;
  }

  /** The shard's clock. */
  public ShardClock clock() {
    return clock;
  }

  /** The shard's frames. */
  public FramePool pool() {
    return pool;
  }

  /** The shard's timers. */
  public TimerWheel wheel() {
    return wheel;
  }

  /** The shard's counters. */
  public Counters counters() {
    return counters;
  }

  /** The source of secrets; slow, for start-up and rare events. */
  public SecureRandom random() {
    return random;
  }

  /** A keyed hash with a key of this shard's own. */
  public SipHash secret() {
    return secret;
  }

  /**
   * The configuration record of type {@code type} that the stack was built with, or {@code
   * otherwise}.
   */
  public <T> T setting(Class<T> type, T otherwise) {
    Object value = settings.get(type);
    return value == null ? otherwise : type.cast(value);
  }

  /**
   * The interface with this index: ports in the order of adding, then the networks on them, then
   * {@link #loopback()}.
   */
  public NetInterface networkInterface(int number) {
    return number < interfaces.length ? interfaces[number] : loopback.networkInterface();
  }

  /** The number of interfaces, without {@link #loopback()}. */
  public int interfaceCount() {
    return interfaces.length;
  }

  /**
   * The interface that leads to the stack's own addresses, or null if it does not talk to itself.
   * It has no port and no addresses. Families send datagrams through it with a link header whose
   * destination is the number of the interface that they come in by.
   */
  public NetInterface loopback() {
    return loopback == null ? null : loopback.networkInterface();
  }

  /** IPv4 on this shard, or null. */
  public IpFamily ipv4() {
    return ipv4;
  }

  /** IPv6 on this shard, or null. */
  public IpFamily ipv6() {
    return ipv6;
  }

  /** TCP on this shard, or null. Families ask for it after start, not in their constructors. */
  public Transport tcp() {
    return tcp;
  }

  /** UDP on this shard, or null. */
  public Transport udp() {
    return udp;
  }

  /** SCTP on this shard, or null. */
  public Transport sctp() {
    return sctp;
  }

  /** UDP-Lite on this shard, or null. */
  public Transport udpLite() {
    return udpLite;
  }

  /** What resolves names on this shard, or null. */
  public NameService names() {
    return names;
  }

  /** The DNS servers that the network has told of. */
  public NameServers nameServers() {
    return nameServers;
  }

  /** The route to a destination in its own family, or null if there is none. */
  public Route route(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    IpFamily family = io.millrace.ip.IpAddress.isV4(destinationHi, destinationLo) ? ipv4 : ipv6;
    return family == null ? null : family.route(sourceHi, sourceLo, destinationHi, destinationLo);
  }

  // ---- the packet filter ----

  /** The network function in the path of this shard's packets, or null. */
  public PacketFilter filter() {
    return filter;
  }

  /** Sets {@link #filter()}, null for none. On the shard. */
  public void filter(PacketFilter newFilter) {
    filter = newFilter;
  }

  /**
   * Handles a datagram as if it had just come in by an interface, behind {@link
   * io.millrace.filter.Hook#PRE_ROUTING}: one that a filter stole and changed, or one that came out
   * of a tunnel. On the shard, and not from inside a filter: there {@link #later} does it.
   *
   * <p>A handler that gets what it has injected may inject again, four deep: a tunnel in a tunnel.
   * What goes deeper is dropped, so that nobody can send a packet that keeps the shard busy.
   *
   * @param datagram taken over; its window starts at the network header
   */
  public void inject(Frame datagram, NetInterface at, long now) {
    datagrams.inject(datagram, at, now);
  }

  // ---- protocols of applications ----

  /** The protocols that applications have taken on this shard. */
  public RawProtocols rawProtocols() {
    return rawProtocols;
  }

  /**
   * Sends a datagram whose window starts at its network header to the destination that stands
   * there, whoever its source is. Takes ownership, whatever the result.
   *
   * @return false if the header is malformed, there is no route, or the datagram is larger than the
   *     path takes: counted, and not sent
   */
  public boolean sendDatagram(Frame datagram) {
    return datagrams.send(datagram, clock.now());
  }

  // ---- messages ----

  /**
   * Whether the calling thread may touch the shard: its own thread, a virtual one that it carries,
   * or any one if the shard is driven.
   */
  public boolean isOwner() {
    if (config.mode() == ShardMode.DRIVEN || Thread.currentThread() == thread) {
      return true;
    }
    // Read by other threads without any order: a thread that the shard carries sees it for certain.
    ShardThreads carried = threads;
    return carried != null && carried.isCurrent();
  }

  /** The virtual threads that the shard carries, or null if there are none. On the shard. */
  public ShardThreads threads() {
    return threads;
  }

  /** Makes the shard carry virtual threads, once. On the shard. */
  public void threads(ShardThreads carried) {
    if (threads != null) {
      throw new IllegalStateException("shard " + index + " carries virtual threads already");
    }
    threads = carried;
  }

  /**
   * Runs a task when the shard closes, as one of its last acts, behind the end of the protocols: so
   * that whoever waits for something learns that it will not come. On the shard.
   */
  public void onClose(Runnable task) {
    tasks.onClose(task);
  }

  /** Forgets a task of {@link #onClose}. On the shard. */
  public void removeOnClose(Runnable task) {
    tasks.removeOnClose(task);
  }

  /** Any thread: whether the shard is being closed or has been; it takes no messages then. */
  public boolean isClosed() {
    return tasks.isClosed();
  }

  /**
   * Runs a task on the shard's thread: now if the caller is on it, else in one of its next duty
   * cycles. A task that was accepted runs, even if the stack is being closed.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the mailbox is full, or the shard
   *     has been closed
   */
  public void execute(Runnable task) {
    if (isOwner()) {
      task.run();
      return;
    }
    tasks.submit(task);
    wakeUp();
  }

  /**
   * Runs a task at the start of the next duty cycle: how a handler with much to do does it in
   * parts, and lets packets be handled in between. Only on the shard's thread.
   *
   * @throws java.util.concurrent.RejectedExecutionException if as many tasks wait as the mailbox
   *     has room for
   */
  public void later(Runnable task) {
    tasks.postpone(task);
  }

  /**
   * Whether this duty cycle has taken longer than {@code nanos}, so that a handler should put off
   * the rest of its work with {@link #later}. Reads the time: some 25 ns.
   */
  public boolean shouldYield(long nanos) {
    return clock.read() - clock.now() > nanos;
  }

  // ---- the duty cycle ----

  /**
   * One duty cycle. Called by the shard's thread, or by a test if the shard is driven.
   *
   * @return the amount of work that was found; 0 if there was none
   */
  public int step() {
    return cycle.step();
  }

  /** A message from another shard. */
  void run(Runnable message) {
    tasks.run(message);
  }

  /** A packet that another shard hands over. */
  void takeOver(Frame frame, long now) {
    datagrams.takeOver(frame, now);
  }

  /**
   * Counts an exception and says it, at most a thousand times, so that a hostile peer cannot fill
   * the disk.
   */
  public void report(String where, Throwable e) {
    counters.increment(Counter.EXCEPTIONS);
    if (errorsLogged++ < MOST_LOGGED) {
      LOG.log(Level.ERROR, "shard " + index + ": exception while handling " + where, e);
    }
  }

  /**
   * The earliest time at which {@link #step()} has something to do of its own accord; {@code
   * Long.MAX_VALUE} if none.
   */
  public long nextDeadline() {
    return cycle.nextDeadline();
  }

  /** On the shard's thread, as its last act: runs what was accepted, then closes what is open. */
  void shutDown() {
    cycle.shutDown();
  }

  /** Any thread: makes a sleeping shard turn one duty cycle. */
  void nudge() {
    tasks.nudge();
    wakeUp();
  }

  void wakeUp() {
    Sleeper waiting = sleeper;
    if (waiting != null) {
      waiting.wakeUp();
    }
  }

  void sleeper(Sleeper newSleeper) {
    sleeper = newSleeper;
  }

  /** Whether no message and no packet from another thread waits. */
  boolean isIdle() {
    return !tasks.hasMessages() && group.isIdle() && !tasks.hasPostponed();
  }

  /** What the shard has instead of interfaces, or null. */
  ShardSockets sockets() {
    return sockets;
  }

  NetInterface[] ports() {
    return cycle.ports();
  }
}
