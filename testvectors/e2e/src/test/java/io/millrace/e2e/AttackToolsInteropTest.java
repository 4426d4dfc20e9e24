package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.ReassemblyConfig;
import io.millrace.ipv6.Ipv6Config;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The attacks of thc-ipv6, each for a second (for ten in the long variant): nothing is thrown, no
 * answer goes out that an RFC forbids, memory stays in its bounds, and a page is served afterwards.
 */
@Order(61)
class AttackToolsInteropTest {
  private static final String SECONDS = Lab.FULL ? "10" : "1";

  /** What reassembly may hold on to, and what may wait for neighbors, in frames. */
  private static final int MOST_FRAMES = 1_024 + 1_024;

  private static DualStackLab lab;
  private static int freeAtFirst;
  private static Answers answers;

  @BeforeAll
  static void open() {
    Lab.assume("atk6-implementation6", "curl", "ip");
    Ipv6Config usual = Ipv6Config.defaults();
    // Fragments wait for two seconds instead of a minute, so that the end is soon.
    Ipv6Config config =
        new Ipv6Config(
            usual.icmpRate(),
            usual.icmpBurst(),
            usual.echoMulticast(),
            usual.skipAuthentication(),
            usual.extensionHeaders(),
            usual.options(),
            usual.extensionBytes(),
            usual.routes(),
            new ReassemblyConfig(256, 64, 1_024, 2_000));
    lab = DualStackLab.open("", config);
    lab.assertServes();
    freeAtFirst = lab.freeFrames();
    answers = Answers.watch(lab);
  }

  @AfterAll
  static void close() {
    if (lab == null) {
      return;
    }
    try (DualStackLab closed = lab;
        Answers watched = answers) {
      assertThat(watched.end()).as("answers that an RFC forbids").isEmpty();
      assertThat(watched.packets()).isPositive();
      Await.until("all frames are free again", () -> closed.freeFrames() == freeAtFirst);
    }
  }

  @AfterEach
  void the_stack_serves_and_has_its_memory() {
    lab.assertServes();
    assertThat(lab.freeFrames()).isGreaterThan(freeAtFirst - MOST_FRAMES);
  }

