package io.millrace.kernel;

import io.millrace.diag.Counter;
import io.millrace.flow.Flow;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpAcceptor;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.tcp.TcpListener;
import io.millrace.transport.ListenConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.Channel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * TCP of the kernel on one shard. Once per duty cycle the ready connections are read, and each
 * connection with something to do is served: what happened is told, what was sent is written.
 */
final class KernelTcp extends Tcp implements SocketTransport {
  /** Writes of one connection before the next one has its turn. */
  private static final int WRITES = 4;

  /** Idle queues that are kept. */
  private static final int IDLE_QUEUES = 256;

  final KernelShard sockets;
  final Shard shard;
  final TcpConfig config;
  private final SocketOptions options;
  private final TcpOpener opener;
  private final TcpReader reader;
  private final TcpDispatcher dispatcher;
  private final SocketAddresses addresses = new SocketAddresses();
  private final Placement placement;
  private final List<KernelTcpListener> listeners = new ArrayList<>();
  private final List<KernelTcpListener> waiting = new ArrayList<>();
  private final ArrayDeque<SendQueue> idleQueues = new ArrayDeque<>();
  private KernelTcpConnection first;
  private KernelTcpConnection firstDirty;
  private KernelTcpConnection lastDirty;
  private int connections;
  private boolean closing;

  KernelTcp(KernelShard sockets) {
    this.sockets = sockets;
    this.shard = sockets.shard;
    this.config = shard.setting(TcpConfig.class, TcpConfig.defaults());
    this.options = new SocketOptions(config);
    this.opener = new TcpOpener(sockets, config);
    this.reader = new TcpReader(shard.pool(), sockets.views);
    this.dispatcher = new TcpDispatcher(shard);
    this.placement = new Placement(this);
  }

  /** Which shard a connection goes to. */
  Placement placement() {
    return placement;
  }

  // ---- for applications ----

  @Override
  public TcpListener listen(ListenConfig where, TcpAcceptor acceptor) {
    checkOpen();
    KernelTcpListener listener = new KernelTcpListener(this, opener.listen(where), where, acceptor);
    listeners.add(listener);
    shard.bindings().bound(IpProtocol.TCP, where.port());
    return listener;
  }

  @Override
  public TcpConnection connect(
      IpAddress local, int localPort, IpAddress remote, int remotePort, TcpHandler handler) {
    checkConnect(localPort, remotePort);
    TcpOpener.checkOneHost(remote);
    checkOpen();
    if (isFull()) {
      throw new IllegalStateException(
          "this shard has " + config.maxConnections() + " connections, and may have no more");
    }
    SocketChannel channel = opener.open(local, localPort);
    KernelTcpConnection c =
        new KernelTcpConnection(
            this,
            channel,
            local == null ? IpAddress.ANY_V4 : local,
            remote,
            Flow.ports(localPort, remotePort),
            handler);
    c.connecting = true;
    boolean done = false;
    try {
      options.apply(channel);
      done = channel.connect(addresses.to(remote.hi(), remote.lo(), remotePort));
    } catch (IOException e) {
      closeQuietly(channel);
      TcpCloseReason outcome = TcpOpener.outcome(e);
      if (outcome == null) {
        throw TcpOpener.refusal(remote, remotePort, e);
      }
      failed(c, outcome);
    }
    add(c);
    shard.counters().increment(Counter.TCP_ACTIVE_OPENS);
    if (done) {
      ready(c, SelectionKey.OP_CONNECT);
    } else if (c.cause == null) {
      shard.wheel().schedule(c.timer, shard.clock().now() + opener.patience());
    }
    return c;
  }

  private void checkOpen() {
    if (closing) {
      throw new IllegalStateException("the stack is being closed");
    }
  }

  /**
   * A connection that a shard has accepted, and that shall live here.
   *
   * @param config what the listener was made with
   * @param owner the shard that has accepted it, -1 if the stack has no other
   */
  void accepted(ListenConfig config, SocketChannel channel, int owner) {
    KernelTcpConnection c = adopt(channel);
    if (c == null) {
      if (owner >= 0) {
        placement.left(owner);
      }
      return;
    }
    c.owner(owner);
    add(c);
    shard.counters().increment(Counter.TCP_PASSIVE_OPENS);
    KernelTcpListener listener = find(config);
    TcpHandler handler = listener == null ? null : dispatcher.accept(listener, c);
    c.handler(handler == null ? TcpDispatcher.NOBODY : handler);
    if (handler == null) {
      c.end(TcpCloseReason.ABORTED);
    } else {
      c.newlyConnected = true;
      markDirty(c);
    }
  }

