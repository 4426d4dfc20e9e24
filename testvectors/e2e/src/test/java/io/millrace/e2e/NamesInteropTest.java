package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.dns.DnsConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv4.DhcpConfig;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.HostConnector;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Leases and names from servers that others wrote: dnsmasq and unbound. */
class NamesInteropTest {
  private static final String SERVER = "10.98.0.1";

  @TempDir private Path folder;
  private NetworkNamespace namespace;
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void createNamespace() {
    Lab.assume("ip", "ping");
    namespace = NetworkNamespace.create("mrho");
    namespace.withoutIpv6();
  }

  @AfterEach
  void removeNamespace() {
    started.forEach(Lab::kill);
    if (namespace != null) {
      namespace.close();
    }
  }

  private NetStack stack(int shards, String addresses, Record... settings) {
    NetStack.Builder builder =
        NetStack.builder()
            .port("tap:mrho0,netns=%s,address=%s/24".formatted(namespace.path(), SERVER), addresses)
            .shards(shards);
    for (Record each : settings) {
      builder.with(each);
    }
    return builder.start();
  }

  /** Starts a server whose output goes to a file. */
  private Path serve(String command) throws IOException {
    Path log = folder.resolve("server.log");
    started.add(namespace.start("sh", "-c", "exec " + command + " >" + log + " 2>&1 </dev/null"));
    Await.until(
        "the server",
        () ->
            !namespace.run("ss", "-H", "-n", "-a", "-l", "-u", "sport = :53").isBlank()
                && !namespace.run("ss", "-H", "-n", "-a", "-l", "-t", "sport = :53").isBlank());
    return log;
  }

  private Path dnsmasq(String options) throws IOException {
    return serve(
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root"
            + (" --pid-file=" + folder.resolve("pid") + " --log-facility=- --log-dhcp --no-ping")
            + (" --dhcp-leasefile=" + folder.resolve("leases"))
            + " --address=/www.mrho.test/10.98.0.1 --address=/mrho.test/# "
            + options);
  }

  private static List<IpAddress> resolve(Shard shard, String host) {
    CompletableFuture<List<IpAddress>> answer = new CompletableFuture<>();
    shard.execute(
        () ->
            NameService.of(shard)
                .resolve(
                    host,
                    NameService.Families.IPV4,
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

  /** Connects by name, and answers the address. */
  private static IpAddress connect(Shard shard, String host, int port) {
    CompletableFuture<IpAddress> answer = new CompletableFuture<>();
    shard.execute(
        () ->
            HostConnector.connect(
                shard,
                host,
                port,
                new HostConnector.Result() {
                  @Override
                  public TcpHandler onConnected(TcpConnection connection) {
                    answer.complete(connection.remoteAddress());
                    return new Closer();
                  }

                  @Override
                  public void onFailed(IOException reason) {
                    answer.completeExceptionally(reason);
                  }
                }));
    return Await.value("a connection to " + host, answer);
  }

  /** Closes at once. */
  private static final class Closer implements TcpHandler {
    @Override
    public void onConnected(TcpConnection connection) {
      connection.close();
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {}
  }

  private static IpPrefix awaitAddress(NetStack stack) {
    for (int i = 0; i < stack.shardCount(); i++) {
      Shard shard = stack.shard(i);
      Await.until(
          "the address on shard " + i,
          () -> {
            CompletableFuture<Integer> count = new CompletableFuture<>();
            shard.execute(() -> count.complete(shard.ipv4().addresses().size()));
            return Await.value("the addresses", count) == 1;
          });
    }
    return stack.mapReduce(each -> each.ipv4().addresses().getFirst(), (a, b) -> a).join();
  }

  @Test
  void dnsmasqLeasesAnAddressAndResolvesNamesOnEveryShard() throws IOException {
    Lab.assume("dnsmasq");
    // One that outlives the stack, so that the server still hears its last words.
    namespace.run("ip", "tuntap", "add", "dev", "mrho0", "mode", "tap", "multi_queue", "vnet_hdr");
    DhcpConfig quick = DhcpConfig.defaults().withStartDelay(0).withProbe(false);
    NetStack stack = stack(2, "dhcp", quick.withHostName("millrace"), DnsConfig.defaults());
    Path log;
    try (stack) {
      log = dnsmasq("--dhcp-range=10.98.0.50,10.98.0.60,255.255.255.0,2m --domain=mrho.test");
      IpPrefix leased = awaitAddress(stack);
      assertThat(leased.length()).isEqualTo(24);
      assertThat(leased.address().toString()).startsWith("10.98.0.");
      namespace.run("ping", "-c", "1", "-W", "5", leased.address().toString());

      for (int i = 0; i < stack.shardCount(); i++) {
        assertThat(resolve(stack.shard(i), "www.mrho.test"))
            .containsExactly(IpAddress.parse(SERVER));
        // By the search list of the lease.
        assertThat(connect(stack.shard(i), "www", 53)).isEqualTo(IpAddress.parse(SERVER));
      }
      assertThat(Files.readString(folder.resolve("leases"))).contains("millrace");
    }
    Await.until("the release", () -> read(log).contains("DHCPRELEASE"));
    assertThat(stack.count(Counter.EXCEPTIONS)).isZero();
  }

  @Test
  void aLeasedAddressThatSomebodyHasIsDeclinedAndAnotherTaken() throws IOException {
    Lab.assume("dnsmasq");
    try (NetStack stack = stack(1, "dhcp", DhcpConfig.defaults().withStartDelay(0))) {
      // The kernel itself has the first address of the range, which dnsmasq does not know.
      namespace.run("ip", "address", "add", "10.98.0.50/32", "dev", "lo");
      Path log =
          dnsmasq("--dhcp-range=10.98.0.50,10.98.0.51,255.255.255.0,2m --dhcp-sequential-ip");
      IpPrefix leased = awaitAddress(stack);
      assertThat(leased.address().toString()).isEqualTo("10.98.0.51");
      assertThat(read(log)).contains("DHCPDECLINE");
      assertThat(stack.count(Counter.EXCEPTIONS)).isZero();
    }
  }

  @Test
  void unboundsLongAnswerIsFetchedOverTcp() throws IOException {
    Lab.assume("unbound");
    StringBuilder conf =
        new StringBuilder(
            """
            server:
              interface: 10.98.0.1
              access-control: 10.98.0.0/24 allow
              do-daemonize: no
              use-syslog: no
              chroot: ""
              username: ""
              pidfile: ""
              module-config: "iterator"
              local-zone: "mrho.test." static
            """);
    for (int i = 1; i <= 200; i++) {
      conf.append("  local-data: \"big.mrho.test. A 192.0.2.").append(i).append("\"\n");
    }
    conf.append("  local-data: \"small.mrho.test. A 192.0.2.1\"\n");
    Path file = Files.writeString(folder.resolve("unbound.conf"), conf);
    try (NetStack stack =
        stack(1, "10.98.0.2/24", DnsConfig.defaults().withServers(SERVER).withMixCase(true))) {
      serve("unbound -d -c " + file);
      assertThat(resolve(stack.shard(0), "small.mrho.test")).hasSize(1);
      assertThat(stack.count(Counter.DNS_TRUNCATED)).isZero();
      assertThat(resolve(stack.shard(0), "big.mrho.test")).hasSize(64);
      assertThat(stack.count(Counter.DNS_TRUNCATED)).isEqualTo(1);
      assertThat(stack.count(Counter.EXCEPTIONS)).isZero();
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
