package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.udp.Udp;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks on one TAP, shared with the kernel's own devices for them: 802.1Q, and 802.1ad. */
@Order(62)
class VlanInteropTest {
  private static final String DEVICE = "mrtu0";

  private static NetworkNamespace namespace;
  private static NetStack stack;

  @BeforeAll
  static void open() throws IOException {
    Lab.assume("curl", "ping", "nc", "ip");
    namespace = NetworkNamespace.create("mrtu");
    namespace.withoutIpv6();
    stack =
        NetStack.builder()
            .port(
                "tap:" + DEVICE + ",netns=" + namespace.path() + ",address=10.99.0.1/24",
                "10.99.0.2/24")
            .vlan(0, "10", "10.99.10.2/24")
            .vlan(0, "20", "10.99.20.2/24")
            .vlan(0, "100.10", "10.99.30.2/24")
            .start();
    Lab.assumeTrue(
        canMakeNetworks(), "this kernel makes no VLAN devices: load its module 8021q (modprobe)");
    addDevice("v10", DEVICE, "id 10", "10.99.10.1/24");
    addDevice("v20", DEVICE, "id 20", "10.99.20.1/24");
    addDevice("v30", "s100", "id 10", "10.99.30.1/24");
    Shard shard = stack.shard(0);
    HttpServer.listen(stack, 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
    shard.execute(
        () ->
            Udp.of(shard)
                .bind(7, (socket, data, hi, lo, port) -> socket.sendTo(hi, lo, port, data)));
  }

  /** Makes the outer network, inside which another one is made. */
  private static boolean canMakeNetworks() {
    try {
      addDevice("s100", DEVICE, "proto 802.1ad id 100", "10.98.0.1/24");
      return true;
    } catch (RuntimeException | AssertionError e) {
      return false;
    }
  }

  private static void addDevice(String name, String below, String kind, String address) {
    run("ip link add link " + below + " name " + name + " type vlan " + kind);
    run("ip address add " + address + " dev " + name);
    run("ip link set " + name + " up");
  }

  private static String run(String command) {
    return namespace.run("sh", "-c", command);
  }

  @AfterAll
  static void close() {
    try {
      if (stack != null) {
        assertThat(stack.count(Counter.EXCEPTIONS)).isZero();
        stack.close();
      }
    } finally {
      if (namespace != null) {
        namespace.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.99.0.2", "10.99.10.2", "10.99.20.2", "10.99.30.2"})
  void the_kernel_pings_us_in_each_network(String host) {
    assertThat(run("ping -c 2 -i 0.2 -W 5 " + host)).contains(" 0% packet loss");
    assertThat(run("ping -c 2 -i 0.2 -W 5 -s 4000 " + host))
        .as("in fragments")
        .contains(" 0% packet loss");
    assertThat(run("ping -c 2 -i 0.2 -W 5 -M do -s " + (1500 - 8 - 28) + " " + host))
        .as("as large as two tags let it be")
        .contains(" 0% packet loss");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.99.0.2", "10.99.10.2", "10.99.20.2", "10.99.30.2"})
  void tcp_and_udp_work_in_each_network(String host) {
    assertThat(run("curl -q -sS -f http://" + host + "/")).contains("</html>");
    assertThat(run("echo to " + host + " | nc -u -n -w 10 -W 1 " + host + " 7"))
        .isEqualTo("to " + host + "\n");
  }

  @Test
  void frames_of_a_network_that_is_not_ours_are_counted() {
    long before = stack.dropped(DropReason.VLAN_UNKNOWN);
    addDevice("v77", DEVICE, "id 77", "10.99.77.1/24");
    run("ping -c 1 -W 1 10.99.77.2 || true");
    assertThat(stack.dropped(DropReason.VLAN_UNKNOWN)).isGreaterThan(before);
  }
}
