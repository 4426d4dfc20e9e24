package io.millrace.bench;

import io.millrace.diag.Counter;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.NextHop;
import io.millrace.ip.ReversePath;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A router between two wires in memory: packets of 64 bytes on the wire, each to another
 * destination. Only the router's own duty cycles are timed: receiving, looking up, rewriting,
 * sending, which copies into the next wire.
 */
final class Forwarding {
  private static final int ROUTERS = 16;

  /** Destinations, a power of two: what the cache holds well, and what no cache holds. */
  private static final int FEW = 1 << 11;

  private static final int MANY = 1 << 20;
  private static final int MAX_TURNS = 10_000;

  private Forwarding() {}

  static List<Row> run(Measurement m) {
    List<Row> rows = new ArrayList<>();
    for (int routes : new int[] {1, 1_000, 1_000_000}) {
      rows.add(row(m, routes, FEW, ReversePath.OFF));
    }
    rows.add(row(m, 1_000_000, FEW, ReversePath.STRICT));
    for (int routes : new int[] {1_000, 1_000_000}) {
      rows.add(row(m, routes, MANY, ReversePath.OFF));
    }
    return rows;
  }

  private static Row row(Measurement m, int routes, int destinations, ReversePath reversePath) {
    try (Router router = new Router(routes, destinations, reversePath)) {
      double rate = m.perSecondOf(router::turn, router::forwarded);
      String checked = reversePath == ReversePath.OFF ? "" : ", reverse path checked";
      String name = String.format(Locale.ROOT, "forward 64 B, %,d routes%s", routes, checked);
      return new Row(
          name, rate / 1e6, "M/s", String.format(Locale.ROOT, "%,d destinations", destinations));
    }
  }

  private static final class Router implements AutoCloseable {
    private static int wires;

    private final PacketSource source;
    private final NetStack stack;
    private final NetStack sink;
    private final Shard shard;
    private final Shard sinkShard;

    Router(int routes, int count, ReversePath reversePath) {
      String in = "bench-in" + wires;
      String out = "mem:bench-out" + wires++ + ",ring=1024";
      ShardConfig shards = ShardConfig.defaults().withFrames(4096);
      stack =
          NetStack.builder()
              .shards(shards)
              .driven(ShardClock.system())
              .port("mem:" + in + ",ring=1024", "10.1.0.1/16")
              .port(out, "10.2.0.1/16")
              .with(new ForwardingConfig(reversePath, true, 10))
              .start();
      shard = stack.shard(0);
      String[] routers = new String[ROUTERS];
      Arrays.setAll(routers, i -> "10.2.1." + i + "/16");
      sink =
          NetStack.builder().shards(shards).driven(ShardClock.system()).port(out, routers).start();
      sinkShard = sink.shard(0);
      int[] destinations = addRoutes(routes, count);
      source = new PacketSource(in, shard.networkInterface(0).mac(), destinations);
      for (int i = 0; i < MAX_TURNS && forwarded() < 100_000; i++) {
        turn(); // addresses are announced and the next routers found
      }
      if (forwarded() < 100_000) {
        throw new IllegalStateException("the router forwards nothing");
      }
    }

    /** Adds random prefixes, and answers destinations that they cover. */
    private int[] addRoutes(int routes, int count) {
      Random random = new Random(routes);
      NextHop[] hops = new NextHop[ROUTERS];
      for (int i = 0; i < ROUTERS; i++) {
        IpAddress via = IpAddress.parse("10.2.1." + i);
        hops[i] = new NextHop(shard.networkInterface(1), via, 0, null);
      }
      int[] destinations = new int[count];
      for (int i = 0; i < Math.max(routes, count); i++) {
        // From 16.0.0.0 to 111.255.255.255; most prefixes are of 24 bits, as on the Internet.
        int address = (16 + random.nextInt(96)) << 24 | random.nextInt(1 << 24);
        int length = i % 10 < 6 ? 24 : 16 + i % 8;
        if (i < routes) {
          IpPrefix prefix = new IpPrefix(IpAddress.v4(address), routes == 1 ? 0 : length);
          shard.ipv4().addRoute(prefix, hops[i % ROUTERS]);
          destinations[i & (count - 1)] = address;
        } else {
          destinations[i] = routes == 1 ? address : destinations[i % routes];
        }
      }
      return destinations;
    }

    /** Fills the wire, lets the router empty it, and answers how long that took the router. */
    long turn() {
      source.send();
      long start = Measurement.cpuTime();
      for (int i = 0; i < PacketSource.PACKETS / 64; i++) {
        shard.step();
      }
      long nanos = Measurement.cpuTime() - start;
      while (sinkShard.step() != 0) {
        // The sink drops what it gets: it is no router.
      }
      return nanos;
    }

    long forwarded() {
      return shard.counters().get(Counter.IP_OUT_FORW_DATAGRAMS);
    }

    @Override
    public void close() {
      source.close();
      stack.close();
      sink.close();
    }
  }
}
