package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Wireshark's dissectors on a capture file. */
final class Tshark {
  /** Without these it takes every checksum for right, and finds protocols in random bytes. */
  private static final List<String> CHECK =
      List.of(
          "-d", "tcp.port==1-65535,data",
          "-o", "ip.check_checksum:TRUE",
          "-o", "tcp.check_checksum:TRUE",
          "-o", "udp.check_checksum:TRUE",
          "-o", "udplite.check_checksum:TRUE",
          "-o", "udplite.ignore_checksum_coverage:FALSE");

  private final Path capture;

  Tshark(Path capture) {
    this.capture = capture;
  }

  /** One line for each packet that a display filter lets through. */
  List<String> show(String filter) throws IOException {
    List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", capture.toString()));
    command.addAll(CHECK);
    command.addAll(List.of("-Y", filter));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(Lab.exitCode(process)).as("%s", command).isZero();
    return output.lines().toList();
  }

  int count(String filter) throws IOException {
    return show(filter).size();
  }
}
