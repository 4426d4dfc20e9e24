package io.millrace.futures;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConfig;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Two stacks on a simulated link and a virtual clock, with futures. */
final class Net implements AutoCloseable {
  static final int PORT = 7;
  static final IpAddress CLIENT = IpAddress.parse("10.0.0.1");
  static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final Duration LONG = Duration.ofMinutes(10);

  final World world;
  final NetStack client;
  final NetStack server;
  private final int clientFrames;
  private final int serverFrames;

  Net(long seed, LinkConfig link, StreamConfig streams, TcpConfig tcp) {
    world = new World(seed);
    SimulatedLink wire = world.link(link);
    client = stack(wire, CLIENT, streams, tcp);
    server = stack(wire, SERVER, streams, tcp);
    world.settle();
    clientFrames = client.shard(0).pool().available();
    serverFrames = server.shard(0).pool().available();
  }

  Net() {
    this(1, LinkConfig.perfect(), StreamConfig.defaults(), TcpConfig.defaults());
  }

  Net(StreamConfig streams) {
    this(1, LinkConfig.perfect(), streams, TcpConfig.defaults());
  }

  private NetStack stack(
      SimulatedLink wire, IpAddress address, StreamConfig streams, TcpConfig tcp) {
    return world.stack(world.builder(wire.port(), address + "/24").with(streams).with(tcp));
  }

  /** A connection, both ends. */
  record Ends(FutureConnection client, FutureConnection server) {}

  Ends connect() {
    FutureListener listener = value(FutureTcp.listen(server, PORT));
    CompletableFuture<FutureConnection> accepted = listener.accept();
    FutureConnection one = value(FutureTcp.connect(client, SERVER, PORT));
    Ends ends = new Ends(one, value(accepted));
    listener.close();
    return ends;
  }

  /** Lets time pass until the future is complete, and returns its value. */
  <T> T value(CompletableFuture<T> future) {
    world.runUntil(future::isDone, LONG);
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause().toString(), e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Lets time pass until the future has failed, and returns why. */
  Throwable failure(CompletableFuture<?> future) {
    world.runUntil(future::isDone, LONG);
    return future.exceptionNow();
  }

  void run(Duration time) {
    world.run(time);
  }

  /** Everything is closed, and every frame is back. */
  void assertNothingLeft() {
    world.run(Duration.ofMinutes(5));
    assertNothingLeft(client.shard(0), clientFrames);
    assertNothingLeft(server.shard(0), serverFrames);
  }

  private static void assertNothingLeft(Shard shard, int frames) {
    assertThat(Tcp.of(shard).connectionCount()).isZero();
    assertThat(shard.pool().available())
        .as("free frames\n%s", shard.pool().outstanding())
        .isEqualTo(frames);
  }

  @Override
  public void close() {
    world.close();
  }
}
