package io.millrace.bench.net;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The stack's own load generator on every link, each in a program of its own, started when the
 * first server behind it is measured.
 *
 * <p>Over a veth it is AF_XDP at both ends; where there is no such driver, and always to the stack
 * on a TAP, it is a TAP with the kernel of the namespace between.
 */
final class OwnClients implements HttpClient, AutoCloseable {
  /** Between the client and the kernel that it is a neighbor of. */
  private static final String NETWORK = "10.90.4";

  private static final String MEMORY_NETWORK = "10.90.6";

  private final Lab lab;
  private final Cores cores;
  private final WebServers servers;
  private final Map<Link, OwnClient> clients = new EnumMap<>(Link.class);

  OwnClients(Lab lab, Cores cores, WebServers servers) {
    this.lab = lab;
    this.cores = cores;
    this.servers = servers;
  }

  @Override
  public String name() {
    return "the stack's own client";
  }

  @Override
  public HttpResult run(WebServer server, HttpScenario scenario, double seconds) {
    return clients.computeIfAbsent(server.link(), this::start).run(server, scenario, seconds);
  }

  /** The web server in the same program as its client, on a wire in memory. */
  WebServer inMemory(String name) {
    OwnClient client = clients.computeIfAbsent(Link.MEMORY, this::start);
    return new WebServer(
        name,
        Link.MEMORY,
        WebServers.url(MEMORY_NETWORK + ".1"),
        () -> ProcStat.shardSeconds(client.pid(), cores.server()));
  }

  private OwnClient start(Link link) {
    boolean xdp = WebServers.hasDriver("afxdp");
    return switch (link) {
      case KERNEL ->
          xdp
              ? overVeth(WebServers.KERNEL_CABLE, WebServers.KERNEL_NETWORK)
              : start(tap("mrbc0", NETWORK), lab::clientAtServer);
      case VETH -> overVeth(WebServers.VETH_CABLE, WebServers.VETH_NETWORK);
      case TAP -> start(tap("mrbc1", NETWORK), lab::atClient);
      case MEMORY -> inMemory();
    };
  }

  /**
   * With an address that the clients' kernel has never had: a server may still hold the connections
   * of that one in TIME-WAIT.
   */
  private OwnClient overVeth(String cable, String network) {
    List<String> options =
        List.of("--driver", "afxdp:" + cable + "1,rxcsum=trust", "--address", network + ".3/24");
    return start(options, lab::atClient);
  }

  private static List<String> tap(String name, String network) {
    return List.of(
        "--driver",
        "tap:" + name + ",address=" + network + ".2/24",
        "--address",
        network + ".1/24",
        "--gateway",
        network + ".2");
  }

  private OwnClient inMemory() {
    List<String> beside = new ArrayList<>(servers.httpdArguments("mem:bench", MEMORY_NETWORK));
    beside.addAll(List.of("--core", "" + cores.server()));
    List<String> options =
        List.of(
            "--driver",
            "mem:bench",
            "--address",
            MEMORY_NETWORK + ".2/24",
            "--core",
            "" + cores.client(),
            "--beside=" + String.join(" ", beside));
    return start(options, Lab::anywhere);
  }

  private static OwnClient start(List<String> options, OwnClient.Wrapper wrapper) {
    return OwnClient.start(options, wrapper);
  }

  @Override
  public void close() {
    clients.values().forEach(OwnClient::close);
  }
}
