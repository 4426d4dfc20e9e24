package io.millrace.kernel;

import io.millrace.net.Shard;
import io.millrace.spi.ShardSockets;
import io.millrace.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import java.util.function.Consumer;

/** One shard's sockets: its selector, and who is told that a channel is ready. */
final class KernelShard implements ShardSockets {
  final Shard shard;
  final FrameViews views;
  private final Selector selector;
  private final KernelTcp tcp;
  private final KernelUdp udp;

  /** Made once: the selector calls it for each key. */
  private final Consumer<SelectionKey> tell = this::tell;

  private long now;
  private boolean selecting;
  private boolean leaving;

  KernelShard(Shard shard, Selector selector) {
    this.shard = shard;
    this.selector = selector;
    this.views = new FrameViews(shard.pool());
    this.tcp = new KernelTcp(this);
    this.udp = new KernelUdp(this);
  }

  @Override
  public List<Transport> transports() {
    return List.of(tcp, udp);
  }

  SelectionKey register(SelectableChannel channel, int operations, Selectable owner) {
    try {
      return channel.register(selector, operations, owner);
    } catch (ClosedChannelException e) {
      throw new IllegalStateException("the channel is closed", e);
    }
  }

  /** Whether this shard is one of several, which listen and bind side by side. */
  boolean isOneOfMany() {
    return shard.group().size() > 1;
  }

  /** Tells the owners of ready channels; returns whether there were any. */
  boolean select(long time) {
    now = time;
    selecting = true;
    int ready;
    try {
      ready = select(tell);
    } finally {
      selecting = false;
    }
    if (leaving) {
      leaveNow();
    }
    return ready != 0;
  }

  /** Does nothing with a key that is ready. */
  @SuppressWarnings("unused") // it is a Consumer of them
  private static void leave(SelectionKey key) {}

  /**
   * Lets go at once of channels that were closed: the kernel keeps them until the selector has seen
   * it.
   */
  void leaveNow() {
    leaving = selecting;
    if (!selecting) {
      select(KernelShard::leave);
    }
  }

  private int select(Consumer<SelectionKey> each) {
    try {
      return selector.selectNow(each);
    } catch (IOException e) {
      throw new UncheckedIOException("the selector of shard " + shard.index() + " fails", e);
    }
  }

  private void tell(SelectionKey key) {
    if (key.isValid()) { // its owner may have closed it on account of an earlier one
      ((Selectable) key.attachment()).ready(key.readyOps(), now);
    }
  }

  @Override
  public void sleep(long millis) {
    if (millis == 0) {
      return;
    }
    try {
      // What is ready stays ready: the next duty cycle finds it.
      selector.select(KernelShard::leave, millis);
    } catch (IOException e) {
      throw new UncheckedIOException("the selector of shard " + shard.index() + " fails", e);
    }
  }

  @Override
  public void wakeUp() {
    selector.wakeup();
  }
}
