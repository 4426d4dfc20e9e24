package io.millrace.bench.net;

import io.millrace.bench.net.client.LatencyProbe;
import io.millrace.bench.net.servers.KernelEcho;
import io.millrace.bench.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Round trips at a fixed rate between a client on the kernel's sockets and echo services of the
 * stack and of the kernel. Those that are not asked are stopped, so that their polling does not
 * disturb the one that is.
 */
final class LatencyBench {
  private static final int PORT = 7;
  private static final int LAST_NETWORK = 20;

  private final Lab lab;
  private final int rate;
  private final List<Service> services = new ArrayList<>();
  private final List<Sample> samples = new ArrayList<>();

  /** An echo service that runs. */
  private record Service(String name, String address, int port, Program program) {}

  /**
   * One round.
   *
   * @param protocol udp or tcp
   */
  private record Sample(String service, String protocol, long lost, Percentiles micros) {
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("service", service);
      map.put("protocol", protocol);
      map.put("lost", lost);
      map.put("latency_us", micros.toMap());
      return map;
    }
  }

  LatencyBench(Lab lab, int rate) {
    this.lab = lab;
    this.rate = rate;
  }

  void run(int rounds, double seconds) throws InterruptedException {
    startAll();
    for (int round = 1; round <= rounds; round++) {
      for (Service service : services) {
        service.program().resume();
        for (String protocol : List.of("udp", "tcp")) {
          try {
            samples.add(measure(service, protocol, round == 1 ? 3 : 1, seconds));
          } catch (BenchException e) {
            System.err.println(e.getMessage());
          }
        }
        service.program().pause();
      }
    }
    services.forEach(service -> service.program().close());
  }

  private void startAll() throws InterruptedException {
    kernel("kernel, sleeping", "sleep", 9001);
    kernel("kernel, polling", "poll", 9002);
    int network = LAST_NETWORK;
    for (boolean poll : List.of(false, true)) {
      String mode = poll ? ", polling" : ", adaptive";
      String tap = "10.90." + network--;
      String device = "tap:mrbl" + network + ",address=" + tap + ".2/24";
      own("millrace-tap" + mode, tap, device, poll, false);
      if (WebServers.hasDriver("afxdp")) {
        String veth = "10.90." + network--;
        lab.cable("mrbl" + network, veth, false);
        own("millrace-afxdp" + mode, veth, "afxdp:mrbl" + network + "0,rxcsum=trust", poll, true);
      }
    }
  }

  private void kernel(String name, String mode, int port) throws InterruptedException {
    List<String> command = new ArrayList<>(WebServers.java());
    String address = WebServers.KERNEL_NETWORK + ".1";
    command.addAll(List.of(KernelEcho.class.getName(), mode, address, "" + port));
    Program program = lab.start("echo-" + mode, lab.atServer(command));
    add(new Service(name, address, port, program));
  }

  private void own(String name, String network, String driver, boolean poll, boolean veth)
      throws InterruptedException {
    List<String> command = new ArrayList<>(WebServers.ownJava());
    command.addAll(List.of(WebServers.APPS, "echo", "--port", "" + PORT, "--driver", driver));
    command.addAll(List.of("--address", network + ".1/24"));
    if (poll) {
      command.add("--poll");
    }
    Program program =
        lab.start("echo-" + network, veth ? lab.atServer(command) : lab.serverAtClient(command));
    add(new Service(name, network + ".1", PORT, program));
  }

  private void add(Service service) throws InterruptedException {
    service.program().await("Echo on");
    service.program().pause();
    services.add(service);
  }

  private Sample measure(Service service, String protocol, double warmUp, double seconds) {
    List<String> command = new ArrayList<>(WebServers.java());
    command.add(LatencyProbe.class.getName());
    command.addAll(List.of(protocol, service.address(), "" + service.port(), "" + rate));
    command.addAll(List.of("" + warmUp, "" + seconds));
    Tool.Result result = Tool.tryRun(lab.atClient(command));
    if (result.exit() != 0) {
      throw new BenchException(
          service.name()
              + " does not echo over "
              + protocol
              + ": "
              + result.output().strip()
              + " / "
              + service.program().lastWords());
    }
    Map<String, Double> values = Results.parse(result.output());
    Percentiles micros = Percentiles.of(values, 1000);
    System.err.printf(
        Locale.ROOT,
        "latency, %s, %s: p50 %.1f us, p99 %.1f us%n",
        protocol,
        service.name(),
        micros.p50(),
        micros.p99());
    return new Sample(service.name(), protocol, values.get("lost").longValue(), micros);
  }

  List<Map<String, Object>> samples() {
    return samples.stream().map(Sample::toMap).toList();
  }

  /** One for UDP, one for TCP. */
  List<Table> tables() {
    return List.of(table("udp"), table("tcp"));
  }

  private Table table(String protocol) {
    Table table =
        new Table(
            "Round trip of 64 bytes over "
                + protocol.toUpperCase(Locale.ROOT)
                + " at "
                + rate
                + "/s, microseconds",
            List.of("service", "p50", "p90", "p99", "p99.9", "max", "lost"));
    for (Service service : services) {
      List<Sample> own =
          samples.stream()
              .filter(s -> s.service().equals(service.name()) && s.protocol().equals(protocol))
              .toList();
      if (own.isEmpty()) {
        table.row(List.of(service.name(), "not measured: it did not answer"));
        continue;
      }
      table.row(
          List.of(
              service.name(),
              format(own, s -> s.micros().p50()),
              format(own, s -> s.micros().p90()),
              format(own, s -> s.micros().p99()),
              format(own, s -> s.micros().p999()),
              format(own, s -> s.micros().max()),
              "" + own.stream().mapToLong(Sample::lost).sum()));
    }
    return table;
  }

  private static String format(List<Sample> samples, ToDoubleFunction<Sample> value) {
    return String.format(
        Locale.ROOT, "%.1f", Results.median(samples.stream().mapToDouble(value).boxed().toList()));
  }
}
