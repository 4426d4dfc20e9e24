package io.millrace.apps;

import io.millrace.dns.DnsConfig;
import io.millrace.ip.AddressChoice;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.net.ShardMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Option;

/** How a command's stack is connected. */
final class StackOptions {
  /** The device that is made if nothing else is said, with the kernel's address on it. */
  static final String DEFAULT_DRIVER = "tap:mr0,address=10.77.0.1/24";

  /** The stack's address if nothing else is said. */
  static final String DEFAULT_ADDRESS = "10.77.0.2/24";

  /** The port on the sockets of this machine, and what reaches it. */
  private static final String KERNEL = "kernel:";

  private static final IpAddress LOOPBACK = IpAddress.parse("127.0.0.1");

  /** A lease takes some seconds, as the address is probed first; nobody waits longer for one. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

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
      split = ",",
      converter = Converters.PortAddress.class,
      description = {
        "The stack's own addresses and networks, IPv4 or IPv6, with commas between them;",
        "in the place of one dhcp (IPv4), auto (IPv6 from routers) or dhcp6.",
        "The driver kernel: takes none. Default: " + DEFAULT_ADDRESS
      })
  private String[] addresses;

  @Option(
      names = "--gateway",
      paramLabel = "ADDRESS",
      split = ",",
      converter = Converters.Address.class,
      description = "The router to other networks; one of each family may be given. Default: none")
  private IpAddress[] gateways = {};

  @Option(
      names = "--dns",
      paramLabel = "ADDRESS",
      split = ",",
      converter = Converters.Address.class,
      description = {
        "Whom to ask for names. Default: whom dhcp, auto or dhcp6 tell of;",
        "if there is nobody, the system looks names up"
      })
  private IpAddress[] nameServers = {};

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
    for (IpAddress gateway : gateways) {
      builder.gateway(gateway.toString());
    }
    if (nameServers.length > 0) {
      builder.with(
          DnsConfig.defaults()
              .withServers(
                  Arrays.stream(nameServers).map(IpAddress::toString).toArray(String[]::new)));
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
    if (addresses != null) {
      return addresses;
    }
    return usesKernel() ? new String[0] : new String[] {DEFAULT_ADDRESS};
  }

  /**
   * The addresses that reach the stack, as people write them, best first; on the kernel's sockets
   * one that certainly does. Waits for what is leased, claimed or made from advertisements.
   *
   * @throws Failure if the network gives none
   */
  List<IpAddress> awaitAddresses(NetStack stack) throws InterruptedException {
    if (usesKernel()) {
      return addresses == null
          ? List.of(LOOPBACK)
          : Arrays.stream(addresses).map(each -> IpPrefix.parse(each).address()).toList();
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    List<IpAddress> found = usable(stack);
    while (!hasAllFamilies(found) && System.nanoTime() < end) {
      Thread.sleep(20);
      found = usable(stack);
    }
    if (found.isEmpty()) {
      throw new Failure(
          "the stack got no address within "
              + PATIENCE.toSeconds()
              + " s: nobody answered, or somebody else has it");
    }
    return found;
  }

  /** What people are told to connect to. */
  IpAddress awaitAddress(NetStack stack) throws InterruptedException {
    return awaitAddresses(stack).getFirst();
  }

  private List<IpAddress> usable(NetStack stack) {
    Shard shard = stack.shard(0);
    CompletableFuture<List<IpAddress>> answer = new CompletableFuture<>();
    shard.execute(
        () -> {
          List<IpAddress> usable = new ArrayList<>();
          for (IpFamily family : new IpFamily[] {shard.ipv4(), shard.ipv6()}) {
            if (family != null) {
              family.addresses().stream()
                  .map(IpPrefix::address)
                  .filter(this::isWanted)
                  .forEach(usable::add);
            }
          }
          answer.complete(usable);
        });
    return answer.join();
  }

  /** Not what every port has of itself, unless it was asked for. */
  private boolean isWanted(IpAddress address) {
    for (String each : addresses()) {
      if (AddressChoice.of(each) == null
          && IpPrefix.parse(each).address().toString().equals(withoutZone(address))) {
        return true;
      }
    }
    return !address.toInetAddress().isLinkLocalAddress()
        && !address.toInetAddress().isLoopbackAddress();
  }

  private static String withoutZone(IpAddress address) {
    return address.toString().replaceFirst("%.*", "");
  }

  private boolean hasAllFamilies(List<IpAddress> found) {
    for (String each : addresses()) {
      AddressChoice choice = AddressChoice.of(each);
      boolean v4 = choice == null ? IpPrefix.parse(each).address().isV4() : choice.version() == 4;
      if (found.stream().noneMatch(address -> address.isV4() == v4)) {
        return false;
      }
    }
    return true;
  }

  /** An address as it stands in a URL. */
  static String inUrl(IpAddress address) {
    return address.isV4() ? address.toString() : "[" + address + "]";
  }
}
