package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Groups and broadcasts between the kernel and us, and a kernel that asks who is in which group.
 */
@Order(45)
class MulticastInteropTest {
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  private static final int PORT = 5_000;
  private static final String BRIDGE = "mrud0";

  static final List<Link> LINKS = List.of(Link.DEFAULT, Link.PACKET, Link.XDP);

  /** Joins a group, then hears one datagram and prints who sent it and what. */
  private static final String RECEIVER =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      if sys.argv[1] != '0.0.0.0':
          s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                       socket.inet_aton(sys.argv[1]) + socket.inet_aton('10.99.0.1'))
      s.bind(('', int(sys.argv[2])))
      data, sender = s.recvfrom(2000)
      print(sender[0], data.decode())
      """;

  private static final String SENDER =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
      s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.99.0.1'))
      s.sendto(sys.argv[3].encode(), (sys.argv[1], int(sys.argv[2])))
      """;

  @TempDir Path folder;

  @BeforeAll
  static void assume() {
    Lab.assume("python3", "ip", "ss", "tshark");
  }

  /** A kernel that is the querier of a bridge and keeps a table of who listens to what. */
  private static Link querier(int version) {
    return new Link(
        "bridge that asks in version " + version,
        "up",
        ("ip link add %s type bridge mcast_snooping 1 mcast_querier 1 mcast_igmp_version %d"
                + " mcast_query_use_ifaddr 1 mcast_startup_query_interval 100"
                + " mcast_query_response_interval 100 mcast_last_member_interval 20")
            .formatted(BRIDGE, version),
        "ip address del 10.99.0.1/24 dev " + Lab.DEVICE,
        "ip address add 10.99.0.1/24 dev " + BRIDGE,
        "ip link set " + Lab.DEVICE + " master " + BRIDGE,
        "ip link set " + BRIDGE + " up");
  }

  /** Writes down what it hears. */
  private static final class Listener implements UdpHandler {
    private final List<String> heard = new CopyOnWriteArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      heard.add(new IpAddress(hi, lo) + " " + new String(Received.bytes(data), UTF_8));
    }
  }

  private static UdpSocket open(Lab lab, Listener listener) {
    return Await.ask(lab.shard(), () -> Udp.of(lab.shard()).bind(PORT, listener));
  }

  private static void listen(Lab lab, UdpSocket socket, SourceFilter wanted) {
    Await.ask(
        lab.shard(),
        () -> {
          socket.listen(GROUP, UdpSocket.DEFAULT_INTERFACE, wanted);
          return true;
        });
  }

  private static SendResult send(Lab lab, UdpSocket socket, String to, String text) {
    return Await.ask(
        lab.shard(),
        () -> {
          byte[] bytes = text.getBytes(UTF_8);
          WrappedBuffer data = WrappedBuffer.of(Arena.ofAuto().allocate(bytes.length));
          data.segment().asByteBuffer().put(bytes);
          return socket.sendTo(IpAddress.parse(to), PORT, data, 0, bytes.length);
        });
  }

  private static Process receiver(Lab lab, String group) {
    Process receiver = lab.start("python3", "-c", RECEIVER, group, "" + PORT);
    lab.awaitListener("udp", PORT);
    return receiver;
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), UTF_8).strip();
  }

  private static void kernelSends(Lab lab, String to, String text) {
    lab.run("python3", "-c", SENDER, to, "" + PORT, text);
  }

  @ParameterizedTest
  @FieldSource("LINKS")
  void groups_are_heard_in_both_directions(Link link) throws IOException {
    try (Lab lab = Lab.open(link)) {
      Process receiver = receiver(lab, GROUP.toString());
      Listener listener = new Listener();
      UdpSocket socket = open(lab, listener);
      assertThat(send(lab, socket, GROUP.toString(), "to the kernel")).isEqualTo(SendResult.SENT);
      assertThat(output(receiver)).isEqualTo(Lab.STACK + " to the kernel");
      listen(lab, socket, SourceFilter.EVERYTHING);
      kernelSends(lab, GROUP.toString(), "to us");
      Await.until("the kernel's datagram", () -> !listener.heard.isEmpty());
      assertThat(listener.heard).containsExactly(Lab.KERNEL + " to us");
    }
  }

  @Test
  void only_wanted_groups_and_sources_are_heard() {
    try (Lab lab = Lab.open()) {
      Listener listener = new Listener();
      UdpSocket socket = open(lab, listener);
      kernelSends(lab, GROUP.toString(), "not joined");
      listen(lab, socket, SourceFilter.include(IpAddress.parse("10.99.0.77")));
      kernelSends(lab, GROUP.toString(), "from another source");
      listen(lab, socket, SourceFilter.exclude(Lab.KERNEL_ADDRESS));
      kernelSends(lab, GROUP.toString(), "from a blocked source");
      listen(lab, socket, SourceFilter.include(Lab.KERNEL_ADDRESS));
      kernelSends(lab, GROUP.toString(), "wanted");
      kernelSends(lab, Lab.STACK, "the last one");
      Await.until("the last one", () -> listener.heard.contains(Lab.KERNEL + " the last one"));
      assertThat(listener.heard)
          .containsExactly(Lab.KERNEL + " wanted", Lab.KERNEL + " the last one");
    }
  }

  @Test
  void broadcasts_are_heard_in_both_directions_once_they_are_allowed() throws IOException {
    try (Lab lab = Lab.open()) {
      for (String to : List.of("10.99.0.255", "255.255.255.255")) {
        Process receiver = receiver(lab, "0.0.0.0");
        Listener listener = new Listener();
        UdpSocket socket = open(lab, listener);
        assertThat(send(lab, socket, to, "no")).isEqualTo(SendResult.NOT_PERMITTED);
        Await.ask(lab.shard(), () -> socket.allowBroadcast(true));
        assertThat(send(lab, socket, to, "to all")).isEqualTo(SendResult.SENT);
        assertThat(output(receiver)).isEqualTo(Lab.STACK + " to all");
        kernelSends(lab, "10.99.0.255", "from the kernel");
        Await.until("the kernel's broadcast", () -> !listener.heard.isEmpty());
        assertThat(listener.heard).containsExactly(Lab.KERNEL + " from the kernel");
        Await.ask(
            lab.shard(),
            () -> {
              socket.close();
              return true;
            });
      }
    }
  }

  @Test
  void the_kernel_as_querier_knows_our_groups_and_sources() throws IOException {
    Path capture = folder.resolve("igmp.pcapng");
    try (Lab lab = Lab.open(querier(3).with("capture=" + capture))) {
      UdpSocket socket = open(lab, new Listener());
      awaitTable(lab, false, "239.1.2.3");
      listen(lab, socket, SourceFilter.EVERYTHING);
      awaitTable(lab, true, "239.1.2.3", "filter_mode exclude");
      listen(lab, socket, SourceFilter.exclude(IpAddress.parse("10.99.0.77")));
      awaitTable(lab, true, "239.1.2.3", "filter_mode exclude", "10.99.0.77");
      listen(lab, socket, SourceFilter.include(IpAddress.parse("10.99.0.78")));
      awaitTable(lab, true, "filter_mode include", "10.99.0.78");
      listen(lab, socket, SourceFilter.NOTHING);
      awaitTable(lab, false, "239.1.2.3");
    }
    Tshark tshark = new Tshark(capture);
    assertThat(tshark.count("igmp.type == 0x11 && igmp.version == 3")).isPositive();
    assertThat(tshark.count("igmp.type == 0x22 && ip.src == 10.99.0.2")).isGreaterThanOrEqualTo(4);
    assertThat(tshark.show("_ws.malformed || igmp.checksum.status == \"Bad\"")).isEmpty();
    assertThat(
            tshark.show(
                "igmp && ip.src == 10.99.0.2 && !(ip.ttl == 1 && ip.opt.ra && ip.dst =="
                    + " 224.0.0.22)"))
        .isEmpty();
  }

  @Test
  void a_kernel_that_asks_in_version_2_gets_answers_of_version_2() throws IOException {
    Path capture = folder.resolve("igmp2.pcapng");
    try (Lab lab = Lab.open(querier(2).with("capture=" + capture))) {
      UdpSocket socket = open(lab, new Listener());
      Await.until("a query", () -> lab.stack().count(io.millrace.diag.Counter.IGMP_IN_MSGS) > 0);
      listen(lab, socket, SourceFilter.EVERYTHING);
      awaitTable(lab, true, "239.1.2.3");
      listen(lab, socket, SourceFilter.NOTHING);
      awaitTable(lab, false, "239.1.2.3");
    }
    Tshark tshark = new Tshark(capture);
    assertThat(tshark.count("igmp.type == 0x16 && ip.src == 10.99.0.2")).isPositive();
    assertThat(tshark.count("igmp.type == 0x17 && ip.dst == 224.0.0.2")).isPositive();
    assertThat(tshark.show("igmp.type == 0x22 && ip.src == 10.99.0.2")).isEmpty();
  }

  /** Waits until what the bridge says of the stack's device has all of these words, or not. */
  private static void awaitTable(Lab lab, boolean present, String... words) {
    Await.until(
        (present ? "" : "no ") + String.join(", ", words) + " in the bridge's table",
        () -> {
          List<String> lines =
              lab.run("bridge", "-d", "mdb", "show", "dev", BRIDGE)
                  .lines()
                  .filter(each -> each.contains("port " + Lab.DEVICE))
                  .toList();
          boolean found =
              lines.stream().anyMatch(each -> List.of(words).stream().allMatch(each::contains));
          return found == present;
        });
  }
}
