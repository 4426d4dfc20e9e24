package io.millrace.e2e.contract;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.time.ShardClock;

/** Two of our stacks on a wire in memory, on a clock of their own. */
final class MemEnds extends Ends {
  private static final long NANOS_PER_TURN = 1_000;
  private static int wires;

  private final Clock clock;
  private final Network network;
  private int ports = 7;

  private MemEnds(Clock clock, Network network, String wire, Record... settings) {
    super(
        stack(clock, wire, network.prefix(network.client()), settings),
        stack(clock, wire, network.prefix(network.server()), settings),
        true);
    this.clock = clock;
    this.network = network;
  }

  static Ends open(Network network, Record... settings) {
    return new MemEnds(new Clock(), network, "mem:contract-" + wires++ + ",ring=256", settings);
  }

  private static final class Clock {
    private long now;
  }

  private static NetStack stack(Clock clock, String wire, String address, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder()
            .driven(ShardClock.of(() -> clock.now))
            .port(wire, address)
            .with(Network.WITHOUT_WAITING);
    for (Record setting : settings) {
      builder.with(setting);
    }
    return builder.start();
  }

  @Override
  IpAddress clientAddress() {
    return network.client();
  }

  @Override
  IpAddress serverAddress() {
    return network.server();
  }

  @Override
  IpAddress silentAddress() {
    return network.silent();
  }

  @Override
  int newPort() {
    return ports++;
  }

  @Override
  int silentPort() {
    return 9;
  }

  @Override
  IpAddress broadcastAddress() {
    return network.all();
  }

  @Override
  void tick(boolean worked) {
    clock.now += NANOS_PER_TURN;
    if (!worked) {
      long next = Math.min(client().nextDeadline(), server().nextDeadline());
      clock.now = next == Long.MAX_VALUE ? clock.now : Math.max(clock.now, next);
    }
  }
}
