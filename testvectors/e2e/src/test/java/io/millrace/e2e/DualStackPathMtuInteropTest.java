package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ping;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two of the kernel's routers with a narrow link between them, and a host behind: TCP both ways
 * over both families, where the routers say what is too big and where a filter keeps them from it.
 *
 * <pre>
 * stack -- 1500 -- first router -- 1300 -- second router -- 1500 -- far host
 * </pre>
 */
@Order(33)
class DualStackPathMtuInteropTest {
  private static final int NARROW = 1_300;
  private static final long SIZE = 2_000_000;

  @TempDir private static Path folder;

  private static DualStackLab lab;
  private static NetworkNamespace second;
  private static NetworkNamespace far;

  private static int nextPort = 1_000;

  private final Pattern pattern = new Pattern(9);

  @BeforeAll
  static void open() {
    Lab.assume("ip", "nc", "nft", "ping", "sha256sum");
    lab = DualStackLab.open("");
    second = NetworkNamespace.create("mrd");
    far = NetworkNamespace.create("mrd");
    NetworkNamespace first = lab.kernel();
    cable(first, "mrd1", second, "mrd2", NARROW);
    cable(second, "mrd3", far, "mrd4", 1_500);
    for (NetworkNamespace router : List.of(first, second)) {
      router.run(
          "sysctl",
          "-qw",
          "net.ipv4.ip_forward=1",
          "net.ipv6.conf.all.forwarding=1",
          // As many errors as there are reasons.
          "net.ipv4.icmp_ratelimit=0",
          "net.ipv6.icmp.ratelimit=0");
    }
    address(first, "mrd1", "10.98.1.1/24", "2001:db8:981::1/64");
    address(second, "mrd2", "10.98.1.2/24", "2001:db8:981::2/64");
    address(second, "mrd3", "10.98.2.1/24", "2001:db8:982::1/64");
    address(far, "mrd4", "10.98.2.2/24", "2001:db8:982::2/64");
    first.run("ip", "route", "add", "10.98.2.0/24", "via", "10.98.1.2");
    first.run("ip", "-6", "route", "add", "2001:db8:982::/64", "via", "2001:db8:981::2");
    second.run("ip", "route", "add", "default", "via", "10.98.1.1");
    second.run("ip", "-6", "route", "add", "default", "via", "2001:db8:981::1");
    far.run("ip", "route", "add", "default", "via", "10.98.2.1");
    far.run("ip", "-6", "route", "add", "default", "via", "2001:db8:982::1");
    // So that the kernel finds its way out of a black hole too (RFC 4821).
    far.run("sysctl", "-qw", "net.ipv4.tcp_mtu_probing=1");
  }

  private static void cable(
      NetworkNamespace a, String near, NetworkNamespace b, String there, int mtu) {
    a.run("ip", "link", "add", near, "type", "veth", "peer", there, "netns", b.name());
    a.run("ip", "link", "set", near, "mtu", "" + mtu, "up");
    b.run("ip", "link", "set", there, "mtu", "" + mtu, "up");
  }

  private static void address(NetworkNamespace at, String device, String v4, String v6) {
    at.run("ip", "address", "add", v4, "dev", device);
    at.run("ip", "address", "add", v6, "dev", device, "nodad");
  }

  @AfterAll
  static void close() {
    try {
      if (far != null) {
        far.close();
      }
      if (second != null) {
        second.close();
      }
    } finally {
      if (lab != null) {
        lab.close();
      }
    }
  }

  /** Whether the routers may say what is too big. */
  private static void errors(boolean allowed) {
    for (NetworkNamespace router : List.of(lab.kernel(), second)) {
      router.run("nft", "flush", "ruleset");
      // What they knew of paths would help.
      router.run("ip", "route", "flush", "cache");
      if (!allowed) {
        router.run("nft", "add table inet hole");
        router.run("nft", "add chain inet hole out { type filter hook output priority 0; }");
        router.run("nft", "add rule inet hole out icmpv6 type packet-too-big drop");
        router.run("nft", "add rule inet hole out icmp type destination-unreachable drop");
      }
    }
    far.run("ip", "route", "flush", "cache");
    far.run("ip", "-6", "route", "flush", "cache");
  }

