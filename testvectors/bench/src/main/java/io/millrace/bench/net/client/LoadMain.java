package io.millrace.bench.net.client;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.TcpConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The load generator on the stack, a program that {@code bench net} talks to through its standard
 * streams: a line {@code ADDRESS PORT PATH CONNECTIONS CLOSE SECONDS} comes in, a line with the
 * result goes out. It ends with its input.
 */
@Command(name = "load")
public final class LoadMain implements Callable<Integer> {
  private static final String APPS = "io.millrace.apps.Main";

  @Option(names = "--driver", required = true)
  private String driver;

  @Option(names = "--address", required = true)
  private String address;

  @Option(names = "--gateway")
  private String gateway;

  @Option(names = "--core")
  private int core = -1;

  /** A command of the applications that runs in this program, at the other end of a wire. */
  @Option(names = "--beside", split = " ")
  private String[] beside = {};

  private LoadMain() {}

  /** Runs until the input ends. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new LoadMain()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    if (beside.length > 0) {
      Thread.ofPlatform().daemon().start(this::runBeside);
    }
    NetStack.Builder builder =
        NetStack.builder()
            .shards(ShardConfig.defaults().withCore(core))
            .port(driver, address)
            .with(TcpConfig.defaults().with().noDelay(true).build());
    if (gateway != null) {
      builder.gateway(gateway);
    }
    try (NetStack stack = builder.start();
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      System.out.println("ready");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        System.out.println(run(stack.shard(0), line.split(" ", -1)));
      }
    }
    return 0;
  }

  /** Not known to the compiler: the applications are built on top of this module. */
  private void runBeside() {
    try {
      Class.forName(APPS).getMethod("main", String[].class).invoke(null, (Object) beside);
    } catch (ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException e) {
      throw new IllegalStateException("the applications cannot be run: " + e, e);
    }
  }

  private static String run(Shard shard, String[] words)
      throws InterruptedException, ExecutionException {
    HttpLoad load =
        new HttpLoad(
            shard,
            IpAddress.parse(words[0]),
            Integer.parseInt(words[1]),
            words[2],
            Boolean.parseBoolean(words[4]));
    long started = System.nanoTime();
    on(
        shard,
        () -> {
          load.start(Integer.parseInt(words[3]));
          return null;
        });
    Thread.sleep((long) (Double.parseDouble(words[5]) * 1000));
    on(
        shard,
        () -> {
          load.stop();
          return null;
        });
    long micros = (System.nanoTime() - started) / 1000;
    // What is still open would be the next run's load.
    for (int i = 0; i < 200 && on(shard, load::open) > 0; i++) {
      Thread.sleep(10);
    }
    return on(shard, () -> result(load, micros));
  }

  private static String result(HttpLoad load, long micros) {
    Histogram nanos = load.nanos();
    return String.format(
        Locale.ROOT,
        "result requests=%d micros=%d errors=%d p50=%d p90=%d p99=%d p999=%d max=%d",
        load.requests(),
        micros,
        load.errors(),
        nanos.getValueAtPercentile(50) / 1000,
        nanos.getValueAtPercentile(90) / 1000,
        nanos.getValueAtPercentile(99) / 1000,
        nanos.getValueAtPercentile(99.9) / 1000,
        nanos.getMaxValue() / 1000);
  }

  /** Runs something on the shard and waits for what it says. */
  private static <T> T on(Shard shard, Callable<T> task)
      throws InterruptedException, ExecutionException {
    FutureTask<T> future = new FutureTask<>(task);
    shard.execute(future);
    return future.get();
  }
}
