package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.dns.DnsConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.DelegatedPrefix;
import io.millrace.ipv6.Dhcp6Config;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Addresses, networks and names by DHCPv6 from servers that others wrote: dnsmasq and Kea. */
class Dhcp6InteropTest {
  private static final String DEVICE = "mrdh0";
  private static final String PREFIX = "2001:db8:97::";
  private static final String SERVER = PREFIX + "1";

  @TempDir private Path folder;
  private NetworkNamespace kernel;
  private NetStack stack;
  private Process server;

  /** The device outlives the stack, so that the server still hears its last words. */
  @BeforeEach
  void open() {
    Lab.assume("ip", "ping");
    kernel = NetworkNamespace.create("mrdh");
    kernel.run("ip", "tuntap", "add", "dev", DEVICE, "mode", "tap", "multi_queue", "vnet_hdr");
  }

  @AfterEach
  void close() {
    try {
      if (server != null) {
        Lab.kill(server);
      }
      if (stack != null) {
        stack.close();
        assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions").isZero();
      }
    } finally {
      kernel.close();
    }
  }

  private void stack(int shards, List<String> addresses, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder()
            .port(
                "tap:%s,netns=%s".formatted(DEVICE, kernel.path()),
                addresses.toArray(String[]::new))
            .shards(shards);
    for (Record each : settings) {
      builder.with(each);
    }
    stack = builder.start();
    kernel.run("ip", "link", "set", DEVICE, "up");
    kernel.run("ip", "address", "add", SERVER + "/64", "dev", DEVICE, "nodad");
    Await.until(
        "the kernel's own address",
        () -> !kernel.run("ip", "-6", "address", "show", "dev", DEVICE).contains("tentative"));
  }

  /** Starts a server whose output goes to a file. */
  private Path serve(String command) {
    Path log = folder.resolve("server.log");
    server = kernel.start("sh", "-c", "exec " + command + " >" + log + " 2>&1 </dev/null");
    Await.until(
        "the server",
        () -> !kernel.run("ss", "-H", "-n", "-a", "-l", "-u", "sport = :547").isBlank());
    return log;
  }

