package io.millrace.bench.net;

import io.millrace.bench.report.BarChart;
import io.millrace.bench.report.HtmlReport;
import io.millrace.bench.report.Json;
import io.millrace.bench.report.Machine;
import io.millrace.bench.report.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares the stack with others over a virtual cable. */
@Command(
    name = "net",
    mixinStandardHelpOptions = true,
    description = {
      "Compares the stack with others on this machine: servers and clients in network namespaces,",
      "each side on a core of its own, all under the same load. Takes root."
    })
public final class NetCommand implements Callable<Integer> {
  /** What the names of our rows begin with. */
  private static final String OWN = "millrace";

  private static final double CROWDED = 0.3;
  private static final List<String> PARTS = List.of("wrk", "own", "echo", "iperf", "latency");

  @Option(names = "--seconds", description = "length of a measurement (default: ${DEFAULT-VALUE})")
  private double seconds = 4;

  @Option(
      names = "--rounds",
      description = "rounds, of which the median counts (default: ${DEFAULT-VALUE})")
  private int rounds = 3;

  @Option(
      names = "--warm-up",
      description = "seconds of load before the first round (default: ${DEFAULT-VALUE})")
  private double warmUp = 8;

  @Option(names = "--quick", description = "a look: one short round, less warm-up")
  private boolean quick;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description =
          "only these parts: wrk, the web servers under wrk; own, the same under the stack's own"
              + " client; echo, the drivers without a stack; iperf, bulk transfer; latency, round"
              + " trips at a fixed rate")
  private List<String> only = PARTS;

  @Option(
      names = "--servers",
      split = ",",
      paramLabel = "NAME",
      description = "only these web servers")
  private List<String> chosen = WebServers.names();

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      description = "length of the page that is served (default: ${DEFAULT-VALUE})")
  private int size = 128;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "messages per second when latency is measured (default: ${DEFAULT-VALUE})")
  private int rate = 10_000;

  @Option(
      names = "--server-core",
      paramLabel = "CPU",
      description = "where the servers run (default: ${DEFAULT-VALUE})")
  private int serverCore;

  @Option(
      names = "--client-core",
      paramLabel = "CPU",
      description = "where the clients run (default: ${DEFAULT-VALUE})")
  private int clientCore = 1;

  @Option(names = "--json", paramLabel = "FILE", description = "also write every sample as JSON")
  private Path json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "also write a page with charts, which needs no network to be looked at")
  private Path html;

  private final List<Table> tables = new ArrayList<>();
  private final Map<String, Object> report = new LinkedHashMap<>();

  /** Made by picocli. */
  public NetCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    try {
      check();
      report.put("machine", Machine.describe());
      return measure();
    } catch (BenchException e) {
      System.err.println("bench net: " + e.getMessage());
      return 1;
    }
  }

  private void check() {
    for (String name : chosen) {
      if (!WebServers.names().contains(name)) {
        throw new BenchException(
            "there is no server '"
                + name
                + "'; there are "
                + String.join(", ", WebServers.names()));
      }
    }
    for (String part : only) {
      if (!PARTS.contains(part)) {
        throw new BenchException(
            "there is no part '" + part + "'; there are " + String.join(", ", PARTS));
      }
    }
    if (!isRoot()) {
      throw new BenchException("network namespaces take root: sudo ./millrace bench net");
    }
    int there = Runtime.getRuntime().availableProcessors();
    if (there < 2) {
      throw new BenchException("servers and clients need a core each, and there is only one");
    }
    List<String> missing = new ArrayList<>();
    require("ip", "iproute2", missing);
    require("taskset", "util-linux", missing);
    require("setpriv", "util-linux", missing);
    require("sysctl", "procps", missing);
    require("wrk", "wrk", missing);
    if (only.contains("iperf")) {
      require("iperf3", "iperf3", missing);
      require("ethtool", "ethtool", missing);
    }
    if (!missing.isEmpty()) {
      throw new BenchException("not installed: apt install " + String.join(" ", missing));
    }
    double load = ProcStat.load();
    if (load > CROWDED * there) {
      System.err.printf(
          "Warning: the machine is busy with other things (load %.1f on %d cores): the numbers will"
              + " be too low and uneven.%n",
          load, there);
    }
  }

  private static boolean isRoot() {
    try {
      return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    } catch (IOException e) {
      throw new BenchException("/proc is not there: " + e.getMessage(), e);
    }
  }

  private static void require(String program, String debianPackage, List<String> missing) {
    if (!Tool.install(program, debianPackage)) {
      missing.add(debianPackage);
    }
  }

  private int measure() throws IOException, InterruptedException {
    Cores cores = new Cores(serverCore, clientCore);
    try (Lab lab = new Lab(cores)) {
      lab.cable(WebServers.KERNEL_CABLE, WebServers.KERNEL_NETWORK, true);
      lab.cable(WebServers.VETH_CABLE, WebServers.VETH_NETWORK, false);
      HttpBench own = null;
      if (only.contains("wrk") || only.contains("own")) {
        own = webServers(lab, cores);
      }
      if (only.contains("echo")) {
        FrameEchoBench bench = new FrameEchoBench(lab, cores);
        bench.run(rounds(), seconds());
        tables.add(bench.table(own));
        report.put("echo", bench.samples());
      }
      if (only.contains("iperf")) {
        IperfBench bench = new IperfBench(lab);
        bench.run(rounds(), seconds());
        tables.add(bench.table());
        report.put("iperf3_gbits", bench.samples());
      }
      if (only.contains("latency")) {
        LatencyBench bench = new LatencyBench(lab, rate);
        bench.run(rounds(), seconds());
        tables.addAll(bench.tables());
        report.put("latency", bench.samples());
      }
    }
    tables.forEach(table -> System.out.println(table.toText()));
    if (json != null) {
      Files.writeString(json, Json.of(report));
    }
    if (html != null) {
      Files.writeString(html, page());
    }
    return 0;
  }

  private String page() {
    HtmlReport page = new HtmlReport("Millrace beside others", Machine.describe());
    for (Table table : tables) {
      page.add(table, charts(table));
    }
    return page.toHtml();
  }

  /** What is worth a picture: the first number of a table, and with web servers the CPU time. */
  private static List<BarChart> charts(Table table) {
    boolean web = table.title().startsWith("Web servers");
    boolean latency = table.title().startsWith("Round trip");
    return web
        ? List.of(table.chart(1, "/s", OWN), table.chart(2, "\u00b5s", OWN))
        : latency
            ? List.of(table.chart(1, "\u00b5s", OWN), table.chart(3, "\u00b5s", OWN))
            : List.of(table.chart(1, "", OWN));
  }

  private int rounds() {
    return quick ? 1 : Math.max(1, rounds);
  }

  private double seconds() {
    return quick ? 2 : seconds;
  }

  /** Answers what the stack's own client has measured; null if it was not asked to. */
  private HttpBench webServers(Lab lab, Cores cores) throws IOException, InterruptedException {
    WebServers all = new WebServers(lab, size);
    Map<String, String> absent = new LinkedHashMap<>();
    List<WebServer> servers = startAll(all, absent);
    if (only.contains("wrk")) {
      HttpBench bench = new HttpBench(new Wrk(lab), cores, scenarios());
      run("wrk", bench, servers, absent);
    }
    if (only.contains("own")) {
      try (OwnClients clients = new OwnClients(lab, cores, all)) {
        List<WebServer> more = new ArrayList<>();
        more.add(clients.inMemory("millrace-mem"));
        more.addAll(servers);
        HttpBench bench = new HttpBench(clients, cores, scenarios());
        run("own", bench, more, absent);
        return bench;
      }
    }
    return null;
  }

  private void run(
      String name, HttpBench bench, List<WebServer> servers, Map<String, String> absent) {
    for (WebServer server : servers) {
      System.err.println("warming up " + server.name());
      bench.warmUp(server, quick ? 4 : warmUp);
    }
    bench.run(servers, rounds(), seconds());
    tables.addAll(bench.tables(absent));
    report.put(name, bench.samples().stream().map(HttpSample::toMap).toList());
  }

  private List<WebServer> startAll(WebServers all, Map<String, String> absent)
      throws IOException, InterruptedException {
    List<WebServer> servers = new ArrayList<>();
    for (String name : chosen) {
      System.err.println("starting " + name);
      try {
        servers.add(all.start(name));
      } catch (BenchException e) {
        System.err.println("without " + name + ": " + e.getMessage());
        absent.put(name, e.getMessage());
      }
    }
    return servers;
  }

  private static List<HttpScenario> scenarios() {
    return List.of(
        new HttpScenario(64, false),
        new HttpScenario(512, false),
        new HttpScenario(64, true),
        new HttpScenario(512, true));
  }
}
