package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.Allocations;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import org.junit.jupiter.api.Test;

/** Steady state allocates nothing: rule of the house. */
final class UdpAllocationTest {
  private static final int WARM_UP = 300_000;
  private static final int DATAGRAMS = 1_000_000;

  @Test
  void aMillionDatagramsAllocateNothing() {
    try (World world = new World(1).unchecked()) {
      SimulatedLink link = world.link();
      NetStack first = world.stack(link, "10.0.0.1/24");
      NetStack second = world.stack(link, "10.0.0.2/24");
      PingPong game = new PingPong(first.shard(0), second.shard(0));
      game.play(WARM_UP);
      assertThat(Allocations.measure(() -> game.play(DATAGRAMS))).isZero();
      assertThat(game.returned).isEqualTo(WARM_UP + DATAGRAMS);
      for (Shard shard : new Shard[] {first.shard(0), second.shard(0)}) {
        assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
      }
    }
  }

  @Test
  void rowsOfDatagramsAllocateNothing() {
    try (World world = new World(1).unchecked()) {
      SimulatedLink link = world.link();
      NetStack first = world.stack(link, "10.0.0.1/24");
      NetStack second = world.stack(link, "10.0.0.2/24");
      RowPingPong game = new RowPingPong(first.shard(0), second.shard(0));
      game.play(WARM_UP / RowPingPong.ROW);
      assertThat(Allocations.measure(() -> game.play(DATAGRAMS / RowPingPong.ROW))).isZero();
      assertThat(game.client.datagrams).isEqualTo(WARM_UP + DATAGRAMS);
      assertThat(game.client.rows).isEqualTo((WARM_UP + DATAGRAMS) / RowPingPong.ROW);
      for (Shard shard : new Shard[] {first.shard(0), second.shard(0)}) {
        assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
        assertThat(shard.pool().availableLarge()).isEqualTo(shard.pool().largeFrames());
      }
    }
  }

  /** The same in rows of ten, of 300 bytes each: more than a standard frame takes. */
  private static final class RowPingPong {
    private static final int ROW = 10;
    private static final int SIZE = 300;

    private final Shard near;
    private final Shard far;
    private final UdpSocket from;
    private final Rows client = new Rows(false);
    private final WrappedBuffer data = UdpFixture.buffer(UdpFixture.pattern(ROW * SIZE));

    RowPingPong(Shard near, Shard far) {
      this.near = near;
      this.far = far;
      Udp.of(far).bind(7, new Rows(true));
      from = Udp.of(near).bind(0, client);
      from.connect(IpAddress.parse("10.0.0.2"), 7);
    }

    void play(int rounds) {
      for (int i = 0; i < rounds; i++) {
        from.sendSegments(data, 0, ROW * SIZE, SIZE);
        near.step();
        far.step();
        far.step();
        near.step();
      }
    }
  }

  private static final class Rows implements UdpSegmentHandler {
    private final boolean echo;
    private int rows;
    private int datagrams;

    Rows(boolean echo) {
      this.echo = echo;
    }

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      datagrams++;
    }

    @Override
    public void onSegments(
        UdpSocket socket, Frame data, int segmentSize, long hi, long lo, int port) {
      rows++;
      datagrams += data.length() / segmentSize;
      if (echo) {
        socket.sendSegmentsTo(hi, lo, port, data, 0, data.length(), segmentSize);
      }
    }
  }

  /** A connected client, 64 bytes, and a server that answers whoever asks. */
  private static final class PingPong {
    private final Shard client;
    private final Shard server;
    private final UdpSocket from;
    private final WrappedBuffer data = UdpFixture.buffer(UdpFixture.pattern(64));
    private int returned;

    PingPong(Shard client, Shard server) {
      this.client = client;
      this.server = server;
      Udp.of(server).bind(7, (socket, data, hi, lo, port) -> socket.sendTo(hi, lo, port, data));
      from = Udp.of(client).bind(0, (socket, data, hi, lo, port) -> returned++);
      from.connect(IpAddress.parse("10.0.0.2"), 7);
    }

    void play(int rounds) {
      for (int i = 0; i < rounds; i++) {
        from.send(data);
        client.step();
        server.step();
        client.step();
      }
    }
  }
}
