package io.millrace.apps;

import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.Route;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks an address for echoes, like ping(8), from a stack of its own. */
@Command(
    name = "ping",
    description = "Sends echo requests to an address from a stack of its own, like ping(8).",
    footer = {
      "",
      "The exit code is 1 if nothing answered.",
      "",
      "Example, with the kernel on the other end:",
      "  sudo ./millrace ping 10.77.0.1 -c 3"
    })
final class PingCommand implements Callable<Integer> {
  private static final int MAX_SEQUENCE = 0xffff;

  @Spec private CommandSpec spec;
  @Mixin private StackOptions stackOptions;

  @Parameters(
      paramLabel = "HOST",
      description = "Whom to ask: an address, with a zone where it needs one, or a name.")
  private String host;

  @ArgGroup private FamilyOption family;

  @Option(
      names = "-c",
      paramLabel = "COUNT",
      converter = Converters.Positive.class,
      description = "Ends after so many requests. Default: when it is stopped")
  private Long count;

  @Option(
      names = "-i",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "The time between two requests, at least 0.001. Default: ${DEFAULT-VALUE}")
  private double interval;

  @Option(
      names = "-W",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description = "How long to wait for the last answer. Default: ${DEFAULT-VALUE}")
  private double wait;

  @Option(
      names = "-s",
      paramLabel = "BYTES",
      defaultValue = "56",
      description = "Bytes of data in a request, 0 to 65507. Default: ${DEFAULT-VALUE}")
  private int size;

  @Option(
      names = "-t",
      paramLabel = "TTL",
      defaultValue = "64",
      description = "Hops a request may take, 1 to 255. Default: ${DEFAULT-VALUE}")
  private int ttl;

  @Option(
      names = "-M",
      paramLabel = "do|dont",
      defaultValue = "dont",
      description =
          "do: never fragment a request. dont: where it is needed. Default: ${DEFAULT-VALUE}")
  private String fragment;

