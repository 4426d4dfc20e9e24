package io.millrace.testkit.host;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.testkit.VirtualClock;
import io.millrace.time.ShardClock;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IllegalRawDataException;

/**
 * A stack of one shard and one port, with stand-ins for TCP and UDP, on a clock that stands still
 * until told. Closing it checks that every frame has come back and that nothing was thrown. A
 * family's own {@code TestHost} extends this and adds its addresses and decoders.
 */
public abstract class SteppedHost implements AutoCloseable {
  /** The link address of the neighbor that tests send from, in the low 48 bits. */
  public static final long PEER_MAC = 0x02_00_00_00_00_02L;

  /** In nanoseconds. */
  public static final long SECOND = 1_000_000_000;

  /** The stack's only port. */
  public final TestPort port;

  /** The stack, to be stepped by this host only. */
  public final NetStack stack;

  /** Its only shard. */
  public final Shard shard;

  /** What stands in for TCP. */
  public final TestTransport tcp;

  /** What stands in for UDP. */
  public final TestTransport udp;

  private final VirtualClock clock = new VirtualClock();
  private final int frames;
  private final int largeFrames;

  /**
   * Starts the stack.
   *
   * @param port the port that {@code builder} already has
   */
  protected SteppedHost(TestPort port, NetStack.Builder builder) {
    this.port = port;
    clock.set(5 * SECOND);
    stack =
        builder
            .shards(ShardConfig.defaults().withFrames(4096))
            .driven(ShardClock.of(clock))
            .start();
    shard = stack.shard(0);
    tcp = (TestTransport) shard.tcp();
    udp = (TestTransport) shard.udp();
    frames = shard.pool().frames();
    largeFrames = shard.pool().largeFrames();
  }

  /** The time in nanoseconds. */
  public long now() {
    return clock.getAsLong();
  }

  /** Turns the shard until it has nothing to do. */
  public void step() {
    while (shard.step() != 0) {
      // Until all is quiet.
    }
  }

  /**
   * Moves the clock, a tenth of a second at a time, as the timers of a running stack would see it.
   */
  public void advance(long nanos) {
    long end = now() + nanos;
    while (now() < end) {
      clock.set(Math.min(end, now() + SECOND / 10));
      step();
    }
  }

  /** Receives a frame, from the Ethernet header on. */
  public void receive(byte[] frame) {
    port.put(frame);
    step();
  }

  /** The frames that were sent since the last time this was asked. */
  public List<byte[]> sent() {
    step();
    return port.takeSent();
  }

  /** A frame, decoded independently. */
  public static EthernetPacket decode(byte[] frame) {
    try {
      return EthernetPacket.newPacket(frame, 0, frame.length);
    } catch (IllegalRawDataException e) {
      throw new AssertionError("not decodable", e);
    }
  }

  /** A frame with a transport packet in it, to be given to a route. */
  public Frame frame(byte[] bytes) {
    boolean large = bytes.length > shard.pool().frameSize() - FramePool.HEADROOM;
    Frame frame = large ? shard.pool().allocateLarge() : shard.pool().allocate();
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    return frame;
  }

  /** How many packets were dropped for this reason. */
  public long drops(DropReason reason) {
    return shard.counters().get(reason);
  }

  /** Asserts that exactly one more drop, of this kind, is counted by what {@code action} does. */
  public void expectDrop(DropReason reason, Runnable action) {
    long before = drops(reason);
    long total = shard.counters().totalDrops();
    action.run();
    Assertions.assertEquals(before + 1, drops(reason), reason.name());
    Assertions.assertEquals(total + 1, shard.counters().totalDrops(), "all drops");
  }

  /** Asserts that a frame is dropped, for this reason. */
  public void expectDrop(DropReason reason, byte[] frame) {
    expectDrop(reason, () -> receive(frame));
  }

  /** What a counter of the shard stands at. */
  public long count(Counter counter) {
    return shard.counters().get(counter);
  }

  /** Asserts that all frames are back in their pool. */
  public void checkFrames() {
    Assertions.assertEquals(frames, shard.pool().available(), "free frames");
    Assertions.assertEquals(largeFrames, shard.pool().availableLarge(), "free large frames");
  }

  @Override
  public void close() {
    // Everything that waits for something gives up.
    advance(90 * SECOND);
    checkFrames();
    Assertions.assertEquals(0, count(Counter.EXCEPTIONS), "exceptions");
    stack.close();
  }
}
