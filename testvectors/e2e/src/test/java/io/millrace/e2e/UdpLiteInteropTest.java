package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.udp.SendResult;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpLite;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UDP-Lite between the kernel's sockets and ours, judged by Wireshark as well. */
@Order(46)
class UdpLiteInteropTest {
  private static final int PORT = 5_004;

  /** Whether this kernel has the protocol; then what each datagram was, back with coverage 20. */
  private static final String ECHO =
      """
      import socket, sys
      six = ':' in sys.argv[1]
      s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM, 136)
      s.setsockopt(136, 11, 12)
      s.bind((sys.argv[1], int(sys.argv[2])))
      s.setsockopt(136, 10, 20)
      print('ready', flush=True)
      for i in range(3):
          data, sender = s.recvfrom(70000)
          s.sendto(data, sender)
      """;

  @TempDir Path folder;

  @BeforeAll
  static void assume() {
    Lab.assume("python3", "ip", "tshark");
    Lab.assumeTrue(kernelHasIt(), "this kernel has no UDP-Lite (CONFIG_UDPLITE is gone)");
  }

  private static boolean kernelHasIt() {
    try (NetworkNamespace here = NetworkNamespace.create("mrul")) {
      return here.run(
              "python3",
              "-c",
              """
              import socket
              try:
                  socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 136)
                  print('yes')
              except OSError:
                  print('no')
              """)
          .startsWith("yes");
    }
  }

  /** Writes down what comes, and how much of it was covered. */
  private static final class Listener implements UdpHandler {
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final List<IcmpError> errors = new CopyOnWriteArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      heard.add(UdpLite.covered(data) + " of " + new String(Received.bytes(data), UTF_8));
    }

    @Override
    public void onError(UdpSocket socket, IcmpError error, long hi, long lo, int port) {
      errors.add(error);
    }
  }

  private static SendResult send(NetStack stack, UdpSocket socket, IpAddress to, String text) {
    return Await.ask(
        stack.shard(0),
        () -> {
          byte[] bytes = text.getBytes(UTF_8);
          WrappedBuffer data = WrappedBuffer.of(Arena.ofAuto().allocate(bytes.length));
          data.segment().asByteBuffer().put(bytes);
          return socket.sendTo(to, PORT, data, 0, bytes.length);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void both_understand_each_other(boolean six) throws IOException {
    Path capture = folder.resolve("lite.pcapng");
    String kernelAddress = six ? "2001:db8:99::1" : "10.99.0.1";
    String ours = six ? "2001:db8:99::2/64" : "10.99.0.2/24";
    try (NetworkNamespace kernel = NetworkNamespace.create("mrul")) {
      String port = "tap:mrul0,netns=%s,capture=%s".formatted(kernel.path(), capture);
      try (NetStack stack =
          NetStack.builder()
              .port(port, ours)
              .with(Ipv6Autoconf.defaults().withDadTransmits(0))
              .start()) {
        String length = six ? "/64" : "/24";
        List<String> add = List.of("ip", "address", "add", kernelAddress + length, "dev", "mrul0");
        kernel.run(add.toArray(String[]::new));
        kernel.run("ip", "link", "set", "mrul0", "up");
        Await.until(
            "the kernel's address is its own",
            () -> !kernel.run("ip", "address").contains("tentative"));
        talk(kernel, stack, IpAddress.parse(kernelAddress));
      }
    }
    Tshark tshark = new Tshark(capture);
    // Ours and the kernel's, whole ones: the dissector sums what is covered.
    assertThat(tshark.count("udplite && udp.checksum.status == \"Good\""))
        .isGreaterThanOrEqualTo(6);
    assertThat(tshark.count("udp.checksum_coverage == 15")).isEqualTo(1);
    assertThat(tshark.count("udp.checksum_coverage == 20")).isEqualTo(3);
    assertThat(
            tshark.show(
                "udplite && (udp.checksum.status == \"Bad\" || udplite.checksum_coverage.bad"
                    + " || udp.checksum.zero) && !icmp && !icmpv6"))
        .isEmpty();
  }

  private static void talk(NetworkNamespace kernel, NetStack stack, IpAddress to)
      throws IOException {
    Listener listener = new Listener();
    UdpSocket socket =
        Await.ask(stack.shard(0), () -> UdpLite.of(stack.shard(0)).bind(PORT, listener));
    // Nobody is there yet.
    Await.until(
        "port unreachable",
        () -> {
          send(stack, socket, to, "anybody?");
          return !listener.errors.isEmpty();
        });
    assertThat(listener.errors.getFirst()).isEqualTo(IcmpError.PORT_UNREACHABLE);
    Process echo = kernel.start("python3", "-c", ECHO, to.toString(), "" + PORT);
    try {
      assertThat(echo.inputReader(UTF_8).readLine()).isEqualTo("ready");
      Await.ask(stack.shard(0), () -> socket.minimumCoverage(20));
      String large = "x".repeat(3000); // in fragments, both ways
      for (String text : List.of("all of it is covered", large)) {
        assertThat(send(stack, socket, to, text)).isEqualTo(SendResult.SENT);
        Await.until("the echo", () -> listener.heard.contains("12 of " + text));
      }
      Await.ask(stack.shard(0), () -> socket.coverage(15));
      assertThat(send(stack, socket, to, "seven bytes of this are")).isEqualTo(SendResult.SENT);
      Await.until("the echo", () -> listener.heard.contains("12 of seven bytes of this are"));
      assertThat(listener.heard).hasSize(3);
    } finally {
      Lab.kill(echo);
    }
  }
}
