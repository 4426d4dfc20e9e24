package io.millrace.apps;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person is told: one sentence, and an exit code that says whether it worked. */
class CommandLineTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  private int run(String line) {
    return run(line.isEmpty() ? new String[0] : line.split(" "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                | say which command",
        "nonsense                          | Unmatched argument",
        "httpd --nonsense                  | Unknown option: '--nonsense'",
        "httpd surplus                     | Unmatched argument",
        "httpd --port 0                    | '0' is not a port number from 1 to 65535",
        "httpd --port 65536                | '65536' is not a port number from 1 to 65535",
        "httpd --port x                    | 'x' is not a port number from 1 to 65535",
        "httpd --address 10.0.0.2          | '10.0.0.2' has no prefix length; write it as in"
            + " 10.0.0.2/24",
        "httpd --address 10.0.0.2/33       | /33 is not a prefix length from 0 to 32",
        "httpd --address 10.0.0/24         | '10.0.0' is not an IP address",
        "httpd --address fe80::1/129       | /129 is not a prefix length from 0 to 128",
        "httpd --gateway x                 | 'x' is not an IP address",
        "ping                              | Missing required parameter: 'HOST'",
        "ping host.name -4 -6              | are mutually exclusive",
        "ping 10.0.0.1 -c 0                | '0' is not a whole number of at least 1",
        "ping 10.0.0.1 -s 65508            | -s takes 0 to 65507 bytes",
        "ping 10.0.0.1 -t 0                | -t takes 1 to 255 hops",
        "ping 10.0.0.1 -i 0                | -i takes 0.001 to 3600 seconds",
        "ping 10.0.0.1 -M maybe            | -M takes do or dont",
        "fetch                             | Missing required parameter: 'URL'",
        "fetch https://10.0.0.1/           | https is not there: Millrace has no TLS of its own;"
            + " use http",
        "fetch ftp://10.0.0.1/             | is not of the form http://host[:port]/path",
        "fetch http://                     | is not a URL",
        "capture mem:w                     | Missing required parameter: 'FILE'",
        "capture mem:w f --seconds x       | 'x' is not a whole number of at least 1",
        "iperf3                            | Missing required argument",
        "iperf3 -s -c 10.0.0.1             | mutually exclusive",
        "iperf3 -c 10.0.0.1 -t 1 -n 1M     | give one of them",
        "iperf3 -c 10.0.0.1 -n 1X          | '1X' is not a number of bytes",
        "iperf3 -c 10.0.0.1 -b fast        | 'fast' is not a number of bits per second",
        "iperf3 -c 10.0.0.1 -P 129         | the number of streams is 129",
        "iperf3 -c 10.0.0.1 -R --bidir     | not both",
        "iperf3 -c 10.0.0.1 -u -l 70000    | the size of a datagram is 70000",
        "iperf3 -c 10.0.0.1 -i 0.01        | -i takes 0, or 0.1 to 60 seconds",
        "iperf3 -c 10.0.0.1 -w 1           | -w takes 2K to 1G bytes",
        "demo --seconds 0                  | --seconds takes 1 to 600",
        "demo --connections 0              | --connections takes 1 to 10000",
      })
  void wrongArgumentsAreExplained(String line, String sentence) {
    assertThat(run(line)).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(2);
    assertThat(err.toString().lines().findFirst())
        .hasValueSatisfying(l -> assertThat(l).contains(sentence));
    assertThat(err.toString().lines().skip(1).findFirst())
        .hasValueSatisfying(l -> assertThat(l).matches("Try: ./millrace [a-z0-9 ]*--help"));
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "httpd --driver nonsense           | 'nonsense' is not a port: write driver:target",
        "httpd --driver foo:bar            | there is no driver 'foo'; available are afpacket,"
            + " afxdp, kernel, mem, pcap, tap",
        "httpd --driver mem:w,x=1          | unknown option x",
        "httpd --driver mem:w,loss=2       | loss=2",
        "httpd --driver mem:w --root /none | /none is not a folder that can be read",
        "echo --driver mem:                | the wire has no name",
        "echo --driver mem:w --shards 0    | a stack has 1 to",
        "iperf3 -c 192.0.2.1 --driver foo:bar | there is no driver 'foo'",
        "ping 10.77.0.1 --driver pcap:/none/in.pcap | /none/in.pcap",
        "fetch http://10.77.0.1/ --driver foo:bar -o /none/x | cannot be written",
        "capture mem:w a,b                 | cannot have a comma",
        "capture mem:w /none/out.pcapng    | /none/out.pcapng",
      })
  void whatCannotBeDoneIsSaidInOneSentence(String line, String sentence) {
    assertThat(run(line)).isEqualTo(1);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString())
        .contains(sentence)
        .startsWith(line.substring(0, line.indexOf(' ')) + ": ");
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "demo ", "httpd ", "echo ", "iperf3 ", "fetch ", "ping ", "capture "})
  void everyCommandHasHelp(String command) {
    assertThat(run(command + "--help")).isZero();
    assertThat(out.toString())
        .startsWith("Usage: ./millrace " + command.strip())
        .contains("--help");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void onRequestTheErrorSaysWhereItArose() {
    assertThat(run("httpd --driver foo:bar --verbose")).isEqualTo(1);
    assertThat(err.toString()).contains("PortException", "\tat io.millrace.");
  }

  @Test
  void aFetchThatFailsLeavesNoFile() throws IOException {
    Path file = Files.writeString(folder.resolve("page"), "as it was");
    assertThat(run("fetch", "http://192.0.2.1/", "--driver", "mem:nobody", "-o", file.toString()))
        .isEqualTo(1);
    assertThat(err.toString()).contains("fetch: no route to 192.0.2.1");
    assertThat(folder).isDirectoryContaining(f -> f.equals(file));
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
    assertThat(file).hasContent("as it was");
  }

  @Test
  void aPingThatNobodyAnswersFails() {
    assertThat(run("ping 192.0.2.1 -c 1 -W 0 --driver mem:nobody")).isEqualTo(1);
    assertThat(out.toString())
        .contains(
            "PING 192.0.2.1 from 10.77.0.2",
            "no route to 192.0.2.1",
            "1 sent, 0 received, 100% lost");
  }

  @Test
  void anIperf3ServerThatCannotBeReachedIsSaid() {
    assertThat(run("iperf3 -c 192.0.2.1 --driver mem:nobody")).isEqualTo(1);
    assertThat(out.toString()).contains("no route to 192.0.2.1");
    assertThat(run("iperf3 -c 192.0.2.1 -J --driver mem:nobody")).isEqualTo(1);
    assertThat(out.toString()).contains("\"error\": \"no route to 192.0.2.1\"");
  }

  @Test
  void theDemoRunsWithoutAnyPrivilege() {
    Path capture = folder.resolve("demo.pcapng");
    assertThat(
            run(
                "demo",
                "--in-memory",
                "--seconds",
                "1",
                "--connections",
                "2",
                "--capture",
                capture.toString()))
        .isZero();
    assertThat(out.toString())
        .contains(
            "This page came to you over a TCP/IP stack written in Java.",
            "the same",
            "requests/s",
            " 0 errors")
        .contains("Every packet of it is in " + capture);
    assertThat(capture).isNotEmptyFile();
    assertThat(err.toString()).isEmpty();
  }
}
