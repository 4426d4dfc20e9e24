package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.filter.PacketFilter;
import io.millrace.ip.IpFamily;
import io.millrace.ip.RawProtocols;
import io.millrace.ip.Route;
import io.millrace.name.NameServers;
import io.millrace.name.NameService;
import io.millrace.spi.PortQueue;
import io.millrace.spi.ShardSockets;
import io.millrace.time.ShardClock;
import io.millrace.time.TimerWheel;
import io.millrace.transport.SipHash;
import io.millrace.transport.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One core's whole stack, and its duty cycle: clock, messages, receive burst, timers, transmit.
 *
 * <p>Everything that hangs on a shard belongs to its thread; other threads talk to it with {@link
 * #execute}. A message, packet or timer whose handling throws is counted and reported, and the
 * shard lives on.
 */
public final class Shard {
  private static final Logger LOG = System.getLogger("io.millrace.shard");
  private static final int BURST = 64;
  private static final int MOST_INJECTIONS = 4;
  private static final int MESSAGES_PER_CYCLE = 64;

  private final int index;
  private final ShardConfig config;
  private final ShardClock clock;
  private final FramePool pool;
  private final TimerWheel wheel;
  private final Counters counters = new Counters();
  private final SecureRandom random;
  private final SipHash secret;
  private final Map<Class<?>, Object> settings;
  private final Mailbox mailbox;
  private final EthernetInput ethernet;
  private final Frame[] burst = new Frame[BURST];

  private NetInterface[] interfaces = {};

  /** Those of the interfaces that have a queue: the ports themselves. */
  private NetInterface[] ports = {};

  private Transport[] transports = {};
  private IpFamily ipv4;
  private IpFamily ipv6;
  private Transport tcp;
  private Transport udp;
  private Transport sctp;
  private Transport udpLite;
  private NameService names;
  private final NameServers nameServers = new NameServers();
  private Thread thread;
  private ShardThreads threads;
  private final Set<Runnable> closeTasks = new LinkedHashSet<>();
  private Sleeper sleeper;
  private ShardSockets sockets;
  private ShardGroup group;
  private Steering steering;
  private final Bindings bindings = new Bindings(this);
  private final RawProtocols rawProtocols = new RawProtocols(this);
  private final ArrayDeque<Runnable> postponed = new ArrayDeque<>();
  private PacketFilter filter;

  /** Datagrams that are being handled inside the handling of another one. */
  private int injections;

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
    this.mailbox = new Mailbox(config.mailbox());
    this.ethernet = new EthernetInput(counters);
  }

  // ---- made at start ----

  void group(ShardGroup newGroup) {
    group = newGroup;
  }

  void steering(Steering newSteering) {
    steering = newSteering;
  }

  void interfaces(List<NetInterface> all) {
    interfaces = all.toArray(NetInterface[]::new);
    ports = all.stream().filter(each -> !each.isSubInterface()).toArray(NetInterface[]::new);
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
    transports =
        java.util.stream.Stream.of(newTcp, newUdp, newSctp, newUdpLite)
            .filter(java.util.Objects::nonNull)
            .toArray(Transport[]::new);
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

  /** The interface with this index: ports in the order of adding, then the networks on them. */
  public NetInterface networkInterface(int number) {
    return interfaces[number];
  }

  /** The number of interfaces. */
  public int interfaceCount() {
    return interfaces.length;
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
    int version = datagram.length() == 0 ? 0 : Bytes.u8(datagram.address()) >>> 4;
    IpFamily family = version == 4 ? ipv4 : version == 6 ? ipv6 : null;
    if (family == null) {
      counters.drop(DropReason.IP_BAD_VERSION);
      datagram.release();
      return;
    }
    if (injections == MOST_INJECTIONS) {
      counters.drop(DropReason.IP_INJECTED_TOO_OFTEN);
      datagram.release();
      return;
    }
    datagram.clear(Frame.LINK_MULTICAST | Frame.LINK_BROADCAST | Frame.IP_MULTICAST);
    datagram.set(Frame.INJECTED);
    datagram.interfaceIndex(at.index());
    datagram.markL3();
    injections++;
    try {
      family.input(datagram, at, now);
    } finally {
      injections--;
    }
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
    int version = datagram.length() == 0 ? 0 : Bytes.u8(datagram.address()) >>> 4;
    IpFamily family = version == 4 ? ipv4 : version == 6 ? ipv6 : null;
    DropReason dropped =
        family == null ? DropReason.IP_BAD_VERSION : family.sendDatagram(datagram, clock.now());
    if (dropped == null) {
      return true;
    }
    counters.drop(dropped);
    datagram.release();
    return false;
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
    closeTasks.add(task);
  }

  /** Forgets a task of {@link #onClose}. On the shard. */
  public void removeOnClose(Runnable task) {
    closeTasks.remove(task);
  }

  /** Any thread: whether the shard is being closed or has been; it takes no messages then. */
  public boolean isClosed() {
    return mailbox.isClosed();
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
    if (!mailbox.offer(task)) {
      throw new java.util.concurrent.RejectedExecutionException(
          mailbox.isClosed()
              ? "shard " + index + " is closed"
              : "shard "
                  + index
                  + " has "
                  + config.mailbox()
                  + " messages waiting; try again later");
    }
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
    if (postponed.size() >= config.mailbox()) {
      throw new java.util.concurrent.RejectedExecutionException(
          "shard " + index + " has put off " + postponed.size() + " tasks already");
    }
    postponed.add(task);
  }

  /**
   * Whether this duty cycle has taken longer than {@code nanos}, so that a handler should put off
   * the rest of its work with {@link #later}. Reads the time: some 25 ns.
   */
  public boolean shouldYield(long nanos) {
    return clock.read() - clock.now() > nanos;
  }

  private int postponedTasks() {
    int n = postponed.size();
    for (int i = 0; i < n; i++) {
      run(postponed.remove());
    }
    return n;
  }

  // ---- the duty cycle ----

  /**
   * One duty cycle. Called by the shard's thread, or by a test if the shard is driven.
   *
   * @return the amount of work that was found; 0 if there was none
   */
  public int step() {
    long now = clock.update();
    int work = postponed.isEmpty() ? 0 : postponedTasks();
    work += messages() + group.receive(now);
    for (NetInterface from : ports) {
      work += receive(from, now);
    }
    work += timers(now);
    for (Transport transport : transports) {
      work += poll(transport, now);
    }
    for (NetInterface to : ports) {
      work += flush(to);
    }
    return work + group.ringBells();
  }

  private int messages() {
    int n = 0;
    Runnable task;
    while (n < MESSAGES_PER_CYCLE && (task = mailbox.poll()) != null) {
      n++;
      run(task);
    }
    return n;
  }

  /** A message. */
  void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      report("a message", e);
    }
  }

  /** A packet that another shard hands over. */
  void takeOver(Frame frame, long now) {
    int tag = frame.laneTag();
    NetInterface at = interfaces[HandOver.interfaceIndex(tag)];
    if (HandOver.kind(tag) == HandOver.TRANSMIT) {
      at.transmit(frame);
      return;
    }
    frame.set(HandOver.flags(tag));
    frame.interfaceIndex(at.index());
    frame.markL3();
    try {
      if (HandOver.kind(tag) == HandOver.RESOLUTION) {
        ipv4.resolutionInput(frame, at, now);
      } else {
        // It has been counted by the shard that received it.
        counters.add(Counter.IP_IN_RECEIVES, -1);
        (Bytes.u8(frame.address()) >>> 4 == 4 ? ipv4 : ipv6).input(frame, at, now);
      }
    } catch (RuntimeException | Error e) {
      counters.drop(DropReason.INTERNAL_ERROR);
      report("a packet from another shard", e);
    }
  }

  private int receive(NetInterface from, long now) {
    Frame[] frames = burst;
    int n = burst(from, now);
    if (n == 0) {
      return 0;
    }
    counters.add(Counter.FRAMES_IN, n);
    long bytes = 0;
    for (int i = 0; i < n; i++) {
      Frame frame = frames[i];
      bytes += frame.length();
      input(frame, from, now);
    }
    counters.add(Counter.BYTES_IN, bytes);
    return n;
  }

  private int burst(NetInterface from, long now) {
    try {
      PortQueue queue = from.queue();
      int n = queue.rxBurst(burst, BURST, now);
      counters.drop(DropReason.NO_FRAME, queue.takeReceiveDrops());
      return n;
    } catch (RuntimeException | Error e) {
      report("a receive burst", e);
      return 0;
    }
  }

  private void input(Frame frame, NetInterface from, long now) {
    try {
      ethernet.input(frame, from, now);
    } catch (RuntimeException | Error e) {
      // The frame's owner is not known any more: losing one frame is better than giving it back
      // twice.
      counters.drop(DropReason.INTERNAL_ERROR);
      report("a packet", e);
    }
  }

  private int timers(long now) {
    try {
      return wheel.advance(now);
    } catch (RuntimeException | Error e) {
      report("a timer", e);
      return 1;
    }
  }

  private int poll(Transport transport, long now) {
    try {
      return transport.poll(now) ? 1 : 0;
    } catch (RuntimeException | Error e) {
      report("what is due to be sent", e);
      return 1;
    }
  }

  private int flush(NetInterface to) {
    try {
      return to.flush();
    } catch (RuntimeException | Error e) {
      report("a transmit burst", e);
      return 0;
    }
  }

  /**
   * Counts an exception and says it, at most a few thousand times, so that a hostile peer cannot
   * fill the disk.
   */
  public void report(String where, Throwable e) {
    counters.increment(Counter.EXCEPTIONS);
    if (errorsLogged++ < 1000) {
      LOG.log(Level.ERROR, "shard " + index + ": exception while handling " + where, e);
    }
  }

  /**
   * The earliest time at which {@link #step()} has something to do of its own accord; {@code
   * Long.MAX_VALUE} if none.
   */
  public long nextDeadline() {
    long earliest = group.isIdle() && postponed.isEmpty() ? wheel.nextDeadline() : clock.now();
    for (NetInterface each : ports) {
      earliest = Math.min(earliest, each.queue().nextDeadline());
      if (each.isBacklogged()) {
        earliest = Math.min(earliest, clock.now()); // no descriptor says when the device has room
      }
    }
    return earliest;
  }

  /** On the shard's thread, as its last act: runs what was accepted, then closes what is open. */
  void shutDown() {
    mailbox.close();
    long now = clock.update();
    while (messages() != 0) {
      // A task may bring others about; the mailbox takes no new ones.
    }
    for (Transport transport : transports) {
      try {
        transport.close(now);
      } catch (RuntimeException | Error e) {
        report("closing", e);
      }
    }
    close(ipv4, now);
    close(ipv6, now);
    for (NetInterface each : ports) {
      flush(each);
      each.drop();
    }
    for (Runnable task : List.copyOf(closeTasks)) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        report("closing", e);
      }
    }
  }

  private void close(IpFamily family, long now) {
    try {
      if (family != null) {
        family.close(now);
      }
    } catch (RuntimeException | Error e) {
      report("closing", e);
    }
  }

  /** Any thread: makes a sleeping shard turn one duty cycle. */
  void nudge() {
    mailbox.offer(() -> {});
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
    return mailbox.isEmpty() && group.isIdle() && postponed.isEmpty();
  }

  /** What the shard has instead of interfaces, or null. */
  ShardSockets sockets() {
    return sockets;
  }

  NetInterface[] ports() {
    return ports;
  }
}
