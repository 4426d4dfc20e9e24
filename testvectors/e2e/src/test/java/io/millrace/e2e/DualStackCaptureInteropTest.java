package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole session over both families, read by tshark, which finds no fault in any packet. */
@Order(36)
class DualStackCaptureInteropTest {
  @TempDir Path folder;

  @BeforeAll
  static void assume() {
    Lab.assume("tshark", "curl", "ping", "nc", "ip");
  }

  @Test
  void every_packet_is_what_its_protocol_says() throws IOException {
    Path capture = folder.resolve("capture.pcapng");
    try (DualStackLab lab = DualStackLab.open(",offload=off,capture=" + capture)) {
      String zone = "%" + DualStackLab.DEVICE;
      lab.assertServes();
      for (String to : List.of(DualStackLab.STACK, DualStackLab.STACK_V4)) {
        lab.run("ping", "-n", "-c", "2", "-i", "0.1", "-s", "8000", to);
        // Open, closed, and nothing of TCP.
        lab.attempt("nc", "-u", "-z", "-v", "-w", "1", to, "7");
        lab.attempt("nc", "-u", "-z", "-v", "-w", "1", to, "9");
        lab.attempt("nc", "-z", "-w", "1", to, "9");
      }
      lab.run("ping", "-n", "-c", "2", "-i", "0.1", lab.linkLocal() + zone);
      lab.run("ping", "-n", "-c", "2", "-i", "0.1", "ff02::1" + zone);
    }
    Tshark tshark = new Tshark(capture);
    for (String protocol :
        List.of(
            "arp",
            "ip && tcp",
            "ipv6 && tcp",
            "ip && udp",
            "ipv6 && udp",
            "icmp.type == 3",
            "icmpv6.type == 1",
            "icmpv6.type == 129",
            "icmpv6.type == 136",
            "icmpv6.type == 143",
            "ipv6.fraghdr",
            "ip.flags.mf == 1")) {
      assertThat(tshark.count(protocol)).as(protocol).isPositive();
    }
    for (String protocol : List.of("ip", "tcp", "udp", "icmp", "icmpv6")) {
      String status = protocol + ".checksum.status == \"Bad\"";
      assertThat(tshark.show(status)).as(status).isEmpty();
    }
    assertThat(tshark.show("_ws.malformed || _ws.short")).isEmpty();
    assertThat(tshark.show("_ws.expert.severity == \"Error\"")).isEmpty();
  }
}