  private KernelTcpConnection adopt(SocketChannel channel) {
    try {
      channel.configureBlocking(false);
      options.apply(channel);
      InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
      InetSocketAddress remote = (InetSocketAddress) channel.getRemoteAddress();
      int ports = Flow.ports(local.getPort(), remote.getPort());
      IpAddress ours = addresses.from(local);
      IpAddress theirs = IpAddress.of(remote.getAddress());
      return new KernelTcpConnection(this, channel, ours, theirs, ports, null);
    } catch (IOException e) {
      closeQuietly(channel); // it was gone before we looked at it
      return null;
    }
  }

  private KernelTcpListener find(ListenConfig config) {
    for (KernelTcpListener each : listeners) {
      if (each.config().equals(config)) {
        return each;
      }
    }
    return null;
  }

  private void add(KernelTcpConnection c) {
    c.next = first;
    if (first != null) {
      first.previous = c;
    }
    first = c;
    connections++;
    if (c.cause == null) {
      c.interest = c.connecting ? SelectionKey.OP_CONNECT : SelectionKey.OP_READ;
      c.key = sockets.register(c.channel, c.interest, c);
    }
  }

  private void remove(KernelTcpConnection c) {
    if (c.previous == null) {
      first = c.next;
    } else {
      c.previous.next = c.next;
    }
    if (c.next != null) {
      c.next.previous = c.previous;
    }
  }

  void remove(KernelTcpListener listener) {
    listeners.remove(listener);
    shard.bindings().unbound(IpProtocol.TCP, listener.port());
    waiting.remove(listener);
  }

  boolean isFull() {
    return connections >= config.maxConnections();
  }

  /** A listener has stopped because there are too many connections. */
  void waitForRoom(KernelTcpListener listener) {
    waiting.add(listener);
  }

  @Override
  public int connectionCount() {
    return connections;
  }

  /** The kernel does not say: always 0. */
  @Override
  public int timeWaitCount() {
    return 0;
  }

  // ---- what the kernel says ----

  void ready(KernelTcpConnection c, int operations) {
    if (c.cause != null) {
      return;
    }
    try {
      if (c.connecting) {
        if (c.channel.finishConnect()) {
          established(c);
        }
      } else if ((operations & SelectionKey.OP_READ) != 0) {
        read(c);
      }
    } catch (IOException e) {
      failed(c, TcpOpener.reason(e));
    }
    markDirty(c);
  }

  private void established(KernelTcpConnection c) throws IOException {
    InetSocketAddress local = (InetSocketAddress) c.channel.getLocalAddress();
    c.bound(addresses.from(local), local.getPort());
    c.connecting = false;
    c.newlyConnected = true;
    shard.wheel().cancel(c.timer);
    markDirty(c);
  }

  private void read(KernelTcpConnection c) throws IOException {
    long room = config.receiveBuffer() - c.held;
    if (c.peerClosed || (!c.receiveShut && (c.paused || room <= 0))) {
      return;
    }
    long count = reader.read(c, Math.max(1, room));
    if (count < 0) {
      c.peerClosed = true;
      c.finPending = true;
      shard.wheel().cancel(c.timer);
    } else if (count > 0 && c.receiveShut) {
      c.end(TcpCloseReason.ABORTED); // data after close() (RFC 9293 §3.6.1)
    }
  }

  private void failed(KernelTcpConnection c, TcpCloseReason reason) {
    if (c.connecting) {
      shard.counters().increment(Counter.TCP_ATTEMPT_FAILS);
    }
    c.end(reason);
  }

  /** Connecting took too long, or the peer does not close. */
  void onTimer(KernelTcpConnection c) {
    if (c.connecting) {
      failed(c, TcpCloseReason.TIMED_OUT);
    } else {
      c.end(TcpCloseReason.NORMAL);
    }
  }

  // ---- what is to be done ----

  void markDirty(KernelTcpConnection c) {
    if (c.dirty) {
      return;
    }
    c.dirty = true;
    c.nextDirty = null;
    if (lastDirty == null) {
      firstDirty = c;
    } else {
      lastDirty.nextDirty = c;
    }
    lastDirty = c;
  }

  @Override
  public boolean poll(long now) {
    boolean any = sockets.select(now) || firstDirty != null;
    KernelTcpConnection last = lastDirty;
    while (firstDirty != null) {
      KernelTcpConnection c = firstDirty;
      firstDirty = c.nextDirty;
      if (firstDirty == null) {
        lastDirty = null;
      }
      c.nextDirty = null;
      c.dirty = false;
      serve(c, now);
      if (c == last) {
        break; // what has become dirty meanwhile has its turn in the next duty cycle
      }
    }
    return any;
  }