  private static Lab.Result attack(String command, String seconds) {
    String line =
        command
            .replace("{device}", DualStackLab.DEVICE)
            .replace("{stack}", DualStackLab.STACK)
            .replace("{kernel}", DualStackLab.KERNEL)
            .replace("{router}", lab.kernelLinkLocal());
    return lab.attempt("sh", "-c", "timeout -s KILL " + seconds + " atk6-" + line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "denial6 {device} {stack} 1",
        "denial6 {device} {stack} 2",
        "denial6 {device} {stack} 3",
        "denial6 {device} {stack} 4",
        "denial6 {device} {stack} 5",
        "denial6 {device} {stack} 6",
        "denial6 {device} {stack} 7",
        "dos-new-ip6 {device}",
        "exploit6 {device} {stack}",
        "fake_advertise6 -n 3 -w 0 {device} {stack}",
        "flood_advertise6 {device}",
        "flood_advertise6 {device} {stack}",
        "flood_mld26 {device}",
        "flood_mld6 {device} {stack}",
        "flood_mldrouter6 {device}",
        "flood_redir6 {device} {stack}",
        "flood_redir6 {device} {stack} {router}",
        "flood_router26 -F {device}",
        "flood_router26 {device}",
        "flood_router6 {device}",
        "flood_rs6 -S {device} {stack}",
        "flood_solicitate6 {device}",
        "flood_solicitate6 {device} {stack} {stack}",
        "flood_unreach6 -R {device} {stack}",
        "flood_unreach6 {device} {stack}",
        "fragmentation6 -fp {device} {stack} 8",
        "fragmentation6 -fp {device} {stack} 12",
        "fragmentation6 -fp {device} {stack} 16",
        "fragmentation6 -fp {device} {stack} 18",
        "fragmentation6 -fp {device} {stack} 24",
        "fragmentation6 -fp {device} {stack} 31",
        "kill_router6 {device} {router}",
        "ndpexhaust6 {device} 2001:db8:97::/64",
        "randicmp6 {device} {stack}",
        "rsmurf6 {device} {stack}",
        "sendpees6 {device} 1024 2001:db8:97:: {stack}",
        "smurf6 {device} {kernel}",
        "smurf6 {device} {stack}",
        "thcsyn6 -R -A {device} {stack} x",
        "thcsyn6 -R {device} {stack} 80",
        "toobig6 -u {device} {stack} {kernel} 48",
        "toobig6 {device} {stack} {kernel} 1280",
      })
  void attacks_do_no_harm(String command) {
    Lab.Result result = attack(command, SECONDS);
    // Ended by us, done, or asked for and refused; but run it did.
    assertThat(result.exitCode()).as(result.output()).isNotEqualTo(127);
    assertThat(result.output()).doesNotContain("Syntax:", "Error:");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1 -I",
        "-1 -F",
        "-1 -S",
        "-1 -D",
        "-1 -H",
        "-1 -J",
        "-1 -R -H -D -S -F",
        "-2",
        "-3",
        "-4",
        "-5",
        "-6",
        "-7",
        "-8",
        "-9",
        "-0",
        "-X -D -H",
        "-s 80",
        "-x -1 -D -F"
      })
  void packets_of_all_kinds_with_every_field_wrong_once_do_no_harm(String kind) {
    String limit = Lab.FULL ? "60" : "3";
    for (String target : List.of(DualStackLab.STACK, "ff02::1")) {
      Lab.Result result = attack("fuzz_ip6 -a " + kind + " {device} " + target, limit);
      assertThat(result.output()).contains("Fuzzing packet").doesNotContain("Syntax:");
    }
  }

  /** What implementation6 prints for each of its packets, and why that is right. */
  private static Map<Integer, String> verdicts() {
    Map<Integer, String> verdicts = new LinkedHashMap<>();
    String reply = "PASSED - we got a reply";
    for (int packet : List.of(0, 1, 5, 7, 11, 12, 18, 22, 24, 25, 27, 39, 41, 56)) {
      verdicts.put(packet, reply);
    }
    // Hop-by-hop options that do not stand first (RFC 8200 §4.1); AH and ESP, which we do not have
    // (§4): an unrecognized next header. 14, 15 and 26 have the options behind a fragment header.
    for (int packet : List.of(3, 4, 14, 15, 26, 32, 35)) {
      verdicts.put(packet, "FAILED - error reply [4:1]");
    }
    // More headers, or options in one, than we read (RFC 8883 §3).
    verdicts.put(8, "FAILED - error reply [4:8]");
    for (int packet : List.of(43, 45)) {
      verdicts.put(packet, "FAILED - error reply [4:9]");
    }
    // Routing headers with segments left, of whatever type (RFC 8200 §4.4, RFC 5095 §3).
    for (int packet : List.of(19, 20, 21, 23, 37, 38)) {
      verdicts.put(packet, "FAILED - error reply [4:0]");
    }
    // Options that say that their sender wants to know (§4.2): home address, jumbo, unknown.
    for (int packet : List.of(30, 47, 49, 50)) {
      verdicts.put(packet, "FAILED - error reply [4:2]");
    }
    // Nothing: first fragments without all headers, of which it does not see our answer [4:3] (2,
    // 6,
    // 9, 10); damaged or overlapping (13, 16, 17, 34, 51 to 55); questions of protocols that we
    // do not have, or that were forwarded (28, 29, 31, 42); groups as a source (36, 40); more
    // padding than alignment needs (44, 46; RFC 8504 §5.3); TCP behind AH, of which it does not see
    // our answer [4:1] (33); a jumbogram without the header that makes it one (48).
    for (int packet = 0; packet <= 56; packet++) {
      verdicts.putIfAbsent(packet, "FAILED - no reply");
    }
    return verdicts;
  }

  private static final Pattern VERDICT =
      Pattern.compile("^Test +(\\d+): .*?\\s+((?:PASSED|FAILED) - .*)$", Pattern.MULTILINE);

  @Test
  void every_packet_of_implementation6_is_answered_as_it_must_be() {
    Map<Integer, String> expected = verdicts();
    Map<Integer, String> seen = new LinkedHashMap<>();
    StringBuilder output = new StringBuilder();
    if (Lab.FULL) {
      output.append(attack("implementation6 -p {device} {stack}", "165").output());
    } else {
      // Those that are answered: each of the others takes three seconds. Number 0 runs them all.
      expected.remove(0);
      for (Map.Entry<Integer, String> each : expected.entrySet()) {
        if (!each.getValue().endsWith("no reply")) {
          output.append(
              attack("implementation6 -p {device} {stack} " + each.getKey(), "10").output());
        }
      }
      expected.values().removeIf(verdict -> verdict.endsWith("no reply"));
    }
    Matcher matcher = VERDICT.matcher(output);
    while (matcher.find()) {
      seen.put(Integer.valueOf(matcher.group(1)), matcher.group(2).strip());
    }
    assertThat(seen).isEqualTo(expected);
  }
}
