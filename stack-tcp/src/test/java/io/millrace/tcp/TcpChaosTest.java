package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/**
 * Applications that pause, keep what they were lent, answer in all sizes and close in their own
 * time, over a bad link with small windows: nothing stalls, every byte arrives, every buffer comes
 * back.
 */
class TcpChaosTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");

  @Property(tries = 120)
  void nothingStallsAndNothingIsLost(
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0, max = 0.08) double loss,
      @ForAll @DoubleRange(min = 0, max = 0.1) double reorder,
      @ForAll @IntRange(min = 0, max = 60_000) int there,
      @ForAll @IntRange(min = 0, max = 60_000) int back,
      @ForAll @IntRange(min = 2_048, max = 20_000) int receive,
      @ForAll @IntRange(min = 2_048, max = 20_000) int send,
      @ForAll boolean noDelay,
      @ForAll boolean sack,
      @ForAll boolean timestamps) {
    LinkConfig config =
        LinkConfig.perfect()
            .withDelay(Duration.ofMillis(3))
            .withLoss(loss)
            .withDuplicates(loss)
            .withReordering(reorder, Duration.ofMillis(7));
    TcpConfig tcp =
        TcpConfig.defaults()
            .with()
            .receiveBuffer(receive)
            .sendBuffer(send)
            .noDelay(noDelay)
            .sack(sack)
            .timestamps(timestamps)
            .build();
    try (World world = new World(seed)) {
      SimulatedLink link = world.link(config);
      NetStack client = world.stack(world.builder(link.port(), "10.0.0.1/24").with(tcp));
      NetStack server = world.stack(world.builder(link.port(), "10.0.0.2/24").with(tcp));
      int frames = client.shard(0).pool().available();
      SplittableRandom random = new SplittableRandom(seed);
      Moody accepted = new Moody(random.split(), back, 7, 3);
      Moody caller = new Moody(random.split(), there, 3, 7);
      Tcp.listen(server, 80, c -> accepted);
      Tcp.of(client.shard(0)).connect(SERVER, 80, caller);
      for (int i = 0; i < 100_000 && (caller.reason == null || accepted.reason == null); i++) {
        world.run(Duration.ofMillis(random.nextInt(1, 300)));
        caller.move();
        accepted.move();
      }
      assertThat(caller.received).isEqualTo(back);
      assertThat(accepted.received).isEqualTo(there);
      assertThat(caller.reason).isEqualTo(TcpCloseReason.NORMAL);
      assertThat(accepted.reason).isEqualTo(TcpCloseReason.NORMAL);
      assertThat(caller.lent + accepted.lent).isZero();
      world.run(Duration.ofMinutes(5));
      assertThat(client.shard(0).pool().available()).isEqualTo(frames);
      assertThat(server.shard(0).pool().available()).isEqualTo(frames);
    }
  }

  private static final class Moody implements TcpHandler {
    private final SplittableRandom random;
    private final int size;
    private final int seed;
    private final int peerSeed;
    private final Deque<Buffer> kept = new ArrayDeque<>();
    private TcpConnection connection;
    private int sent;
    private int received;
    private int lent;
    private boolean shut;
    private boolean mayWrite;
    private TcpCloseReason reason;

    Moody(SplittableRandom random, int size, int seed, int peerSeed) {
      this.random = random;
      this.size = size;
      this.seed = seed;
      this.peerSeed = peerSeed;
    }

    /** What it does of its own accord, from outside of any callback. */
    void move() {
      while (!kept.isEmpty() && random.nextInt(4) != 0) {
        kept.poll().release();
      }
      if (connection == null || reason != null) {
        return;
      }
      if (random.nextBoolean()) {
        connection.resumeReading();
      }
      if (random.nextInt(10) == 0) {
        connection.noDelay(random.nextBoolean());
      }
      pump();
    }

    private void pump() {
      while (mayWrite && sent < size && random.nextInt(5) != 0) {
        int n = Math.min(size - sent, random.nextInt(1, 4_000));
        MemorySegment memory = Arena.ofAuto().allocate(n);
        for (int i = 0; i < n; i++) {
          memory.set(ValueLayout.JAVA_BYTE, i, Peer.at(sent + i, seed));
        }
        lent++;
        WrappedBuffer buffer = WrappedBuffer.of(memory, () -> lent--);
        sent += n;
        mayWrite = connection.send(buffer);
        buffer.release();
      }
      if (sent == size && !shut && random.nextBoolean()) {
        shut = true;
        connection.shutdownOutput();
      }
    }

    @Override
    public void onConnected(TcpConnection c) {
      connection = c;
      mayWrite = true;
      pump();
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      for (int i = 0; i < data.length(); i++) {
        if (data.getByte(i) != Peer.at(received + i, peerSeed)) {
          throw new AssertionError("wrong byte at " + (received + i));
        }
      }
      received += data.length();
      if (random.nextInt(3) == 0) {
        data.retain();
        kept.add(data);
      }
      if (random.nextInt(3) == 0) {
        c.pauseReading();
      }
      pump();
    }

    @Override
    public void onWritable(TcpConnection c) {
      mayWrite = true;
      pump();
    }

    @Override
    public void onPeerClosed(TcpConnection c) {}

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason why) {
      reason = why;
      kept.forEach(Buffer::release);
      kept.clear();
    }
  }
}