  @Override
  public Integer call() throws InterruptedException {
    check(
        size >= 0 && size <= io.millrace.ipv4.Ping.MAX_PAYLOAD,
        "-s takes 0 to " + io.millrace.ipv4.Ping.MAX_PAYLOAD + " bytes");
    check(ttl >= 1 && ttl <= 255, "-t takes 1 to 255 hops");
    check(interval >= 0.001 && interval <= 3600, "-i takes 0.001 to 3600 seconds");
    check(wait >= 0 && wait <= 3600, "-W takes 0 to 3600 seconds");
    check(fragment.equals("do") || fragment.equals("dont"), "-M takes do or dont");
    PrintWriter out = spec.commandLine().getOut();
    try (NetStack stack = stackOptions.start()) {
      IpAddress own = stackOptions.awaitAddress(stack);
      IpAddress target = Hosts.resolve(stack, host, FamilyOption.of(family));
      Statistics statistics = new Statistics(target, out, count);
      // The statistics come however it ends: after the last answer, or by Ctrl-C.
      Thread hook = new Thread(statistics::print, "millrace-close");
      Runtime.getRuntime().addShutdownHook(hook);
      out.printf("PING %s from %s: %d bytes of data%n", target, source(stack, target, own), size);
      run(stack.shard(0), statistics);
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
        statistics.print();
      } catch (IllegalStateException e) {
        // The program is ending, and the hook prints.
      }
      return statistics.received == 0 ? 1 : 0;
    }
  }

  private void check(boolean right, String sentence) {
    if (!right) {
      throw new ParameterException(spec.commandLine(), sentence);
    }
  }

  /** The address that the requests will have, or {@code otherwise} if there is no way. */
  private static IpAddress source(NetStack stack, IpAddress target, IpAddress otherwise) {
    Shard shard = stack.shard(0);
    CompletableFuture<IpAddress> source = new CompletableFuture<>();
    shard.execute(
        () -> {
          Route route = shard.route(0, 0, target.hi(), target.lo());
          source.complete(
              route == null ? otherwise : new IpAddress(route.sourceHi(), route.sourceLo()));
        });
    return source.join();
  }

  private void run(Shard shard, Statistics statistics) throws InterruptedException {
    Requests[] ping = new Requests[1];
    shard.execute(() -> ping[0] = statistics.open(shard));
    boolean dontFragment = fragment.equals("do");
    long next = System.nanoTime();
    long requests = count == null ? Long.MAX_VALUE : count;
    for (long i = 1; i <= requests; i++) {
      int sequence = (int) (i & MAX_SEQUENCE);
      shard.execute(
          () -> {
            statistics.sent++;
            if (!ping[0].send(sequence, size, ttl, dontFragment, shard.clock().now())) {
              statistics.notSent(sequence);
            }
          });
      next += (long) (interval * 1e9);
      if (i < requests) {
        TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
      }
    }
    var _ = statistics.done.await((long) (wait * 1e9), TimeUnit.NANOSECONDS);
    CountDownLatch closed = new CountDownLatch(1);
    shard.execute(
        () -> {
          ping[0].close();
          closed.countDown();
        });
    closed.await();
  }

  /** Echo requests of either family. */
  private interface Requests {
    boolean send(int sequence, int bytes, int hops, boolean dontFragment, long now);

    void close();
  }

  /**
   * Prints answers as they come and sums them up. Its fields are the shard's; the end reads them
   * when the shard has closed the ping, Ctrl-C as they are.
   */
  private static final class Statistics
      implements io.millrace.ipv4.Ping.Handler, io.millrace.ipv6.Ping.Handler {
    private final IpAddress target;
    private final PrintWriter out;
    private final long expected;
    private final CountDownLatch done = new CountDownLatch(1);
    private final long started = System.nanoTime();
    private long sent;
    private long received;
    private long errors;
    private long least = Long.MAX_VALUE;
    private long most;
    private double sum;
    private double squares;

    Statistics(IpAddress target, PrintWriter out, Long count) {
      this.target = target;
      this.out = out;
      this.expected = count == null ? Long.MAX_VALUE : count;
    }

    Requests open(Shard shard) {
      return target.isV4() ? openIpv4(shard) : openIpv6(shard);
    }

    private Requests openIpv4(Shard shard) {
      var ping = io.millrace.ipv4.Ping.open(shard, target, this);
      return new Requests() {
        @Override
        public boolean send(int sequence, int bytes, int hops, boolean dontFragment, long now) {
          return ping.send(sequence, bytes, hops, dontFragment, now);
        }

        @Override
        public void close() {
          ping.close();
        }
      };
    }

    private Requests openIpv6(Shard shard) {
      var ping = io.millrace.ipv6.Ping.open(shard, target, this);
      return new Requests() {
        @Override
        public boolean send(int sequence, int bytes, int hops, boolean dontFragment, long now) {
          return ping.send(sequence, bytes, hops, dontFragment, now);
        }

        @Override
        public void close() {
          ping.close();
        }
      };
    }

    @Override
    public void onReply(IpAddress from, int sequence, int bytes, int hops, long roundTrip) {
      out.printf(
          "%d bytes from %s: seq=%d ttl=%d time=%.3f ms%n",
          bytes, from, sequence, hops, roundTrip / 1e6);
      received++;
      least = Math.min(least, roundTrip);
      most = Math.max(most, roundTrip);
      sum += roundTrip;
      squares += (double) roundTrip * roundTrip;
      finished();
    }

    @Override
    public void onError(IpAddress from, int sequence, IcmpError error) {
      out.printf("from %s: seq=%d %s%n", from, sequence, words(error));
      errors++;
      finished();
    }

    private static String words(IcmpError error) {
      return error.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }

    void notSent(int sequence) {
      out.printf("seq=%d not sent: no route to %s, or no memory free%n", sequence, target);
      errors++;
      finished();
    }

    private void finished() {
      if (received + errors >= expected) {
        done.countDown();
      }
    }

    void print() {
      double loss = sent == 0 ? 0 : 100.0 * (sent - received) / sent;
      out.printf("%n--- %s ---%n", target);
      out.printf(
          "%d sent, %d received, %s%% lost, %.3f s%n",
          sent,
          received,
          String.format("%.1f", Math.max(0, loss)).replace(".0", ""),
          (System.nanoTime() - started) / 1e9);
      if (received > 0) {
        double average = sum / received;
        double deviation = Math.sqrt(Math.max(0, squares / received - average * average));
        out.printf(
            "round trip min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms%n",
            least / 1e6, average / 1e6, most / 1e6, deviation / 1e6);
      }
      out.flush();
    }
  }
}
