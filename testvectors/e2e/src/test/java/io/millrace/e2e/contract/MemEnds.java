package io.millrace.e2e.contract;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.time.ShardClock;

/** Two of our stacks on a wire in memory, on a clock of their own. */
final class MemEnds extends Ends {
  private static final String CLIENT = "10.0.0.1";
  private static final String SERVER = "10.0.0.2";
  private static final long NANOS_PER_TURN = 1_000;
  private static int wires;

  private final Clock clock;
  private int ports = 7;

  private MemEnds(Clock clock, String wire, Record... settings) {
    super(
        stack(clock, wire, CLIENT + "/24", settings),
        stack(clock, wire, SERVER + "/24", settings),
        true);
    this.clock = clock;
  }

  static Ends open(Record... settings) {
    return new MemEnds(new Clock(), "mem:contract-" + wires++ + ",ring=256", settings);
  }

  private static final class Clock {
    private long now;
  }

  private static NetStack stack(Clock clock, String wire, String address, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder().driven(ShardClock.of(() -> clock.now)).port(wire, address);
    for (Record setting : settings) {
      builder.with(setting);
    }
    return builder.start();
  }

  @Override
  IpAddress clientAddress() {
    return IpAddress.parse(CLIENT);
  }

  @Override
  IpAddress serverAddress() {
    return IpAddress.parse(SERVER);
  }

  @Override
  IpAddress silentAddress() {
    return IpAddress.parse("10.0.0.99");
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
    return IpAddress.parse("10.0.0.255");
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
