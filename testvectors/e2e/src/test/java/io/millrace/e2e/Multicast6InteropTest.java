package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** IPv6 groups between the kernel and us, and a kernel that asks who is in which group. */
@Order(48)
class Multicast6InteropTest {
  private static final String GROUP = "ff1e::1:2:3";
  private static final int PORT = 5_000;
  private static final String BRIDGE = "mrus1";

  /** Joins a group, then prints who sent each datagram, its hop limit and its text. */
  private static final String RECEIVER =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
      on = socket.if_nametoindex(sys.argv[2])
      s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                   socket.inet_pton(socket.AF_INET6, sys.argv[1]) + on.to_bytes(4, sys.byteorder))
      s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
      s.bind(('::', int(sys.argv[3])))
      print('ready', flush=True)
      while True:
          data, more, flags, sender = s.recvmsg(2000, 100)
          print(sender[0], int.from_bytes(more[0][2], sys.byteorder), data.decode(), flush=True)
      """;

  private static final String SENDER =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
      s.bind((sys.argv[5], 0))
      s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(sys.argv[2]))
      s.sendto(sys.argv[4].encode(), (sys.argv[1], int(sys.argv[3])))
      """;

  @TempDir Path folder;

  @BeforeAll
  static void assume() {
    Lab.assume("python3", "ip", "bridge", "tshark");
  }

  /** Writes down what it hears. */
  private static final class Listener implements UdpHandler {
    private final List<String> heard = new CopyOnWriteArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      heard.add(new IpAddress(hi, lo) + " " + new String(Received.bytes(data), UTF_8));
    }
  }

  private static UdpSocket open(Ipv6Lab lab, UdpHandler handler) {
    return Await.ask(lab.shard(), () -> Udp.of(lab.shard()).bind(PORT, handler));
  }

  private static void listen(Ipv6Lab lab, UdpSocket socket, SourceFilter wanted) {
    Await.ask(
        lab.shard(),
        () -> {
          socket.listen(IpAddress.parse(GROUP), 0, wanted);
          return true;
        });
  }

  private static void kernelSends(Ipv6Lab lab, String to, String on, String text) {
    lab.kernel().run("python3", "-c", SENDER, to, on, "" + PORT, text, Ipv6Lab.KERNEL);
  }

  @Test
  void groups_are_heard_in_both_directions() throws IOException {
    try (Ipv6Lab lab = Ipv6Lab.open("", Ipv6Lab.DEVICE)) {
      Process receiver = lab.python(RECEIVER, GROUP, Ipv6Lab.DEVICE, "" + PORT);
      Listener listener = new Listener();
      UdpSocket socket = open(lab, listener);
      String ours = IpAddress.parse(Ipv6Lab.STACK).toString();
      String theirs = IpAddress.parse(Ipv6Lab.KERNEL).toString();
      for (int hops : new int[] {1, 7}) {
        Await.ask(lab.shard(), () -> socket.multicastInterface(0).multicastHopLimit(hops));
        byte[] text = ("with hop limit " + hops).getBytes(UTF_8);
        assertThat(lab.send(socket, GROUP, PORT, text)).isEqualTo(SendResult.SENT);
        assertThat(receiver.inputReader().readLine())
            .isEqualTo(Ipv6Lab.STACK + " " + hops + " with hop limit " + hops);
      }
      kernelSends(lab, GROUP, Ipv6Lab.DEVICE, "not joined");
      listen(lab, socket, SourceFilter.include(IpAddress.parse(ours)));
      kernelSends(lab, GROUP, Ipv6Lab.DEVICE, "from another source");
      listen(lab, socket, SourceFilter.EVERYTHING);
      kernelSends(lab, GROUP, Ipv6Lab.DEVICE, "to us");
      Await.until("the kernel's datagram", () -> !listener.heard.isEmpty());
      assertThat(listener.heard).containsExactly(theirs + " to us");
    }
  }

  @Test
  void our_own_members_hear_us_unless_that_is_switched_off() {
    try (Ipv6Lab lab = Ipv6Lab.open("", Ipv6Lab.DEVICE)) {
      Listener listener = new Listener();
      UdpSocket member = open(lab, listener);
      listen(lab, member, SourceFilter.EVERYTHING);
      UdpSocket sender = Await.ask(lab.shard(), () -> Udp.of(lab.shard()).bind(0, new Listener()));
      Await.ask(lab.shard(), () -> sender.multicastLoop(false).multicastHopLimit(0));
      lab.send(sender, GROUP, PORT, "not looped".getBytes(UTF_8));
      Await.ask(lab.shard(), () -> sender.multicastLoop(true));
      lab.send(sender, GROUP, PORT, "looped".getBytes(UTF_8));
      Await.until("our own datagram", () -> !listener.heard.isEmpty());
      assertThat(listener.heard).containsExactly(IpAddress.parse(Ipv6Lab.STACK) + " looped");
    }
  }

  /** A kernel that is the querier of a bridge and keeps a table of who listens to what. */
  private static Ipv6Lab querier(int version, Path capture) {
    return Ipv6Lab.open(
        ",capture=" + capture,
        BRIDGE,
        ("ip link add %s type bridge mcast_snooping 1 mcast_querier 1 mcast_mld_version %d"
                + " mcast_startup_query_interval 100 mcast_query_response_interval 100"
                + " mcast_last_member_interval 20")
            .formatted(BRIDGE, version),
        "ip link set " + Ipv6Lab.DEVICE + " master " + BRIDGE);
  }

  @Test
  void the_kernel_as_querier_knows_our_groups_and_sources() throws IOException {
    Path capture = folder.resolve("mld.pcapng");
    try (Ipv6Lab lab = querier(2, capture)) {
      UdpSocket socket = open(lab, new Listener());
      listen(lab, socket, SourceFilter.EVERYTHING);
      awaitTable(lab, true, GROUP, "filter_mode exclude");
      listen(lab, socket, SourceFilter.exclude(IpAddress.parse("2001:db8:97::77")));
      awaitTable(lab, true, GROUP, "filter_mode exclude", "2001:db8:97::77");
      listen(lab, socket, SourceFilter.include(IpAddress.parse("2001:db8:97::78")));
      awaitTable(lab, true, GROUP, "filter_mode include", "2001:db8:97::78");
      listen(lab, socket, SourceFilter.NOTHING);
      awaitTable(lab, false, GROUP);
    }
    Tshark tshark = new Tshark(capture);
    assertThat(tshark.count("icmpv6.type == 143 && ipv6.src == fe80::/10"))
        .isGreaterThanOrEqualTo(4);
    assertThat(tshark.show("icmpv6 && (_ws.malformed || icmpv6.checksum.status == \"Bad\")"))
        .isEmpty();
    assertThat(tshark.show("icmpv6.type == 143 && !(ipv6.hlim == 1 && ipv6.dst == ff02::16)"))
        .isEmpty();
  }

  @Test
  void a_kernel_that_asks_in_version_1_gets_answers_of_version_1() throws IOException {
    Path capture = folder.resolve("mld1.pcapng");
    try (Ipv6Lab lab = querier(1, capture)) {
      UdpSocket socket = open(lab, new Listener());
      // Those that it sent before it had a link-local address are none (RFC 2710 §5): again.
      lab.kernel().run("ip", "link", "set", BRIDGE, "type", "bridge", "mcast_querier", "0");
      long before = lab.stack().count(Counter.MLD_IN);
      lab.kernel().run("ip", "link", "set", BRIDGE, "type", "bridge", "mcast_querier", "1");
      Await.until("a query", () -> lab.stack().count(Counter.MLD_IN) > before);
      listen(lab, socket, SourceFilter.EVERYTHING);
      awaitTable(lab, true, GROUP);
      listen(lab, socket, SourceFilter.NOTHING);
      awaitTable(lab, false, GROUP);
    }
    Tshark tshark = new Tshark(capture);
    assertThat(tshark.count("icmpv6.type == 131 && ipv6.dst == " + GROUP)).isPositive();
    assertThat(tshark.count("icmpv6.type == 132 && ipv6.dst == ff02::2")).isPositive();
    assertThat(tshark.show("icmpv6.type == 143 && icmpv6.mldr.mar.multicast_address == " + GROUP))
        .isEmpty();
  }

  /** Waits until what the bridge says of the stack's device has all of these words, or not. */
  private static void awaitTable(Ipv6Lab lab, boolean present, String... words) {
    Await.until(
        (present ? "" : "no ") + String.join(", ", words) + " in the bridge's table",
        () ->
            present
                == lab.kernel()
                    .run("bridge", "-d", "mdb", "show", "dev", BRIDGE)
                    .lines()
                    .filter(each -> each.contains("port " + Ipv6Lab.DEVICE))
                    .anyMatch(each -> List.of(words).stream().allMatch(each::contains)));
  }
}
