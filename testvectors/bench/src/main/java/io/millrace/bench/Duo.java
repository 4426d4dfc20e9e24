package io.millrace.bench;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.TcpConfig;
import io.millrace.time.ShardClock;

/** Two stacks on a wire in memory, both turned by the calling thread. */
final class Duo implements AutoCloseable {
  /** Longer than it takes to see that nobody else has an address (RFC 4862 §5.4). */
  private static final long SETTLING = 10_000_000_000L;

  private static int wires;

  private final NetStack clientStack;
  private final NetStack serverStack;
  final Shard client;

  /** One thread, one clock: read once per turn for both. */
  private long now = System.nanoTime();

  final Shard server;

  /** Where the client finds the server. */
  final IpAddress serverAddress;

  Duo(Family family, TcpConfig tcp) {
    this(family, tcp, "");
  }

  /** The same on a wire with these options, a comma in front. */
  Duo(Family family, TcpConfig tcp, String options) {
    serverAddress = family.server;
    String wire = "mem:bench" + wires++ + ",ring=64" + options;
    ShardConfig shards = ShardConfig.defaults().withFrames(16_384);
    clientStack = stack(wire, family.onLink(family.client), shards, tcp);
    serverStack = stack(wire, family.onLink(family.server), shards, tcp);
    client = clientStack.shard(0);
    server = serverStack.shard(0);
    long end = now + SETTLING;
    while (!hasAddress(client, family.client) || !hasAddress(server, family.server)) {
      turn(); // addresses are probed for
      if (now > end) {
        throw new IllegalStateException("the stacks have got no addresses in ten seconds");
      }
    }
    for (int i = 0; i < 100; i++) {
      turn(); // and announced
    }
  }

  private static boolean hasAddress(Shard shard, IpAddress address) {
    IpFamily family = address.isV4() ? shard.ipv4() : shard.ipv6();
    return family.isLocal(address.hi(), address.lo());
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