  private Path dnsmasq(String options) {
    return serve(
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root"
            + (" --pid-file=" + folder.resolve("pid") + " --log-facility=- --log-dhcp --no-ping")
            + (" --dhcp-leasefile=" + folder.resolve("leases") + " --interface=" + DEVICE)
            + (" --address=/www.mrdh.test/" + SERVER + " --address=/mrdh.test/# --enable-ra")
            + (" --dhcp-option=option6:domain-search,mrdh.test --ra-param=" + DEVICE + ",high,4 ")
            + options);
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<IpPrefix> globals(int shard) {
    return Await.ask(
        stack.shard(shard),
        () ->
            stack.shard(shard).ipv6().addresses().stream()
                .filter(each -> !Ipv6Scope.isLinkLocal(each.address().hi()))
                .toList());
  }

  private IpPrefix awaitAddress() {
    for (int i = 0; i < stack.shardCount(); i++) {
      int shard = i;
      Await.until("the address on shard " + i, () -> globals(shard).size() == 1);
    }
    return globals(0).getFirst();
  }

  private void ping(IpAddress address) {
    assertThat(kernel.run("ping", "-6", "-n", "-c", "1", "-W", "30", address.toString()))
        .contains("1 received");
  }

  private static List<IpAddress> resolve(Shard shard, String host) {
    CompletableFuture<List<IpAddress>> answer = new CompletableFuture<>();
    shard.execute(
        () ->
            NameService.of(shard)
                .resolve(
                    host,
                    NameService.Families.IPV6,
                    new NameAnswer() {
                      @Override
                      public void onAddresses(int version, List<IpAddress> addresses) {
                        answer.complete(addresses);
                      }

                      @Override
                      public void onFailure(int version, IOException reason) {
                        answer.completeExceptionally(reason);
                      }
                    }));
    return Await.value("the addresses of " + host, answer);
  }

  @Test
  void dnsmasq_leases_an_address_and_resolves_names_on_every_shard() {
    Lab.assume("dnsmasq");
    stack(2, List.of("dhcp6"), DnsConfig.defaults());
    Path log = dnsmasq("--dhcp-range=%s50,%s60,64,2m".formatted(PREFIX, PREFIX));
    IpPrefix leased = awaitAddress();
    assertThat(leased.length()).isEqualTo(128);
    assertThat(leased.address().hi()).isEqualTo(IpAddress.parse(PREFIX).hi());
    assertThat(leased.address().lo()).isBetween(0x50L, 0x60L);
    ping(leased.address());
    for (int i = 0; i < stack.shardCount(); i++) {
      // By the search list of the lease.
      assertThat(resolve(stack.shard(i), "www")).containsExactly(IpAddress.parse(SERVER));
    }
    stack.close();
    Await.until("the release", () -> read(log).contains("DHCPRELEASE"));
  }

  @Test
  void dnsmasq_says_that_addresses_are_made_and_the_rest_is_asked_for() {
    Lab.assume("dnsmasq");
    stack(1, List.of("auto"), DnsConfig.defaults());
    Path log =
        dnsmasq(
            "--dhcp-range=%s,ra-stateless,64 --dhcp-option=option6:dns-server,[%s],[fe80::53]"
                .formatted(PREFIX, SERVER));
    IpPrefix made = awaitAddress();
    assertThat(made.length()).isEqualTo(64);
    Await.until(
        "the answer",
        () ->
            Await.ask(stack.shard(0), () -> stack.shard(0).nameServers().servers())
                .contains(new IpAddress(Ipv6Scope.onLink(Ipv6Scope.LINK_LOCAL, 0), 0x53)));
    assertThat(read(log)).contains("DHCPINFORMATION-REQUEST").doesNotContain("DHCPSOLICIT");
    assertThat(resolve(stack.shard(0), "www.mrdh.test")).containsExactly(IpAddress.parse(SERVER));
  }

  @Test
  void dnsmasq_says_that_addresses_are_leased() {
    Lab.assume("dnsmasq");
    stack(1, List.of("auto"));
    dnsmasq("--dhcp-range=%s50,%s60,64,2m".formatted(PREFIX, PREFIX));
    IpPrefix leased = awaitAddress();
    assertThat(leased.length()).isEqualTo(128);
    ping(leased.address());
  }

  @Test
  void an_address_that_the_kernel_has_is_declined_and_another_taken() {
    Lab.assume("dnsmasq");
    stack(1, List.of("dhcp6"));
    // The kernel answers for those that dnsmasq gives first, which dnsmasq does not know.
    kernel.run("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
    kernel.run("sysctl", "-q", "-w", "net.ipv6.conf.%s.proxy_ndp=1".formatted(DEVICE));
    kernel.run("sysctl", "-q", "-w", "net.ipv6.neigh.%s.proxy_delay=0".formatted(DEVICE));
    for (String taken : List.of("50", "51")) {
      kernel.run("ip", "-6", "neighbor", "add", "proxy", PREFIX + taken, "dev", DEVICE);
    }
    Path log =
        dnsmasq("--dhcp-range=%s50,%s53,64,2m --dhcp-sequential-ip".formatted(PREFIX, PREFIX));
    IpPrefix leased = awaitAddress();
    assertThat(leased.address().lo()).isBetween(0x52L, 0x53L);
    assertThat(read(log)).contains("DHCPDECLINE");
    assertThat(stack.count(Counter.ND_CONFLICTS)).isPositive();
  }

  @Test
  void kea_delegates_a_network_and_prolongs_it() throws IOException {
    Lab.assume("kea-dhcp6");
    BlockingQueue<List<DelegatedPrefix>> told = new LinkedBlockingQueue<>();
    stack(1, List.of("dhcp6"), Dhcp6Config.defaults().withPrefixes(56, told::add));
    Path log = kea("kea-dhcp6", KEA_6.formatted(folder, DEVICE, PREFIX, DEVICE, PREFIX, PREFIX));
    IpPrefix leased = awaitAddress();
    List<DelegatedPrefix> given = Await.value("the network", taken(told));
    assertThat(given).hasSize(1);
    IpPrefix network = given.getFirst().prefix();
    assertThat(network.length()).isEqualTo(56);
    assertThat(network.address().hi() >>> 24)
        .isEqualTo(IpAddress.parse("2001:db8:a000::").hi() >>> 24);

    List<DelegatedPrefix> prolonged = Await.value("the renewal", taken(told));
    assertThat(prolonged.getFirst().prefix()).isEqualTo(network);
    assertThat(prolonged.getFirst().validUntil()).isGreaterThan(given.getFirst().validUntil());
    assertThat(globals(0)).containsExactly(leased);
    stack.close();
    Await.until("the release", () -> read(log).contains("DHCP6_RELEASE_PD"));
  }

  private static CompletableFuture<List<DelegatedPrefix>> taken(
      BlockingQueue<List<DelegatedPrefix>> from) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return from.take();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static final String KEA_6 =
      """
      { "Dhcp6": {
        "data-directory": "%s",
        "interfaces-config": { "interfaces": [ "%s" ] },
        "lease-database": { "type": "memfile", "persist": false },
        "renew-timer": 2, "rebind-timer": 20, "preferred-lifetime": 40, "valid-lifetime": 60,
        "subnet6": [ { "subnet": "%s/64", "interface": "%s", "rapid-commit": true,
          "pools": [ { "pool": "%s100-%s1ff" } ],
          "pd-pools": [
            { "prefix": "2001:db8:a000::", "prefix-len": 40, "delegated-len": 56 } ] } ],
        "loggers": [ { "name": "kea-dhcp6", "severity": "DEBUG", "debuglevel": 50,
          "output_options": [ { "output": "stdout" } ] } ]
      } }
      """;

  private Path kea(String program, String config) throws IOException {
    Path file = Files.writeString(folder.resolve("kea.json"), config);
    return serve(
        "env KEA_PIDFILE_DIR=%s KEA_LOCKFILE_DIR=none %s -c %s".formatted(folder, program, file));
  }
}