  @ParameterizedTest
  @CsvSource({
    "10.98.2.2, 10.97.0.2, true",
    "2001:db8:982::2, 2001:db8:97::2, true",
    "10.98.2.2, 10.97.0.2, false",
    "2001:db8:982::2, 2001:db8:97::2, false"
  })
  void bytes_arrive_in_both_directions(String theirs, String ours, boolean allowed)
      throws IOException {
    // A stack that knows nothing of the path yet comes with each family's first turn; in the second
    // the hole is met by what has been learned since, or by a new search.
    errors(allowed);
    String family = theirs.contains(":") ? "-6" : "-4";
    long before = lab.shard().counters().get(Counter.ICMP_IN_MSGS);
    Process nc = far.start("sh", "-c", "timeout 150 nc -l " + family + " 7 | sha256sum");
    Await.until("a listener", () -> !far.run("ss", "-Hnlt", "sport = :7").isBlank());
    StreamPeer sender = new StreamPeer(pattern, pattern, SIZE);
    lab.shard().execute(() -> Tcp.of(lab.shard()).connect(IpAddress.parse(theirs), 7, sender));
    assertThat(Await.value("the end of what we send", sender.end()).reason())
        .isEqualTo(TcpCloseReason.NORMAL);
    assertThat(new String(nc.getInputStream().readAllBytes(), US_ASCII)).startsWith(digest());
    if (allowed) {
      assertThat(lab.shard().counters().get(Counter.ICMP_IN_MSGS)).isGreaterThan(before);
    }
    int port = nextPort++;
    StreamPeer receiver = new StreamPeer(pattern, pattern, 0);
    Tcp.listen(lab.stack(), port, c -> receiver);
    Path file = folder.resolve("stream");
    Files.write(file, pattern.bytes(SIZE));
    far.run("sh", "-c", "timeout 100 nc -N " + ours + " " + port + " <" + file);
    StreamPeer.End end = Await.value("the end of what we receive", receiver.end());
    assertThat(end.received()).isEqualTo(SIZE);
    assertThat(end.firstWrong()).isEqualTo(-1);
  }

  private String digest() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(pattern.bytes(SIZE)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.97.0.2", "2001:db8:97::2"})
  void fragments_pass_both_ways(String ours) {
    errors(true);
    // The first answers may be too big for the narrow link: we hear of it, and cut the next ones.
    far.start("ping", "-n", "-c", "3", "-i", "0.2", "-s", "4000", ours);
    Await.until(
        "answers in fragments that fit",
        () -> {
          String output =
              far.run("sh", "-c", "ping -n -M dont -c 3 -i 0.2 -W 2 -s 4000 " + ours + " || true");
          return output.contains("3 received");
        });
  }

  @ParameterizedTest
  @CsvSource({"10.98.2.2", "2001:db8:982::2"})
  void a_socket_hears_why_its_datagram_did_not_arrive(String theirs) {
    errors(true);
    assertThat(probe(theirs, 1, 9)).isEqualTo(IcmpError.TIME_EXCEEDED);
    assertThat(probe(theirs, 2, 9)).isEqualTo(IcmpError.TIME_EXCEEDED);
    assertThat(probe(theirs, 3, 9)).isEqualTo(IcmpError.PORT_UNREACHABLE);
  }

  /** What comes of a datagram with so many hops. */
  private static IcmpError probe(String to, int hops, int port) {
    CompletableFuture<IcmpError> heard = new CompletableFuture<>();
    IpAddress address = IpAddress.parse(to);
    UdpSocket socket =
        Await.ask(lab.shard(), () -> Udp.of(lab.shard()).connect(address, port, new Prober(heard)));
    lab.shard()
        .execute(
            () -> {
              socket.hopLimit(hops);
              Frame datagram = socket.newDatagram();
              datagram.append(100);
              socket.sendFrame(datagram);
            });
    IcmpError error = Await.value("an error about a datagram of " + hops + " hops", heard);
    lab.shard().execute(socket::close);
    return error;
  }

  private record Prober(CompletableFuture<IcmpError> heard) implements UdpHandler {
    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      heard.completeExceptionally(new AssertionError("a datagram"));
    }

    @Override
    public void onError(UdpSocket socket, IcmpError error, long hi, long lo, int port) {
      heard.complete(error);
    }
  }

  @Test
  void our_pings_trace_the_routers() {
    errors(true);
    assertThat(trace(1)).isEqualTo("TIME_EXCEEDED from " + IpAddress.parse(DualStackLab.KERNEL));
    assertThat(trace(2)).isEqualTo("TIME_EXCEEDED from " + IpAddress.parse("2001:db8:981::2"));
    assertThat(trace(3)).isEqualTo("answer from " + IpAddress.parse("2001:db8:982::2"));
  }

  private static String trace(int hops) {
    Tracer tracer = new Tracer(new CompletableFuture<>());
    lab.shard()
        .execute(
            () -> {
              Ping ping = Ping.open(lab.shard(), IpAddress.parse("2001:db8:982::2"), tracer);
              var _ = tracer.heard.whenComplete((result, failure) -> ping.close());
              ping.send(1, 56, hops, false, lab.shard().clock().now());
            });
    return Await.value("what comes of a ping of " + hops + " hops", tracer.heard);
  }

  private record Tracer(CompletableFuture<String> heard) implements Ping.Handler {
    @Override
    public void onReply(IpAddress from, int sequence, int bytes, int hops, long roundTrip) {
      heard.complete("answer from " + from);
    }

    @Override
    public void onError(IpAddress from, int sequence, IcmpError error) {
      heard.complete(error + " from " + from);
    }
  }
}
