package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * UDP over IPv6 against the kernel: in fragments, and over a path that takes less than the link.
 */
@Order(49)
class UdpIpv6InteropTest {
  private static final int PORT = 5_006;
  private static final int NARROW = 1_300;
  private static final String FAR = "2001:db8:96::2";

  private static final String ECHO =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
      s.bind(('::', int(sys.argv[1])))
      print('ready', flush=True)
      while True:
          data, sender = s.recvfrom(70000)
          s.sendto(data, sender)
      """;

  @BeforeAll
  static void assume() {
    Lab.assume("python3", "ip");
  }

  /** Writes down what it is told. */
  private static final class Listener implements UdpHandler {
    private final List<byte[]> heard = new CopyOnWriteArrayList<>();
    private final List<IcmpError> errors = new CopyOnWriteArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      heard.add(Received.bytes(data));
    }

    @Override
    public void onError(UdpSocket socket, IcmpError error, long hi, long lo, int port) {
      errors.add(error);
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(length).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({"8000, ''", "1453, ''", "60000, ''", "8000, ',offload=off'"})
  void large_datagrams_travel_in_fragments_both_ways(int length, String options)
      throws IOException {
    try (Ipv6Lab lab = Ipv6Lab.open(options, Ipv6Lab.DEVICE)) {
      lab.python(ECHO, "" + PORT);
      Listener listener = new Listener();
      UdpSocket socket = Await.ask(lab.shard(), () -> Udp.of(lab.shard()).bind(0, listener));
      lab.send(socket, Ipv6Lab.KERNEL, PORT, random(1)); // they find each other
      Await.until("the first echo", () -> listener.heard.size() == 1);
      assertThat(lab.send(socket, Ipv6Lab.KERNEL, PORT, random(length))).isEqualTo(SendResult.SENT);
      Await.until("the echo", () -> listener.heard.size() == 2);
      assertThat(listener.heard.getLast()).isEqualTo(random(length));
      assertThat(lab.stack().count(Counter.IP_FRAG_OKS)).isEqualTo(1);
      assertThat(lab.stack().count(Counter.IP_REASM_OKS)).isEqualTo(1);
    }
  }

  @Test
  void a_router_says_that_the_path_takes_less() throws IOException {
    try (Ipv6Lab lab = Ipv6Lab.open("", Ipv6Lab.DEVICE);
        NetworkNamespace far = far(lab.kernel())) {
      Process echo = far.start("python3", "-c", ECHO, "" + PORT);
      try {
        assertThat(echo.inputReader().readLine()).isEqualTo("ready");
        Listener listener = new Listener();
        UdpSocket socket = Await.ask(lab.shard(), () -> Udp.of(lab.shard()).bind(0, listener));
        assertThat(lab.send(socket, FAR, PORT, random(1))).isEqualTo(SendResult.SENT);
        Await.until("the first echo", () -> listener.heard.size() == 1);
        // The socket is told, and so is the route.
        assertThat(lab.send(socket, FAR, PORT, random(1400))).isEqualTo(SendResult.SENT);
        Await.until("packet too big", () -> !listener.errors.isEmpty());
        assertThat(listener.errors).containsExactly(IcmpError.PACKET_TOO_BIG);
        long info = Await.ask(lab.shard(), () -> socket.info().icmpErrors());
        assertThat(info).isEqualTo(1);
        assertThat(lab.send(socket, FAR, PORT, random(1400))).isEqualTo(SendResult.SENT);
        Await.until("the echo of its fragments", () -> listener.heard.size() == 2);
        assertThat(listener.heard.getLast()).isEqualTo(random(1400));
        // Whoever wants its datagrams whole knows now what fits.
        Await.ask(lab.shard(), () -> socket.dontFragment(true));
        int most = NARROW - 48;
        assertThat(lab.send(socket, FAR, PORT, random(most + 1))).isEqualTo(SendResult.TOO_BIG);
        assertThat(lab.send(socket, FAR, PORT, random(most))).isEqualTo(SendResult.SENT);
        Await.until("its echo", () -> listener.heard.size() == 3);
        assertThat(listener.errors).hasSize(1);
      } finally {
        Lab.kill(echo);
      }
    }
  }

  /** Behind the kernel, over a link whose near end takes {@link #NARROW} bytes. */
  private static NetworkNamespace far(NetworkNamespace router) {
    NetworkNamespace far = NetworkNamespace.create("mrus");
    router.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
    router.run("ip", "link", "add", "mrus2", "type", "veth", "peer", "mrus3", "netns", far.name());
    router.run("ip", "address", "add", "2001:db8:96::1/64", "dev", "mrus2", "nodad");
    router.run("ip", "link", "set", "mrus2", "mtu", "" + NARROW, "up");
    far.run("ip", "address", "add", FAR + "/64", "dev", "mrus3", "nodad");
    far.run("ip", "link", "set", "mrus3", "mtu", "" + NARROW, "up");
    far.run("ip", "route", "add", "default", "via", "2001:db8:96::1");
    return far;
  }
}
