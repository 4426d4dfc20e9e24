package io.millrace.bench.scale;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.spi.Port;
import io.millrace.tcp.TcpConfig;
import io.millrace.time.ShardClock;
import io.millrace.udp.UdpConfig;

/**
 * Two stacks of several shards on wires in memory, one for each, all turned by the calling thread:
 * the CPU time of the whole is that of the packets, without a scheduler in between.
 */
final class Pair implements AutoCloseable {
  static final IpAddress SERVER = IpAddress.parse("10.0.0.1");

  /** Each has ports of its own for as many flows. */
  static final int CLIENT_ADDRESSES = 16;

  private static final long LONGEST_TICK = 1_000_000L;

  private static int wires;

  private final NetStack clients;
  private final NetStack servers;
  private final long slice;
  private long now = System.nanoTime();
  private long ticked = now;
  private long sliceBegan = now;
  private int running;

  /**
   * Starts them.
   *
   * @param slice how long a shard runs before it is the next one's turn, in ns
   */
  Pair(int shards, int framesPerShard, long slice) {
    this.slice = slice;
    String wire = "scale" + wires++;
    String[] addresses = new String[CLIENT_ADDRESSES];
    for (int i = 0; i < CLIENT_ADDRESSES; i++) {
      addresses[i] = client(i) + "/16";
    }
    servers = stack(framesPerShard, new ParallelWires(wire, shards, 1), SERVER + "/16");
    clients = stack(framesPerShard, new ParallelWires(wire, shards, 2), addresses);
    for (int i = 0; i < 200; i++) {
      turnAll(); // addresses are announced and neighbors found
    }
  }

  private NetStack stack(int frames, Port port, String... addresses) {
    return NetStack.builder()
        .shards(ShardConfig.defaults().withFrames(frames))
        .shards(port.info().queues())
        .driven(ShardClock.of(() -> now))
        .port(port, addresses)
        .with(TcpConfig.defaults().with().noDelay(true).build())
        .with(new UdpConfig(1 << 18, 64))
        .start();
  }

  /** One of the clients' addresses. */
  static IpAddress client(int i) {
    return IpAddress.parse("10.0.1." + (i + 1));
  }

  int shards() {
    return clients.shardCount();
  }

  Shard clientShard(int i) {
    return clients.shard(i);
  }

  Shard serverShard(int i) {
    return servers.shard(i);
  }

  /** The clients' shard that answers to a port of theirs come in by. */
  int clientOwner(IpAddress local, int localPort, int serverPort) {
    return clients
        .shard(0)
        .steering()
        .owner(0, SERVER.hi(), SERVER.lo(), local.hi(), local.lo(), serverPort << 16 | localPort);
  }

  /**
   * One duty cycle of one shard and its peer, which is the same one until its time slice is over.
   */
  void turn() {
    tick();
    if (now - sliceBegan >= slice) {
      sliceBegan = now;
      running = running + 1 == clients.shardCount() ? 0 : running + 1;
    }
    clients.shard(running).step();
    servers.shard(running).step();
  }

  /** While other pairs are measured, time stands still for this one: nothing may time out. */
  private void tick() {
    long real = System.nanoTime();
    now += Math.min(real - ticked, LONGEST_TICK);
    ticked = real;
  }

  /** One duty cycle of each shard. */
  void turnAll() {
    tick();
    for (int i = 0; i < clients.shardCount(); i++) {
      clients.shard(i).step();
    }
    for (int i = 0; i < servers.shardCount(); i++) {
      servers.shard(i).step();
    }
  }

  /** Frames that both sides have received so far. */
  long packets() {
    return clients.count(Counter.FRAMES_IN) + servers.count(Counter.FRAMES_IN);
  }

  /** Packets that came to a shard that they did not belong to. */
  long handedOver() {
    return clients.count(Counter.FRAMES_HANDED_OVER) + servers.count(Counter.FRAMES_HANDED_OVER);
  }

  @Override
  public void close() {
    clients.close();
    servers.close();
  }
}
