package io.millrace.bench.net;

import io.millrace.bench.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bulk transfer over one TCP connection: iperf3's own client against servers of both kinds. */
final class IperfBench {
  private static final int PORT = 5201;
  private static final String PLAIN_CABLE = "mrbp";
  private static final String PLAIN_NETWORK = "10.90.30";
  private static final String VETH_CABLE = "mrbv";
  private static final String VETH_NETWORK = "10.90.31";
  private static final String TAP_NETWORK = "10.90.32";
  private static final Pattern RECEIVED =
      Pattern.compile("\"sum_received\":\\s*\\{[^}]*\"bits_per_second\":\\s*([0-9.e+]+)");

  private static final Pattern ERROR = Pattern.compile("\"error\":\\s*\"([^\"]*)\"");

  private final Lab lab;
  private final List<Service> services = new ArrayList<>();
  private final Map<String, String> failures = new LinkedHashMap<>();
  private final Map<String, List<Double>> samples = new LinkedHashMap<>();

  /** A server that runs. */
  private record Service(String name, String address, Program program) {}

  IperfBench(Lab lab) {
    this.lab = lab;
  }

  void run(int rounds, double seconds) throws InterruptedException {
    lab.cable(PLAIN_CABLE, PLAIN_NETWORK, true);
    plain(lab.server(), PLAIN_CABLE + "0");
    plain(lab.client(), PLAIN_CABLE + "1");
    kernel("kernel over veth, segmentation offload", WebServers.KERNEL_NETWORK + ".1");
    kernel("kernel over veth, none", PLAIN_NETWORK + ".1");
    if (WebServers.hasDriver("afxdp")) {
      lab.cable(VETH_CABLE, VETH_NETWORK, false);
      // A socket takes frames as they are on the wire, so the kernel must cut them.
      plain(lab.client(), VETH_CABLE + "1");
      own("millrace-afxdp", VETH_NETWORK, "afxdp:" + VETH_CABLE + "0,rxcsum=trust", true);
    }
    String tap = "tap:mrbi,address=" + TAP_NETWORK + ".2/24";
    own("millrace-tap, segmentation offload", TAP_NETWORK, tap, false);
    for (int round = 1; round <= rounds; round++) {
      for (Service service : services) {
        service.program().resume();
        for (String direction : List.of("to the server", "from the server")) {
          measure(service, direction, seconds);
        }
        service.program().pause();
      }
    }
    services.forEach(service -> service.program().close());
  }

  private static void plain(String namespace, String device) {
    Tool.run(
        ("ip netns exec " + namespace + " ethtool -K " + device + " tso off gso off gro off")
            .split(" "));
  }

  private void kernel(String name, String address) throws InterruptedException {
    List<String> command = List.of("iperf3", "-s", "-B", address, "-p", "" + PORT, "--forceflush");
    Program program = lab.start("iperf-" + address, lab.atServer(command));
    add(new Service(name, address, program), "listening on");
  }

  private void own(String name, String network, String driver, boolean veth)
      throws InterruptedException {
    List<String> command = new ArrayList<>(WebServers.ownJava());
    command.addAll(List.of(WebServers.APPS, "iperf3", "-s", "-p", "" + PORT));
    command.addAll(List.of("--driver", driver, "--address", network + ".1/24"));
    Program program =
        lab.start("iperf-" + network, veth ? lab.atServer(command) : lab.serverAtClient(command));
    add(new Service(name, network + ".1", program), "iperf3 server on");
  }

  private void add(Service service, String words) throws InterruptedException {
    service.program().await(words);
    services.add(service);
    // The first transfer is the JIT's.
    measure(service, "to the server", 3);
    measure(service, "from the server", 3);
    samples.clear();
    service.program().pause();
  }

  private void measure(Service service, String direction, double seconds) {
    String name = service.name() + ", " + direction;
    double rate;
    try {
      rate = transfer(service, direction, Math.max(1, Math.round(seconds)));
    } catch (BenchException e) {
      failures.put(name, e.getMessage());
      return;
    }
    System.err.printf(Locale.ROOT, "iperf3, %s: %.2f Gbit/s%n", name, rate);
    samples.computeIfAbsent(name, n -> new ArrayList<>()).add(rate);
  }

  private double transfer(Service service, String direction, long seconds) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("iperf3", "-c", service.address(), "-p", "" + PORT, "-J"));
    command.addAll(List.of("-t", "" + seconds));
    if (direction.startsWith("from")) {
      command.add("-R");
    }
    Tool.Result result = Tool.tryRun(lab.atClient(command));
    Matcher received = RECEIVED.matcher(result.output());
    if (result.exit() != 0 || !received.find()) {
      Matcher error = ERROR.matcher(result.output());
      throw new BenchException(error.find() ? error.group(1) : result.output().strip());
    }
    return Double.parseDouble(received.group(1)) / 1e9;
  }

  Map<String, List<Double>> samples() {
    return samples;
  }

  Table table() {
    Table table =
        new Table(
            "iperf3, one TCP connection, Gbit/s as received",
            List.of("server", "to the server", "from the server"));
    for (Service service : services) {
      table.row(
          List.of(
              service.name(),
              format(samples.get(service.name() + ", to the server")),
              format(samples.get(service.name() + ", from the server"))));
    }
    failures.forEach((name, why) -> table.note("A transfer failed: " + name + ": " + why));
    return table;
  }

  private static String format(List<Double> rates) {
    if (rates == null) {
      return "-";
    }
    return String.format(Locale.ROOT, "%.2f", Results.median(rates));
  }
}
