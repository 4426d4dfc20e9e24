package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.example.EchoServer;
import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.diag.DropReason;
import io.millrace.tcp.Tcp;
import io.millrace.udp.Udp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What port scanners, operating system detection and a talkative kernel send. */
@Order(60)
class OddPacketsInteropTest {
  private static Lab lab;

  @BeforeAll
  static void open() throws IOException {
    Lab.assume("nmap", "curl", "ping", "ip");
    lab = Lab.open(Link.PLAIN);
    HttpServer.listen(lab.stack(), 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
    Tcp.listen(lab.stack(), 7, c -> new EchoServer());
    lab.shard()
        .execute(
            () ->
                Udp.of(lab.shard())
                    .bind(7, (socket, data, hi, lo, port) -> socket.sendTo(hi, lo, port, data)));
  }

  @AfterAll
  static void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @AfterEach
  void a_page_is_served_afterwards_and_nothing_was_thrown() {
    lab.assertNothingThrown();
    assertThat(lab.run("curl", "-q", "-sS", "-f", "http://" + Lab.STACK + "/")).contains("</html>");
  }

  private static String nmap(String options) {
    List<String> command =
        new ArrayList<>(List.of("nmap", "-n", "-Pn", "-T5", "--max-retries", "2"));
    command.addAll(List.of(options.split(" ")));
    command.add(Lab.STACK);
    return lab.run(command.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-sS", "-sT", "-sS --mtu 24", "-sS --data-length 100"})
  void scans_that_open_find_what_is_open_and_what_is_closed(String kind) {
    assertThat(nmap(kind + " -v -p 7,80,100-110"))
        .containsPattern("7/tcp +open")
        .containsPattern("80/tcp +open")
        .containsPattern("105/tcp +closed");
  }

  /** RFC 9293 §3.10.7.2: to a listener a segment without SYN, ACK and RST is nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"-sF", "-sX", "-sN"})
  void scans_without_syn_and_ack_are_answered_only_where_nobody_listens(String kind) {
    assertThat(nmap(kind + " -v -p 7,80,105"))
        .containsPattern("7/tcp +open\\|filtered")
        .containsPattern("80/tcp +open\\|filtered")
        .containsPattern("105/tcp +closed");
  }

  /** RFC 9293 §3.10.7.2: an ACK that comes to a listener is answered with a reset. */
  @ParameterizedTest
  @ValueSource(strings = {"-sA", "-sW", "-sM"})
  void scans_with_ack_are_answered_with_a_reset(String kind) {
    assertThat(nmap(kind + " -v -p 7,80,105")).doesNotContainPattern("/tcp +filtered");
  }

  /** RFC 3128 §3: a TCP header that is cut behind its ports gets past filters, but not past us. */
  @Test
  void a_scan_in_fragments_of_eight_bytes_is_not_answered() {
    assertThat(nmap("-sS -f -v -p 7,105"))
        .containsPattern("7/tcp +filtered")
        .containsPattern("105/tcp +filtered");
    assertThat(lab.shard().counters().get(DropReason.FRAGMENT_MALFORMED)).isPositive();
  }

  @Test
  void a_scan_of_udp_finds_what_is_open() {
    assertThat(nmap("-sU -v -p 7,100 --data-string hello"))
        .containsPattern("7/udp +open ")
        .containsPattern("100/udp +closed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-O --osscan-guess -p 7,80,105",
        "-sV --version-intensity 0 -p 80",
        "-sO -p 1,2,6,17,41,50,132,255",
        "-sS --badsum -p 7,80",
        "-sS --scanflags URGACKPSHRSTSYNFIN -p 7,80,105",
        "-sS --scanflags SYNFIN -p 7,80,105",
        "-sS --scanflags SYNRST -p 7,80,105",
        "-sS --ip-options R -p 7,80",
        "-sS --ip-options T -p 7,80",
        "-sS --ip-options L -p 7,80",
        "-sS --ttl 1 -p 7,80"
      })
  void other_probes_do_no_harm(String kind) {
    assertThat(nmap(kind)).contains("1 IP address");
  }

  @Test
  void what_the_kernel_sends_of_its_own_accord_does_no_harm() {
    lab.run("sysctl", "-qw", "net.ipv6.conf." + Lab.DEVICE + ".disable_ipv6=0");
    lab.run("ip", "link", "set", Lab.DEVICE, "down");
    lab.run("ip", "link", "set", Lab.DEVICE, "up");
    lab.attempt("ping", "-n", "-6", "-c", "2", "-i", "0.1", "-W", "1", "ff02::1%" + Lab.DEVICE);
    lab.attempt("ping", "-n", "-b", "-c", "2", "-i", "0.1", "-W", "1", "10.99.0.255");
    lab.attempt("ping", "-n", "-b", "-c", "2", "-i", "0.1", "-W", "1", "255.255.255.255");
    lab.attempt("ping", "-n", "-c", "2", "-i", "0.1", "-W", "1", "-I", Lab.DEVICE, "224.0.0.1");
    lab.attempt("ping", "-n", "-R", "-c", "2", "-i", "0.1", "-W", "1", Lab.STACK);
    lab.attempt("ping", "-n", "-T", "tsandaddr", "-c", "2", "-i", "0.1", "-W", "1", Lab.STACK);
  }
}
