package io.millrace.bench;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.TcpConfig;
import io.millrace.time.ShardClock;

/** Two stacks on a wire in memory, both turned by the calling thread. */
final class Duo implements AutoCloseable {
  static final IpAddress CLIENT = IpAddress.parse("10.0.0.1");
  static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static int wires;

  private final NetStack clientStack;
  private final NetStack serverStack;
  final Shard client;

  /** One thread, one clock: read once per turn for both. */
  private long now = System.nanoTime();

  final Shard server;

  Duo(TcpConfig tcp) {
    String wire = "mem:bench" + wires++ + ",ring=64";
    ShardConfig shards = ShardConfig.defaults().withFrames(16_384);
    clientStack = stack(wire, CLIENT + "/24", shards, tcp);
    serverStack = stack(wire, SERVER + "/24", shards, tcp);
    client = clientStack.shard(0);
    server = serverStack.shard(0);
    for (int i = 0; i < 100; i++) {
      turn(); // addresses are announced and neighbors found
    }
  }

  private NetStack stack(String wire, String address, ShardConfig shards, TcpConfig tcp) {
    return NetStack.builder()
        .shards(shards)
        .driven(ShardClock.of(() -> now))
        .port(wire, address)
        .with(tcp)
        .start();
  }

  /** One duty cycle of each. */
  void turn() {
    now = System.nanoTime();
    client.step();
    server.step();
  }

  /** The TCP configuration of all rows: windows of 256 KiB, Nagle off. */
  static TcpConfig tcp() {
    return TcpConfig.defaults()
        .with()
        .receiveBuffer(256 * 1024)
        .sendBuffer(256 * 1024)
        .noDelay(true)
        .build();
  }

  @Override
  public void close() {
    clientStack.close();
    serverStack.close();
  }
}
