package io.millrace.apps;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetStack;
import io.millrace.net.ShardConfig;
import io.millrace.net.ShardMode;
import picocli.CommandLine.Option;

/** How a command's stack is connected. */
final class StackOptions {
  /** The device that is made if nothing else is said, with the kernel's address on it. */
  static final String DEFAULT_DRIVER = "tap:mr0,address=10.77.0.1/24";

  /** The stack's address if nothing else is said. */
  static final String DEFAULT_ADDRESS = "10.77.0.2/24";

  /** The port on the sockets of this machine, and what reaches it. */
  private static final String KERNEL = "kernel:";

  private static final String LOOPBACK = "127.0.0.1/8";

  @Option(
      names = "--driver",
      paramLabel = "PORT",
      defaultValue = DEFAULT_DRIVER,
      description = {
        "What the stack is connected to, as driver:target,option=value... (docs/drivers.md).",
        "Default: ${DEFAULT-VALUE}"
      })
  private String driver;

  @Option(
      names = "--address",
      paramLabel = "ADDRESS/PREFIX",
      converter = Converters.Prefix.class,
      description = {
        "The stack's own address and network. The driver kernel: takes none.",
        "Default: " + DEFAULT_ADDRESS
      })
  private IpPrefix address;

  @Option(
      names = "--gateway",
      paramLabel = "ADDRESS",
      converter = Converters.Address.class,
      description = "The router to other networks. Default: none")
  private IpAddress gateway;

  @Option(
      names = "--shards",
      paramLabel = "N",
      description = "So many threads, each with a stack of its own for its flows. Default: 1")
  private Integer shards;

  @Option(
      names = {"--cores", "--core"},
      paramLabel = "CPU",
      split = ",",
      description = {
        "Pins a thread to each of these CPUs, as in --cores 2,3; so many shards there are then.",
        "Default: wherever the system puts them"
      })
  private int[] cores;

  @Option(
      names = "--poll",
      description = "Never sleeps: lowest latency, one CPU always busy. Default: sleeps when idle")
  private boolean poll;

  NetStack start() {
    return start("");
  }

  /**
   * Starts the stack.
   *
   * @param more is added to the port's name
   * @param settings of protocols
   */
  NetStack start(String more, Record... settings) {
    ShardConfig each = ShardConfig.defaults();
    if (poll) {
      each = each.withMode(ShardMode.POLL);
    }
    NetStack.Builder builder = NetStack.builder().shards(each).port(driver + more, addresses());
    try {
      if (shards != null) {
        builder.shards(shards);
      }
      if (cores != null) {
        builder.cores(cores);
      }
    } catch (IllegalArgumentException e) {
      throw new Failure(e.getMessage(), e);
    }
    if (gateway != null) {
      builder.gateway(gateway.toString());
    }
    for (Record setting : settings) {
      builder.with(setting);
    }
    return builder.start();
  }

  private boolean usesKernel() {
    return driver.startsWith(KERNEL);
  }

  private String[] addresses() {
    return address == null && usesKernel() ? new String[0] : new String[] {address().toString()};
  }

  /** The stack's address, for people; on the kernel's sockets one that certainly reaches it. */
  IpPrefix address() {
    return address != null ? address : IpPrefix.parse(usesKernel() ? LOOPBACK : DEFAULT_ADDRESS);
  }
}
