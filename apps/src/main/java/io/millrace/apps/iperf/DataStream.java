package io.millrace.apps.iperf;

import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;

/**
 * One stream of a test: a flow of data in one direction.
 *
 * <p><b>Thread:</b> its shard's. The counters are written there with plain stores; anybody may read
 * them, and sees values that are at most a moment old.
 */
abstract sealed class DataStream extends TimerNode permits TcpStream, UdpStream {
  /** Paced blocks that leave in one go; the rest has its turn in the next duty cycle. */
  static final int BURST = 64;

  /** How often a sender that has done its share looks whether all of it has arrived, in ns. */
  private static final long LOOK_EVERY = 1_000_000;

  /** The addresses and ports of a stream. */
  record Ends(IpAddress local, int localPort, IpAddress remote, int remotePort) {}

  final Shard shard;
  final TestPlan plan;
  final boolean sender;

  /** Its number in the protocol: 1, 3, 4, 5 and so on. */
  private int id;

  private Ends ends;

  /** Counters, see above. */
  long bytes;

  long packets;

  /** A sender's share of the test, or 0 if time ends it. */
  final long share;

  /** All of the share has been sent, and has arrived as far as that can be known. */
  boolean done;

  boolean running;

  DataStream(Shard shard, TestPlan plan, boolean sender) {
    this.shard = shard;
    this.plan = plan;
    this.sender = sender;
    // A datagram may overtake the word on the control connection that the test has begun.
    running = !sender;
    share = sender && !plan.endsByTime() ? plan.bytesPerStream() : 0;
  }

  final int id() {
    return id;
  }

  /** The number of the {@code index}th stream of a test, from 0: two is never given. */
  final void number(int index) {
    id = index == 0 ? 1 : index + 2;
  }

  /** Sends, or counts, from now on. */
  abstract void start(long now);

  /** No longer sends or counts. */
  final void stop() {
    running = false;
    shard.wheel().cancel(this);
  }

  /** Tells the other end that nothing more will come, where that can be told. */
  void endOfData() {}

  /** Counts from zero, what came before is not part of the result. */
  void restart() {
    bytes = 0;
    packets = 0;
  }

  /** Gives everything back. */
  abstract void close();

  /** Sends what is due. */
  abstract void send(long now);

  /** Whether nothing that was sent is still on its way, as far as is known. */
  abstract boolean hasArrived();

  final boolean shareIsSent() {
    return share != 0 && bytes >= share;
  }

  /** The share has been given away: looks from time to time whether it has arrived. */
  final void finish(long now) {
    done = hasArrived();
    if (!done) {
      shard.wheel().schedule(this, now + LOOK_EVERY);
    }
  }

  @Override
  protected final void onTimer(long now) {
    if (!running) {
      return;
    }
    if (shareIsSent()) {
      finish(now);
    } else {
      send(now);
    }
  }

  /** Says between whom it is; known before anybody else sees the stream. */
  final void between(Ends both) {
    ends = both;
  }

  final Ends ends() {
    return ends;
  }

  // ---- of datagrams ----

  long lost() {
    return 0;
  }

  long outOfOrder() {
    return 0;
  }

  long jitterNanos() {
    return 0;
  }

  // ---- of a TCP sender ----

  int congestionWindow() {
    return 0;
  }

  long roundTripNanos() {
    return 0;
  }
}
