package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tools that people look at a host with, over both families: curl, ping, traceroute, ndisc6 and
 * nmap on the kernel's side of a TAP.
 */
@Order(13)
class DualStackInteropTest {
  private static final int FILE_PORT = 8080;
  private static final int FILE_SIZE = 100_000_000;

  @TempDir private static Path folder;

  private static DualStackLab lab;
  private static String digest;

  @BeforeAll
  static void open() throws IOException {
    Lab.assume("curl", "ping", "ip");
    lab = DualStackLab.open("");
    digest = makeFile(folder.resolve("file.bin"));
    HttpServer.listen(lab.stack(), FILE_PORT, HttpConfig.defaults().withRoot(folder));
  }

  @AfterAll
  static void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @AfterEach
  void the_stack_serves() {
    lab.assertServes();
  }

  private static String makeFile(Path file) throws IOException {
    SplittableRandom random = new SplittableRandom(6);
    MessageDigest sha256 = sha256();
    byte[] piece = new byte[100_000];
    try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), sha256)) {
      for (int left = FILE_SIZE; left > 0; left -= piece.length) {
        random.nextBytes(piece);
        out.write(piece);
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /** How curl writes our addresses: of both families, and the link-local one with its zone. */
  private static List<String> hosts() {
    return List.of(
        DualStackLab.STACK_V4,
        "[" + DualStackLab.STACK + "]",
        "[" + lab.linkLocal() + "%25" + DualStackLab.DEVICE + "]");
  }

  @Test
  void curl_fetches_a_thousand_pages_over_one_connection() {
    for (String host : hosts()) {
      String escaped = host.replace("[", "\\[").replace("]", "\\]");
      String url = "http://" + escaped + "/?[1-1000]";
      String output =
          lab.run("curl", "-q", "-sS", "-f", "-o", "/dev/null", "-w", "%{num_connects}\n", url);
      assertThat(output.lines()).as(host).hasSize(1000).containsOnlyOnce("1");
    }
  }

  @Test
  void curl_fetches_and_sends_a_hundred_megabytes() {
    String file = folder.resolve("file.bin").toString();
    for (String host : hosts()) {
      String url = "http://" + host + ":" + FILE_PORT + "/";
      String down = "curl -q -g -sS -f '" + url + "file.bin' | sha256sum";
      assertThat(lab.run("sh", "-c", down)).as("from %s", host).startsWith(digest);
      assertThat(lab.run("curl", "-q", "-g", "-sS", "-f", "-T", file, url + "sink"))
          .as("to %s", host)
          .contains(digest);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 56, 1452, 1453, 8000})
  void ping_hears_us_at_every_address(int size) {
    String zone = "%" + DualStackLab.DEVICE;
    String ours = lab.linkLocal();
    for (String to :
        List.of(DualStackLab.STACK_V4, DualStackLab.STACK, ours + zone, "ff02::1" + zone)) {
      String output =
          lab.run(
              "ping", "-n", "-M", "dont", "-c", "3", "-i", "0.1", "-W", "30", "-s", "" + size, to);
      assertThat(output).contains("3 received").doesNotContain("wrong data");
    }
    // The kernel answers its own questions to a group too: whoever is listed with "DUP!" is us.
    String output =
        lab.run(
            "ping", "-n", "-M", "dont", "-c", "3", "-i", "0.3", "-s", "" + size, "ff02::1" + zone);
    String lastGroup = ours.substring(ours.lastIndexOf(':'));
    assertThat(output).containsPattern((size + 8) + " bytes from fe80:[0-9a-f:]*" + lastGroup);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 10.97.0.2", "-I, 10.97.0.2", "-T -p 80, 10.97.0.2", "-T -p 81, 10.97.0.2",
    "-U -p 9, 10.97.0.2", "'', 2001:db8:97::2", "-I, 2001:db8:97::2", "-T -p 80, 2001:db8:97::2",
    "-T -p 81, 2001:db8:97::2", "-U -p 9, 2001:db8:97::2"
  })
  void traceroute_finds_us_at_the_first_hop(String mode, String address) {
    Lab.assumeInstalled("traceroute");
    List<String> command = new ArrayList<>(List.of("traceroute", "-n", "-q", "1", "-w", "20"));
    command.addAll(mode.isEmpty() ? List.of() : List.of(mode.split(" ")));
    command.add(address);
    for (String size : List.of("60", "1400")) {
      List<String> sized = new ArrayList<>(command);
      if (!mode.startsWith("-T")) { // a SYN has no size
        sized.add(size);
      }
      String output = lab.run(sized.toArray(String[]::new));
      assertThat(output).containsPattern("(?m)^ 1  " + address + "  [0-9.]+ ms$");
      assertThat(output).doesNotContain("\n 2 ", "!");
    }
  }

  @Test
  void ndisc6_resolves_us_and_nobody_else() {
    Lab.assumeInstalled("ndisc6");
    String mac = macOf(lab.stack().ports().get(0).mac());
    for (String address : List.of(DualStackLab.STACK, lab.linkLocal())) {
      String output = lab.run("ndisc6", "-m", "-1", "-w", "20000", address, DualStackLab.DEVICE);
      assertThat(output).containsIgnoringCase("Target link-layer address: " + mac);
    }
    String[] nobody = {"ndisc6", "-r", "1", "-w", "500", "2001:db8:97::3", DualStackLab.DEVICE};
    assertThat(lab.attempt(nobody).exitCode()).isEqualTo(2);
  }

  private static String macOf(long mac) {
    return String.format("%012x", mac).replaceAll("(..)(?!$)", "$1:");
  }

  @Test
  void nmap_sees_what_is_open_and_what_is_not() {
    Lab.assumeInstalled("nmap");
    for (String family : List.of("", "-6")) {
      String target = family.isEmpty() ? DualStackLab.STACK_V4 : DualStackLab.STACK;
      String tcp = nmap(family, "-sS -p 79-81,8080", target);
      assertThat(tcp)
          .containsPattern("80/tcp +open")
          .containsPattern("8080/tcp +open")
          .containsPattern("79/tcp +closed")
          .containsPattern("81/tcp +closed");
      assertThat(nmap(family, "-sT -p 79,80", target))
          .containsPattern("79/tcp +closed")
          .containsPattern("80/tcp +open");
      // Neither answers an ACK with anything but a reset.
      assertThat(nmap(family, "-sA -p 79,80", target))
          .containsPattern("79/tcp +unfiltered")
          .containsPattern("80/tcp +unfiltered");
      assertThat(nmap(family, "-sU -p 7,9 --data-string x", target))
          .containsPattern("(?m)^7/udp +open +echo")
          .containsPattern("(?m)^9/udp +closed +discard");
      String icmp = family.isEmpty() ? "1" : "58";
      String protocols = nmap(family, "-sO -p " + icmp + ",6,17,47,132", target);
      assertThat(protocols)
          .containsPattern("(?m)^" + icmp + " +open +")
          .containsPattern("(?m)^6 +open +tcp")
          .containsPattern("(?m)^17 +open +udp")
          .containsPattern("(?m)^47 +closed +gre")
          .containsPattern("(?m)^132 +closed +sctp");
    }
  }

  private static String nmap(String family, String options, String target) {
    String line = "nmap -n -Pn -vv --max-retries 5 " + family + " " + options + " " + target;
    return lab.run("sh", "-c", line);
  }
}