  private void serve(KernelTcpConnection c, long now) {
    if (c.closed) {
      return;
    }
    dispatcher.dispatch(c);
    if (c.cause == null && !c.connecting) {
      try {
        write(c, now);
      } catch (IOException e) {
        failed(c, TcpOpener.reason(e));
      }
    }
    if (c.cause != null) {
      finish(c);
    } else {
      updateInterest(c);
    }
  }

  private void write(KernelTcpConnection c, long now) throws IOException {
    SendQueue queue = c.queue;
    for (int i = 0; i < WRITES && queue != null; i++) {
      boolean all = queue.writeTo(c.channel);
      if (queue.isEmpty()) {
        giveBack(c);
        queue = null;
      } else if (!all) {
        break;
      }
    }
    if (c.wantsWritable && c.unsentBytes() <= config.sendBuffer() / 2) {
      c.wantsWritable = false;
      c.newlyWritable = true;
      markDirty(c);
    }
    if (queue == null && c.outputClosed) {
      shutOutput(c, now);
    }
  }

  private void shutOutput(KernelTcpConnection c, long now) throws IOException {
    if (!c.outputShut) {
      c.outputShut = true;
      c.channel.shutdownOutput();
    }
    if (c.peerClosed) {
      c.end(TcpCloseReason.NORMAL);
      dispatcher.dispatch(c); // what came last, and the peer's FIN
    } else if (c.receiveShut && !c.timer.isScheduled()) {
      shard.wheel().schedule(c.timer, now + config.finWait2());
    }
  }

  private void updateInterest(KernelTcpConnection c) {
    int wanted;
    if (c.connecting) {
      wanted = SelectionKey.OP_CONNECT;
    } else {
      boolean reads = c.receiveShut || (!c.paused && c.held < config.receiveBuffer());
      wanted = reads && !c.peerClosed ? SelectionKey.OP_READ : 0;
      wanted |= c.queue != null ? SelectionKey.OP_WRITE : 0;
    }
    if (wanted != c.interest) {
      c.interest = wanted;
      c.key.interestOps(wanted);
    }
  }

  /** A lent frame has come back: there is room for other bytes. */
  void released(KernelTcpConnection c) {
    if (!c.closed && (c.interest & SelectionKey.OP_READ) == 0) {
      markDirty(c);
    }
  }

  // ---- the end ----

  private void finish(KernelTcpConnection c) {
    if (!c.detached) {
      detach(c);
    }
    if (c.paused && c.firstReceived != null && !c.receiveShut && !closing) {
      return; // the application reads what came before the end, and then hears of it
    }
    c.closed = true;
    remove(c);
    c.discardReceived();
    dispatcher.closed(c, closing);
  }

  private void detach(KernelTcpConnection c) {
    c.detached = true;
    connections--;
    if (c.owner() >= 0) {
      placement.left(c.owner());
    }
    shard.wheel().cancel(c.timer);
    if (c.queue != null) {
      giveBack(c);
    }
    if (c.cause == TcpCloseReason.ABORTED && !c.connecting) {
      set(c, StandardSocketOptions.SO_LINGER, 0); // closing sends a reset
    }
    closeQuietly(c.channel);
    if (!waiting.isEmpty()) {
      waiting.forEach(KernelTcpListener::resume);
      waiting.clear();
    }
  }

  @Override
  public void close(long now) {
    closing = true;
    for (KernelTcpListener each : List.copyOf(listeners)) {
      each.stopAccepting();
    }
    while (first != null) {
      KernelTcpConnection c = first;
      c.end(TcpCloseReason.ABORTED);
      finish(c);
    }
  }

  // ---- queues and options ----

  /** A queue for a connection that has something to send. */
  SendQueue takeQueue() {
    SendQueue idle = idleQueues.pollLast();
    return idle != null ? idle : new SendQueue(shard.pool(), sockets.views);
  }

  private void giveBack(KernelTcpConnection c) {
    c.queue.clear();
    if (c.queue.isWorthKeeping() && idleQueues.size() < IDLE_QUEUES) {
      idleQueues.addLast(c.queue);
    }
    c.queue = null;
  }

  <T> void set(KernelTcpConnection c, SocketOption<T> option, T value) {
    if (c.channel.isOpen()) {
      try {
        c.channel.setOption(option, value);
      } catch (IOException e) {
        failed(c, TcpOpener.reason(e)); // of a connection that the kernel has given up
      }
    }
  }

  void keepAlive(KernelTcpConnection c, boolean on) {
    if (c.channel.isOpen()) {
      try {
        options.keepAlive(c.channel, on);
      } catch (IOException e) {
        failed(c, TcpOpener.reason(e));
      }
    }
  }

  static void closeQuietly(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone either way.
    }
  }
}
