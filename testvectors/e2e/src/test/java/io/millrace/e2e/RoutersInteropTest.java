package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.ForwardingConfig;
import io.millrace.net.NetStack;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two of our stacks as routers between two hosts that are kernels, with a link between them that
 * takes less than those of the hosts.
 *
 * <pre>
 *   kernel .9 --- TAP --- .1 [router] .1 --- 1,400 bytes --- .2 [router] .1 --- TAP --- .9 kernel
 *        10.96.1.0/24                10.96.2.0/24                   10.96.3.0/24
 *        2001:db8:1::/64             2001:db8:2::/64                2001:db8:3::/64
 * </pre>
 */
@Order(33)
class RoutersInteropTest {
  private static final String DEVICE = "mrr0";
  private static final int NARROW = 1_400;
  private static final int SIZE = 4_000_000;
  private static int wires;

  @BeforeAll
  static void assume() {
    Lab.assume("ping", "nc", "ip", "sha256sum", "traceroute", "traceroute6");
  }

  /** The hosts and the routers. */
  private static final class Topology implements AutoCloseable {
    private final NetworkNamespace left = NetworkNamespace.create("mrr");
    private final NetworkNamespace right = NetworkNamespace.create("mrr");
    private final NetStack leftRouter;
    private final NetStack rightRouter;

    /**
     * Builds everything.
     *
     * @param offload whether what the hosts have not cut passes as it is
     */
    Topology(boolean offload) {
      String wire = "mem:routers" + wires++ + ",mtu=" + NARROW + (offload ? ",offload" : "");
      leftRouter = router(left, 1, 3, wire, offload);
      rightRouter = router(right, 3, 1, wire, offload);
    }

    /** A router to one host; {@code far} is the network of the other one. */
    private static NetStack router(
        NetworkNamespace host, int near, int far, String wire, boolean offload) {
      int ours = near == 1 ? 1 : 2;
      int theirs = 3 - ours;
      String tap = "tap:" + DEVICE + ",up,netns=" + host.path() + (offload ? "" : ",offload=off");
      NetStack router =
          NetStack.builder()
              .port(tap, "10.96." + near + ".1/24", "2001:db8:" + near + "::1/64")
              .port(wire, "10.96.2." + ours + "/24", "2001:db8:2::" + ours + "/64")
              .route("10.96." + far + ".0/24", "10.96.2." + theirs, 1)
              .route("2001:db8:" + far + "::/64", "2001:db8:2::" + theirs, 1)
              .with(ForwardingConfig.defaults())
              .start();
      host.run("ip", "address", "add", "10.96." + near + ".9/24", "dev", DEVICE);
      host.run("ip", "address", "add", v6(near, 9) + "/64", "dev", DEVICE, "nodad");
      host.run("ip", "route", "add", "default", "via", "10.96." + near + ".1");
      host.run("ip", "-6", "route", "add", "default", "via", v6(near, 1), "dev", DEVICE);
      return router;
    }

    private static String v6(int network, int host) {
      return "2001:db8:" + network + "::" + host;
    }

    /** Waits until packets pass. */
    void awaitWay(int family) {
      String host = host(family, 3);
      Await.until(
          "a way to " + host,
          () ->
              left.run("sh", "-c", "ping -n -c 1 -W 1 " + host + " || true")
                  .contains("1 received"));
    }

    static String host(int family, int network) {
      return family == 4 ? "10.96." + network + ".9" : v6(network, 9);
    }

    @Override
    public void close() {
      try (left;
          right;
          leftRouter;
          rightRouter) {
        assertThat(leftRouter.count(Counter.EXCEPTIONS)).isZero();
        assertThat(rightRouter.count(Counter.EXCEPTIONS)).isZero();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void traceroute_shows_both(int family) {
    try (Topology net = new Topology(true)) {
      net.awaitWay(family);
      String far = Topology.host(family, 3);
      String shown =
          net.left.run(family == 4 ? "traceroute" : "traceroute6", "-n", "-q", "1", "-w", "5", far);
      List<String> hops = shown.lines().skip(1).map(each -> each.trim().split("\\s+")[1]).toList();
      assertThat(hops)
          .as(shown)
          .containsExactlyElementsOf(
              family == 4
                  ? List.of("10.96.1.1", "10.96.2.2", far)
                  : List.of("2001:db8:1::1", "2001:db8:2::2", far));
    }
  }

  @ParameterizedTest
  @CsvSource({"4,false", "4,true", "6,false", "6,true"})
  void a_connection_learns_the_mtu_between_them(int family, boolean offload)
      throws IOException, NoSuchAlgorithmException {
    try (Topology net = new Topology(offload)) {
      net.awaitWay(family);
      String far = Topology.host(family, 3);
      transfer(net.left, net.right, far);
      assertThat(net.left.run("ip", "route", "get", far)).contains("mtu " + NARROW);
      // The other way the left host says how much it takes, as it knows now.
      transfer(net.right, net.left, Topology.host(family, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void fragments_pass(int family) {
    try (Topology net = new Topology(true)) {
      net.awaitWay(family);
      String far = Topology.host(family, 3);
      Await.until(
          "a ping of 4,000 bytes",
          () ->
              net.left
                  .run("sh", "-c", "ping -n -c 1 -W 1 -s 4000 " + far + " || true")
                  .contains("1 received"));
    }
  }

  /** Sends pseudo-random bytes from one host to another, and compares what came. */
  private static void transfer(NetworkNamespace from, NetworkNamespace to, String address)
      throws IOException, NoSuchAlgorithmException {
    byte[] data = new Pattern(5).bytes(SIZE);
    Process receiver = to.start("sh", "-c", "nc -l " + address + " 7 | sha256sum");
    Await.until(
        "a listener", () -> !to.run("ss", "-H", "-n", "-l", "--tcp", "sport = :7").isBlank());
    Process sender = from.start("nc", "-N", address, "7");
    try {
      try (OutputStream out = sender.getOutputStream()) {
        out.write(data);
      }
      Await.value("the end of the receiver", receiver.onExit());
      String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
      assertThat(new String(receiver.getInputStream().readAllBytes(), US_ASCII)).startsWith(digest);
    } finally {
      Lab.kill(sender);
      Lab.kill(receiver);
    }
  }
}
