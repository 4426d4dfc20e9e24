package io.millrace.script;

import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.script.sockets.Endpoints;
import io.millrace.script.sockets.SystemCalls;
import io.millrace.script.wire.NeighborAnswers;
import io.millrace.script.wire.Peer;
import io.millrace.script.wire.SeenPacket;
import io.millrace.spi.Port;
import io.millrace.tcp.TcpConfig;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a script is played on: a stack at one end of a link, the peer at the other, and the packets
 * of the stack that no event has claimed yet.
 */
final class Stage {
  private final World world;
  private final Station station;
  private final Peer peer;
  private final SystemCalls calls;
  private final Deque<Captured> captured = new ArrayDeque<>();

  /**
   * A packet of the stack's.
   *
   * @param nanos when it was sent
   */
  record Captured(SeenPacket packet, long nanos) {}

  Stage(World world, ScriptOptions options, Profile profile, TcpConfig config) {
    this.world = world;
    SimulatedLink link = world.link(LinkConfig.perfect().withMtu(options.mtu()));
    Port port = link.port();
    station = link.station();
    peer =
        new Peer(
            new Peer.Ends(options.local(), options.remote(), port.info().mac(), station.mac()),
            options.bindPort(),
            ScriptOptions.REMOTE_PORT,
            profile,
            options.tickMicros());
    answerNeighbors(options);
    calls = new SystemCalls(start(port, options, config), endpoints(options), peer);
    // Whatever the stack does before it is ready (probing its address, say) is not the script's.
    world.run(Duration.ofSeconds(30));
    link.tap(
        (sender, frame, nanos) -> {
          if (!link.isStation(sender) && SeenPacket.isPacket(frame)) {
            captured.add(new Captured(new SeenPacket(frame), nanos));
          }
        });
  }

  private void answerNeighbors(ScriptOptions options) {
    if (!options.isV6()) {
      station.answersArpFor(options.gateway()).answersArpFor(options.remote());
    }
    NeighborAnswers neighbors =
        new NeighborAnswers(station.mac(), options.gateway(), options.remote());
    station.onFrame(
        frame -> {
          byte[] answer = neighbors.answer(frame);
          if (answer != null) {
            station.send(answer);
          }
        });
  }

  private Shard start(Port port, ScriptOptions options, TcpConfig config) {
    NetStack.Builder builder =
        world
            .builder(port, options.localWithPrefix())
            .gateway(options.gateway())
            .with(Ipv6Autoconf.defaults().withDadTransmits(0))
            .with(config);
    return world.stack(builder).shard(0);
  }

  private static Endpoints endpoints(ScriptOptions options) {
    return new Endpoints(
        IpAddress.parse(options.local()),
        IpAddress.parse(options.remote()),
        options.bindPort(),
        options.connectPort());
  }

  World world() {
    return world;
  }

  Peer peer() {
    return peer;
  }

  SystemCalls calls() {
    return calls;
  }

  /** Packets of the stack's in the order in which they were sent. */
  Deque<Captured> captured() {
    return captured;
  }

  /** Puts a frame of the peer's on the link, and lets the stack do what is due at once. */
  void inject(byte[] frame) {
    station.send(frame);
    world.settle();
  }
}
