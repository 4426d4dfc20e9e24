package io.millrace.bench;

import io.millrace.diag.Counter;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
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

  /** The most nanoseconds that a start may take: addresses of IPv6 are probed for a second. */
  private static final long START = 20_000_000_000L;

  private Forwarding() {}

  static List<Row> run(Measurement m) {
    List<Row> rows = new ArrayList<>();
    for (boolean v6 : new boolean[] {false, true}) {
      for (int routes : new int[] {1, 1_000, 1_000_000}) {
        rows.add(row(m, v6, routes, FEW, ReversePath.OFF));
      }
      rows.add(row(m, v6, 1_000_000, FEW, ReversePath.STRICT));
      for (int routes : new int[] {1_000, 1_000_000}) {
        rows.add(row(m, v6, routes, MANY, ReversePath.OFF));
      }
    }
    return rows;
  }

  private static Row row(
      Measurement m, boolean v6, int routes, int destinations, ReversePath reversePath) {
    try (Router router = new Router(v6, routes, destinations, reversePath)) {
      double rate = m.perSecondOf(router::turn, router::forwarded);
      String checked = reversePath == ReversePath.OFF ? "" : ", reverse path checked";
      String name =
          String.format(
              Locale.ROOT, "forward%s 64 B, %,d routes%s", v6 ? " IPv6" : "", routes, checked);
      return new Row(
          name, rate / 1e6, "M/s", String.format(Locale.ROOT, "%,d destinations", destinations));
    }
  }

  private static final class Router implements AutoCloseable {
    private static int wires;

    private final boolean v6;
    private final PacketSource source;
    private final NetStack stack;
    private final NetStack sink;
    private final Shard shard;
    private final Shard sinkShard;

    Router(boolean v6, int routes, int count, ReversePath reversePath) {
      this.v6 = v6;
      String in = "bench-in" + wires;
      String out = "mem:bench-out" + wires++ + ",ring=1024";
      ShardConfig shards = ShardConfig.defaults().withFrames(4096);
      NetStack.Builder builder =
          NetStack.builder()
              .shards(shards)
              .driven(ShardClock.system())
              .port("mem:" + in + ",ring=1024", v6 ? "2001:db8:1::1/64" : "10.1.0.1/16")
              .port(out, v6 ? "2001:db8:2::1/64" : "10.2.0.1/16");
      stack = builder.with(new ForwardingConfig(reversePath, true, 10)).start();
      shard = stack.shard(0);
      String[] routers = new String[ROUTERS];
      Arrays.setAll(routers, i -> router(i) + (v6 ? "/64" : "/16"));
      sink =
          NetStack.builder().shards(shards).driven(ShardClock.system()).port(out, routers).start();
      sinkShard = sink.shard(0);
      long[] destinations = addRoutes(routes, count);
      source = new PacketSource(in, shard.networkInterface(0).mac(), destinations);
      // Addresses are announced or probed first, and the next routers found.
      long end = System.nanoTime() + START;
      while (forwarded() < 100_000 && System.nanoTime() < end) {
        turn();
      }
      if (forwarded() < 100_000) {
        throw new IllegalStateException("the router forwards nothing");
      }
    }

    private String router(int i) {
      return v6 ? "2001:db8:2::1:" + i : "10.2.1." + i;
    }

    /** Adds random prefixes, and answers destinations that they cover. */
    private long[] addRoutes(int routes, int count) {
      Random random = new Random(routes);
      NextHop[] hops = new NextHop[ROUTERS];
      for (int i = 0; i < ROUTERS; i++) {
        IpAddress via = IpAddress.parse(router(i));
        hops[i] = new NextHop(shard.networkInterface(1), via, 0, null);
      }
      IpFamily family = v6 ? shard.ipv6() : shard.ipv4();
      long[] destinations = new long[2 * count];
      for (int i = 0; i < Math.max(routes, count); i++) {
        IpAddress address = v6 ? address6(random) : address4(random);
        if (i < routes) {
          family.addRoute(
              new IpPrefix(address, routes == 1 ? 0 : v6 ? length6(i) : length4(i)),
              hops[i % ROUTERS]);
          put(destinations, i & (count - 1), address.hi(), address.lo());
        } else if (routes == 1) {
          put(destinations, i, address.hi(), address.lo());
        } else {
          int known = i % routes;
          put(destinations, i, destinations[2 * known], destinations[2 * known + 1]);
        }
      }
      return destinations;
    }

    private static void put(long[] destinations, int i, long hi, long lo) {
      destinations[2 * i] = hi;
      destinations[2 * i + 1] = lo;
    }

    /** From 16.0.0.0 to 111.255.255.255. */
    private static IpAddress address4(Random random) {
      return IpAddress.v4((16 + random.nextInt(96)) << 24 | random.nextInt(1 << 24));
    }

    /** Most prefixes are of 24 bits, as on the Internet. */
    private static int length4(int i) {
      return i % 10 < 6 ? 24 : 16 + i % 8;
    }

    /** From 2400:: to 2fff:ffff:.... */
    private static IpAddress address6(Random random) {
      long hi = (0x2400L + random.nextInt(0xc00)) << 48 | random.nextLong() >>> 16;
      return new IpAddress(hi, random.nextLong());
    }

    /** Half of the prefixes are of 48 bits, most others of 32 to 47. */
    private static int length6(int i) {
      return i % 10 < 5 ? 48 : i % 10 == 9 ? 56 : 32 + i % 16;
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
