package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.Ipv6RouterConfig;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Router advertisements and duplicate addresses with the Linux kernel, radvd and rdisc6 at the
 * other end of a TAP device.
 */
@Order(12)
class NeighborDiscoveryInteropTest {
  private static final String DEVICE = "mrnd0";
  private static final String PREFIX = "2001:db8:98::";

  private NetworkNamespace kernel;
  private NetStack stack;
  private Process daemon;

  @AfterEach
  void close() {
    try {
      if (daemon != null) {
        Lab.kill(daemon);
      }
      if (stack != null) {
        stack.close();
        assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions").isZero();
      }
    } finally {
      if (kernel != null) {
        kernel.close();
      }
    }
  }

  /** The stack and the kernel on one link; the kernel has its link-local address. */
  private void open(NetStack.Builder builder, String... addresses) {
    kernel = NetworkNamespace.create("mrnd");
    stack = builder.port("tap:%s,netns=%s".formatted(DEVICE, kernel.path()), addresses).start();
    kernel.run("sysctl", "-q", "-w", "net.ipv6.conf." + DEVICE + ".accept_ra=2");
    kernel.run("ip", "link", "set", DEVICE, "up");
  }

  private List<IpAddress> globals() {
    Shard shard = stack.shard(0);
    return Await.ask(
        shard,
        () ->
            shard.ipv6().addresses().stream()
                .map(IpPrefix::address)
                .filter(each -> !Ipv6Scope.isLinkLocal(each.hi()))
                .toList());
  }

  private String kernelAddresses() {
    return kernel.run("ip", "-6", "address", "show", "dev", DEVICE);
  }

  @Test
  void radvd_gives_us_an_address_a_router_and_servers(@TempDir Path folder) throws IOException {
    Lab.assume("radvd", "ip");
    open(NetStack.builder(), "auto");
    kernel.run("ip", "address", "add", PREFIX + "1/64", "dev", DEVICE, "nodad");
    kernel.run("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
    Await.until("the kernel's own address", () -> !kernelAddresses().contains("tentative"));
    Path config = folder.resolve("radvd.conf");
    Files.writeString(
        config,
        """
        interface %s {
          AdvSendAdvert on;
          MinRtrAdvInterval 3;
          MaxRtrAdvInterval 4;
          AdvLinkMTU 1400;
          prefix %s/64 { AdvValidLifetime 600; AdvPreferredLifetime 300; };
          RDNSS %s53 { };
          DNSSL example.org { };
        };
        """
            .formatted(DEVICE, PREFIX, PREFIX));
    daemon =
        kernel.start(
            "radvd", "-n", "-C", config.toString(), "-p", folder.resolve("pid").toString());
    Await.until("an address of the prefix", () -> globals().size() == 1);
    IpAddress ours = globals().getFirst();
    assertThat(ours.hi()).isEqualTo(IpAddress.parse(PREFIX).hi());
    IpAddress far = IpAddress.parse("2001:db8:ffff::1");
    Shard shard = stack.shard(0);
    int mtu = Await.ask(shard, () -> shard.route(0, 0, far.hi(), far.lo()).pathMtu());
    assertThat(mtu).isEqualTo(1_400);
    List<IpAddress> servers = Await.ask(shard, () -> shard.nameServers().servers());
    assertThat(servers).containsExactly(IpAddress.parse(PREFIX + "53"));
    List<String> domains = Await.ask(shard, () -> shard.nameServers().domains());
    assertThat(domains).containsExactly("example.org");
    assertThat(kernel.run("ping", "-6", "-n", "-c", "3", "-i", "0.1", "-W", "30", ours.toString()))
        .contains("3 received");
  }

  @Test
  void the_kernel_makes_an_address_of_what_we_advertise() {
    Lab.assume("ip");
    open(
        NetStack.builder().with(Ipv6RouterConfig.of(Ipv6RouterConfig.Link.of(0, PREFIX + "/64"))),
        PREFIX + "1/64");
    Await.until(
        "the kernel's address", () -> kernelAddresses().contains(PREFIX.replace("::", ":")));
    Await.until(
        "the kernel's route", () -> kernel.run("ip", "-6", "route").contains("default via fe80::"));
  }

  @Test
  void rdisc6_reads_our_advertisement() {
    Lab.assume("rdisc6", "ip");
    open(
        NetStack.builder()
            .with(
                Ipv6RouterConfig.of(
                    Ipv6RouterConfig.Link.of(0, PREFIX + "/64")
                        .withDns(List.of(IpAddress.parse(PREFIX + "53")), List.of("example.org")))),
        PREFIX + "1/64");
    Await.until("the kernel's route", () -> kernel.run("ip", "-6", "route").contains("default"));
    String output = kernel.run("rdisc6", "-1", "-r", "5", DEVICE);
    assertThat(output)
        .contains("Hop limit")
        .contains(PREFIX + "/64")
        .contains(PREFIX + "53")
        .contains("example.org");
  }

  @Test
  void an_address_that_the_kernel_has_is_not_taken() {
    Lab.assume("ip");
    kernel = NetworkNamespace.create("mrnd");
    stack =
        NetStack.builder()
            .port("tap:%s,netns=%s".formatted(DEVICE, kernel.path()), PREFIX + "9/64")
            .start();
    kernel.run("ip", "address", "add", PREFIX + "7/64", "dev", DEVICE, "nodad");
    kernel.run("ip", "link", "set", DEVICE, "up");
    Await.until("the kernel's own address", () -> !kernelAddresses().contains("tentative"));
    stack.addAddress(0, PREFIX + "7/64");
    Await.until("the conflict", () -> stack.count(Counter.ND_CONFLICTS) == 1);
    assertThat(globals()).doesNotContain(IpAddress.parse(PREFIX + "7"));
  }

  @Test
  void the_kernel_does_not_take_an_address_that_we_have() {
    Lab.assume("ip");
    open(NetStack.builder(), PREFIX + "7/64");
    Await.until("our address", () -> globals().size() == 1);
    kernel.run("ip", "address", "add", PREFIX + "7/64", "dev", DEVICE);
    Await.until("the kernel's refusal", () -> kernelAddresses().contains("dadfailed"));
  }
}
