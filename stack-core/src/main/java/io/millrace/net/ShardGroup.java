package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.transport.SipHash;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * The shards of a stack as one of them sees them: it sends messages to the others, hands packets
 * over, and takes what they send.
 *
 * <p>Between each two shards lie a ring of messages and a {@link io.millrace.lane.Lane lane} of
 * packets in each direction, so each has one writer and one reader. Whoever has put something in
 * rings the reader's bell once, at the end of its duty cycle; a shard that nobody has rung for pays
 * for one load. <b>Thread:</b> the shard's, for all methods.
 */
public final class ShardGroup {
  /** Shards that a stack can have. */
  public static final int MAX_SHARDS = 64;

  private final Shard self;
  private final int size;
  private final Outlet[] outlets;
  private final Inlet[] inlets;
  private final long bells;
  private final int words;
  private final SipHash secret;

  /** Outlets with something that their readers have not been told of. */
  private long touched;

  ShardGroup(Shard self, Outlet[] outlets, Inlet[] inlets, long bells, SipHash secret) {
    this.self = self;
    this.secret = secret;
    this.size = outlets.length;
    this.outlets = outlets;
    this.inlets = inlets;
    this.bells = bells;
    this.words = size == 1 ? 0 : (size + 7) / 8;
  }

  /** The number of shards, this one included. */
  public int size() {
    return size;
  }

  /** Another shard: to be given to it with a task, and touched by nobody else. */
  public Shard shard(int index) {
    return outlets[index].target();
  }

  /**
   * A keyed hash with a key that all shards of the stack have, and nobody else: for what one shard
   * makes and another one checks. {@link SipHash#derive} makes a key for each purpose of it.
   */
  public SipHash secret() {
    return secret;
  }

  // ---- messages ----

  /**
   * Leaves a task for another shard, which runs it in one of its next duty cycles, in the order in
   * which this shard's tasks were left. For this shard itself the task runs at once. Allocates
   * nothing.
   *
   * @param shard 0 to {@code size() - 1}
   * @return false if the ring to that shard is full: try again in a later duty cycle
   */
  public boolean offerTo(int shard, Runnable task) {
    if (shard == self.index()) {
      task.run();
      return true;
    }
    boolean taken = outlets[shard].offer(task);
    touched |= 1L << shard;
    return taken;
  }

  /**
   * As {@link #offerTo}, for those who do not expect the ring to be full.
   *
   * @throws RejectedExecutionException if it is
   */
  public void submitTo(int shard, Runnable task) {
    if (!offerTo(shard, task)) {
      throw new RejectedExecutionException(
          "the ring from shard " + self.index() + " to shard " + shard + " is full; try later");
    }
  }

  /**
   * Leaves a task that must not be lost: where the ring is full it waits here. Only for what is
   * bounded by other means: answers to requests, changes of configuration.
   */
  public void deliver(int shard, Runnable task) {
    if (shard == self.index()) {
      task.run();
      return;
    }
    outlets[shard].post(task);
    touched |= 1L << shard;
  }

  /**
   * Runs a task on every shard, here at once. It is not lost where a ring is full.
   *
   * @param task is given the shard that it runs on
   */
  public void submitToAll(java.util.function.Consumer<Shard> task) {
    for (int i = 0; i < size; i++) {
      Shard each = outlets[i].target();
      deliver(i, () -> task.accept(each));
    }
  }

  /**
   * Asks every shard and puts the answers together.
   *
   * @return completed on this shard; exceptionally if a {@code map} threw, or the stack was closed
   *     before all had answered
   */
  public <T> CompletableFuture<T> mapReduce(Function<Shard, T> map, BinaryOperator<T> reduce) {
    MapReduce<T> request = new MapReduce<>(size, reduce);
    for (int i = 0; i < size; i++) {
      Shard each = outlets[i].target();
      deliver(i, request.question(self, each, map));
    }
    return request.result();
  }

  // ---- packets ----

  /**
   * Gives a received packet to the shard that it belongs to. Takes ownership. The packet goes from
   * its network header on; the other shard takes it as if it had received it.
   */
  public void handOver(Frame frame, int shard) {
    frame.push((int) (frame.address() - frame.l3Address()));
    send(frame, shard, HandOver.input(frame));
  }

  /** The same with a copy for every other shard; the frame stays the caller's and as it was. */
  public void handOverToAll(Frame frame) {
    int pulled = (int) (frame.address() - frame.l3Address());
    frame.push(pulled);
    for (int i = 0; i < size; i++) {
      if (i != self.index()) {
        frame.retain();
        send(frame, i, HandOver.input(frame));
      }
    }
    frame.pull(pulled);
  }

  /**
   * Gives every other shard a copy of a packet of address resolution (an EtherType of its own),
   * whose window starts at it; the frame stays the caller's.
   */
  public void shareResolution(Frame frame) {
    for (int i = 0; i < size; i++) {
      if (i != self.index()) {
        frame.retain();
        send(frame, i, HandOver.resolution(frame));
      }
    }
  }

  /** Has another shard send a frame through its queue of an interface. Takes ownership. */
  void transmit(Frame frame, int interfaceIndex, int shard) {
    send(frame, shard, HandOver.transmit(interfaceIndex));
  }

  private void send(Frame frame, int shard, int tag) {
    self.counters().increment(Counter.FRAMES_HANDED_OVER);
    outlets[shard].lane().offer(frame, tag);
    touched |= 1L << shard;
  }

  // ---- the duty cycle ----

  /** Takes what other shards have sent; returns how much it was. */
  int receive(long now) {
    int work = 0;
    for (int word = 0; word < words; word++) {
      if (Bytes.getLongAcquire(bells + word * 8L) != 0) {
        work += answer(word, now);
      }
    }
    return work;
  }

  private int answer(int word, long now) {
    int work = 0;
    int end = Math.min(size, word * 8 + 8);
    for (int from = word * 8; from < end; from++) {
      if (Bytes.u8(bells + from) != 0) {
        work += inlets[from].receive(self, now);
      }
    }
    return work;
  }

  /** Tells those to whom something was sent, once per duty cycle; returns how many they are. */
  int ringBells() {
    return touched == 0 ? 0 : ring();
  }

  private int ring() {
    long left = touched;
    int rung = Long.bitCount(left);
    touched = 0;
    while (left != 0) {
      int shard = Long.numberOfTrailingZeros(left);
      left &= left - 1;
      if (!outlets[shard].ring()) {
        touched |= 1L << shard; // what did not fit into the ring: again in the next duty cycle
      }
    }
    return rung;
  }

  /** Whether nothing waits that a sleeping shard would miss. */
  boolean isIdle() {
    for (int word = 0; word < words; word++) {
      if (Bytes.getLongAcquire(bells + word * 8L) != 0) {
        return false;
      }
    }
    return touched == 0;
  }

  /** Packets that others could not leave here for want of room are counted here. */
  void countLost(long lost) {
    self.counters().drop(DropReason.HANDOVER_FULL, lost);
  }

  /** Gives up what is on its way to this shard; all shards have stopped. */
  void close() {
    for (Inlet inlet : inlets) {
      if (inlet != null) {
        inlet.close();
      }
    }
  }
}
