package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What the capture option has written, read by somebody who was not there. */
@Order(35)
class CaptureInteropTest {
  static final List<Link> LINKS = List.of(Link.PLAIN, Link.PLAIN_JUMBO, Link.BAD);

  @TempDir Path folder;

  @BeforeAll
  static void assume() {
    Lab.assume("tshark", "curl", "ping", "nc", "ip");
  }

  @ParameterizedTest
  @FieldSource("LINKS")
  void holds_every_packet_and_tshark_finds_no_fault_in_any(Link link) throws IOException {
    Path capture = folder.resolve("capture.pcapng");
    Counters counters;
    try (Lab lab = Lab.open(link.with("capture=" + capture))) {
      Transfers transfers = Transfers.start(lab, folder, 80);
      transfers.check(1_000);
      transfers.check(1_000_000);
      lab.attempt("ping", "-n", "-c", "3", "-i", "0.1", "-W", "1", "-s", "20000", Lab.STACK);
      lab.shard().execute(() -> Udp.of(lab.shard()).bind(7, CaptureInteropTest::echo));
      lab.attempt("nc", "-u", "-z", "-v", "-w", "1", Lab.STACK, "7");
      lab.attempt("nc", "-u", "-z", "-v", "-w", "1", Lab.STACK, "8");
      lab.attempt("nc", "-z", Lab.STACK, "8");
      counters = lab.shard().counters();
    }
    Tshark tshark = new Tshark(capture);
    long packets = counters.get(Counter.FRAMES_IN) + counters.get(Counter.FRAMES_OUT);
    if (!link.equals(Link.BAD)) {
      assertThat(tshark.count("frame")).isEqualTo(packets);
    }
    for (String protocol : List.of("arp", "icmp", "udp", "ip.flags.mf == 1")) {
      assertThat(tshark.count(protocol)).as(protocol).isPositive();
    }
    for (String protocol : List.of("ip", "tcp", "udp", "icmp")) {
      String status = protocol + ".checksum.status == \"Bad\"";
      assertThat(tshark.show(status)).as(status).isEmpty();
    }
    assertThat(tshark.count("tcp.checksum.status == \"Good\""))
        .isEqualTo(tshark.count("tcp && !icmp"));
    assertThat(tshark.show("_ws.malformed || _ws.short")).isEmpty();
    assertThat(tshark.show("_ws.expert.severity == \"Error\"")).isEmpty();
  }

  private static void echo(UdpSocket socket, Frame data, long hi, long lo, int port) {
    socket.sendTo(hi, lo, port, data);
  }
}
