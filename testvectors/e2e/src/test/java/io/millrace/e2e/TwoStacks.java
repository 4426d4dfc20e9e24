package io.millrace.e2e;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpConfig;
import io.millrace.time.ShardClock;

/**
 * Two stacks with their real protocols on a wire in memory, both turned by the calling thread on a
 * clock that goes on by a microsecond each turn.
 */
final class TwoStacks implements AutoCloseable {
  /** The server over IPv4. */
  static final IpAddress SERVER = IpAddress.parse("10.0.0.2");

  /** The server over IPv6. */
  static final IpAddress SERVER_IPV6 = IpAddress.parse("2001:db8::2");

  private static final long NANOS_PER_TURN = 1_000;
  private static int wires;

  private final NetStack clientStack;
  private final NetStack serverStack;
  private long now;

  TwoStacks() {
    String wire = "mem:e2e-" + wires++ + ",ring=256";
    clientStack = stack(wire, "10.0.0.1/24", "2001:db8::1/64");
    serverStack = stack(wire, SERVER + "/24", SERVER_IPV6 + "/64");
  }

  private NetStack stack(String wire, String... addresses) {
    return NetStack.builder()
        .driven(ShardClock.of(() -> now))
        .port(wire, addresses)
        .with(Ipv6Autoconf.defaults().withDadTransmits(0))
        .with(TcpConfig.defaults().with().noDelay(true).build())
        .start();
  }

  Shard client() {
    return clientStack.shard(0);
  }

  Shard server() {
    return serverStack.shard(0);
  }

  /** One duty cycle of each. */
  void turn() {
    now += NANOS_PER_TURN;
    client().step();
    server().step();
  }

  /** Turns until both together have received {@code n} more frames. */
  void exchange(long n) {
    long end = received() + n;
    long idle = 0;
    for (long last = received(); last < end; ) {
      turn();
      long current = received();
      idle = current == last ? idle + 1 : 0;
      if (idle == 10_000_000) {
        throw new AssertionError("nothing happens any more");
      }
      last = current;
    }
  }

  private long received() {
    return client().counters().get(Counter.FRAMES_IN) + server().counters().get(Counter.FRAMES_IN);
  }

  @Override
  public void close() {
    clientStack.close();
    serverStack.close();
  }
}
