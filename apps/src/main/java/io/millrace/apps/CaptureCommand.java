package io.millrace.apps;

import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.net.NetStack;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes what a port receives and sends to a file, while a stack on it answers ARP and ping. */
@Command(
    name = "capture",
    description = "Writes what a port receives and sends to a pcapng file, for Wireshark.",
    footer = {
      "",
      "A stack is on the port meanwhile: it answers ARP and ping for its address.",
      "",
      "Example:",
      "  sudo ./millrace capture tap:mr0,address=10.77.0.1/24 out.pcapng --seconds 30"
    })
final class CaptureCommand implements Callable<Integer> {
  private static final long LOOK_EVERY_MILLIS = 50;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "PORT",
      description = "What to listen on, as driver:target,option=value... (docs/drivers.md).")
  private String port;

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "Where to write it. It is overwritten.")
  private Path file;

  @Option(
      names = "--address",
      paramLabel = "ADDRESS/PREFIX",
      split = ",",
      converter = Converters.PortAddress.class,
      defaultValue = StackOptions.DEFAULT_ADDRESS,
      description =
          "The stack's own addresses and networks, or dhcp, auto, dhcp6. Default: ${DEFAULT-VALUE}")
  private String[] addresses;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      converter = Converters.Positive.class,
      description = "Ends after so many seconds. Default: when it is stopped")
  private Long seconds;

  @Option(
      names = "--count",
      paramLabel = "N",
      converter = Converters.Positive.class,
      description = "Ends after so many packets, or a few more. Default: when it is stopped")
  private Long count;

  @Override
  public Integer call() throws InterruptedException {
    if (file.toString().indexOf(',') >= 0) {
      throw new Failure("the name of the file cannot have a comma");
    }
    PrintWriter out = spec.commandLine().getOut();
    NetStack stack = NetStack.builder().port(port + ",capture=" + file, addresses).start();
    try (RunningStack running = new RunningStack(stack, out)) {
      out.printf("Writing %s: what %s receives and sends%n", file, Ports.describe(stack));
      if (seconds == null && count == null) {
        out.println("  stop  Ctrl-C");
      }
      watch(running.stack(), out);
    }
    return 0;
  }

  private void watch(NetStack stack, PrintWriter out) throws InterruptedException {
    long started = System.nanoTime();
    long told = 0;
    while (true) {
      Thread.sleep(LOOK_EVERY_MILLIS);
      long packets = packets(stack);
      long elapsed = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started);
      if (elapsed - told >= 5) {
        told = elapsed;
        out.printf("  %,d packets after %d s%n", packets, elapsed);
      }
      if ((seconds != null && elapsed >= seconds) || (count != null && packets >= count)) {
        return;
      }
    }
  }

  private static long packets(NetStack stack) {
    long packets = 0;
    for (int i = 0; i < stack.shardCount(); i++) {
      Counters counters = stack.shard(i).counters();
      packets += counters.get(Counter.FRAMES_IN) + counters.get(Counter.FRAMES_OUT);
    }
    return packets;
  }
}
