package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The kernel as a router to a host behind a link that takes less than the stack's own: the router
 * says so (RFC 1191 §4), and what was too big is sent again.
 */
@Order(32)
class PathMtuInteropTest {
  private static final int NARROW = 1_200;
  private static final String FAR = "10.98.0.2";
  private static final long SIZE = 3_000_000;

  static final List<Link> LINKS = List.of(Link.DEFAULT, Link.PLAIN);

  private final Pattern pattern = new Pattern(3);

  @BeforeAll
  static void assume() {
    Lab.assume("ping", "nc", "ip", "sha256sum");
  }

  /** Behind the lab's kernel, over a link whose near end takes {@link #NARROW} bytes. */
  private static NetworkNamespace far(Lab lab) {
    NetworkNamespace far = NetworkNamespace.create("mre");
    NetworkNamespace router = lab.namespace();
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    router.run("ip", "link", "add", "mre1", "type", "veth", "peer", "mre2", "netns", far.name());
    router.run("ip", "address", "add", "10.98.0.1/24", "dev", "mre1");
    router.run("ip", "link", "set", "mre1", "mtu", "" + NARROW, "up");
    far.run("ip", "address", "add", FAR + "/24", "dev", "mre2");
    far.run("ip", "link", "set", "mre2", "up");
    // What it sends fits; but its SYN-ACK does not say what is to be found out.
    String mtu = "" + NARROW;
    far.run("ip", "route", "add", "default", "via", "10.98.0.1", "mtu", mtu, "advmss", "1460");
    return far;
  }

  @ParameterizedTest
  @FieldSource("LINKS")
  void is_learned_from_a_router_while_data_is_sent(Link link) throws IOException {
    try (Lab lab = Lab.open(link);
        NetworkNamespace far = far(lab)) {
      Process nc = far.start("sh", "-c", "nc -l 7 | sha256sum");
      awaitListener(far);
      StreamPeer sender = new StreamPeer(pattern, pattern, SIZE);
      lab.shard().execute(() -> Tcp.of(lab.shard()).connect(IpAddress.parse(FAR), 7, sender));
      assertThat(Await.value("the end of the connection", sender.end()).reason())
          .isEqualTo(TcpCloseReason.NORMAL);
      assertThat(new String(nc.getInputStream().readAllBytes(), US_ASCII)).startsWith(digest());
      assertThat(lab.shard().counters().get(Counter.ICMP_IN_MSGS)).isPositive();
      // Fragments of a ping and its reply pass too.
      assertThat(far.run("ping", "-n", "-c", "3", "-i", "0.1", "-s", "4000", Lab.STACK))
          .contains("3 received");
    }
  }

  private static void awaitListener(NetworkNamespace far) {
    Await.until(
        "a listener", () -> !far.run("ss", "-H", "-n", "-l", "--tcp", "sport = :7").isBlank());
  }

  private String digest() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] all = pattern.bytes(SIZE);
      return HexFormat.of().formatHex(digest.digest(all));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
