package io.millrace.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.udp.Udp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A host that resolves names and the servers that it may ask, on one link and a virtual clock. */
final class NameSystem implements AutoCloseable {
  static final String FIRST = "10.0.0.53";
  static final String SECOND = "10.0.0.54";

  final World world = new World(53);
  final SimulatedLink link = world.link();
  final NetStack client;
  final TestServer first;
  final TestServer second;
  private final int frames;

  NameSystem(DnsConfig wanted) {
    this(wanted, null);
  }

  /** With a router to other networks. */
  NameSystem(String gateway) {
    this(DnsConfig.defaults().withServers(FIRST, SECOND), gateway);
  }

  private NameSystem(DnsConfig wanted, String gateway) {
    DnsConfig config = wanted.port() == 53 ? wanted.withPort(TestServer.PORT) : wanted;
    NetStack.Builder builder =
        world.builder(link.port(), "10.0.0.1/24").with(config.withHosts(null));
    if (gateway != null) {
      builder.gateway(gateway);
    }
    client = world.stack(builder);
    first = new TestServer(world.stack(link, FIRST + "/24").shard(0));
    second = new TestServer(world.stack(link, SECOND + "/24").shard(0));
    world.settle();
    frames = shard().pool().available();
  }

  NameSystem() {
    this(DnsConfig.defaults().withServers(FIRST, SECOND));
  }

  Shard shard() {
    return client.shard(0);
  }

  /** What a lookup came to. */
  static final class Outcome implements NameAnswer {
    final List<IpAddress> addresses = new ArrayList<>();
    final List<IOException> failures = new ArrayList<>();
    NameService.Lookup lookup;

    @Override
    public void onAddresses(int version, List<IpAddress> list) {
      addresses.addAll(list);
    }

    @Override
    public void onFailure(int version, IOException reason) {
      failures.add(reason);
    }

    boolean isDone() {
      return addresses.size() + failures.size() > 0;
    }
  }

  /** Asks for IPv4 addresses. */
  Outcome ask(String host) {
    return ask(host, NameService.Families.IPV4);
  }

  Outcome ask(String host, NameService.Families families) {
    Outcome outcome = new Outcome();
    outcome.lookup = NameService.of(shard()).resolve(host, families, outcome);
    return outcome;
  }

  Outcome resolve(String host) {
    return await(ask(host));
  }

  Outcome await(Outcome outcome) {
    world.runUntil(outcome::isDone, Duration.ofMinutes(5));
    return outcome;
  }

  void assertAddress(String host, String address) {
    assertThat(resolve(host).addresses).containsExactly(IpAddress.parse(address));
  }

  void assertReachableFirst(String host, String address) {
    assertThat(resolve(host).addresses.getFirst()).isEqualTo(IpAddress.parse(address));
  }

  long count(Counter counter) {
    return shard().counters().get(counter);
  }

  long dropped(DropReason reason) {
    return shard().counters().get(reason);
  }

  /** Every socket and every frame is back. */
  void assertNothingLeft() {
    world.run(Duration.ofMinutes(5));
    assertThat(Udp.of(shard()).socketCount()).isZero();
    assertThat(Tcp.of(shard()).connectionCount()).isZero();
    assertThat(((DnsResolver) shard().names()).openQueries()).isZero();
    assertThat(shard().pool().available())
        .as("free frames\n%s", shard().pool().outstanding())
        .isEqualTo(frames);
  }

  @Override
  public void close() {
    world.close();
  }
}
