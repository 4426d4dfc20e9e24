package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.diag.DropReason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every direction of the wire loses two packets in a hundred, lets others overtake them and
 * delivers some twice: nothing hangs, no byte is wrong.
 */
@Order(50)
class BadWireInteropTest {
  private static final long LARGEST = Lab.FULL ? 1L << 30 : 8L << 20;
  private static final int SEQUENTIAL = Lab.FULL ? 10_000 : 200;
  private static final int CONCURRENT = Lab.FULL ? 1_000 : 300;

  private Lab lab;

  @BeforeEach
  void assume() {
    Lab.assume("curl", "wrk", "ping", "nc", "ip");
  }

  private void open(Link link) {
    lab = Lab.open(link);
  }

  @AfterEach
  void close() {
    if (lab != null) {
      assertThat(lab.shard().counters().get(DropReason.IMPAIRED_LOSS)).isPositive();
      lab.close();
    }
  }

  @Test
  void files_arrive_as_they_were_sent(@TempDir Path folder) throws IOException {
    open(Link.BAD);
    Transfers transfers = Transfers.start(lab, folder, 80);
    for (long size : LongStream.of(1, 1_000, 100_000, LARGEST).toArray()) {
      transfers.check(size);
    }
  }

  @Test
  void files_arrive_over_an_awful_wire_too(@TempDir Path folder) throws IOException {
    open(Link.AWFUL);
    Transfers transfers = Transfers.start(lab, folder, 80);
    transfers.check(1_000);
    transfers.check(1_000_000);
    assertThat(lab.shard().counters().get(DropReason.TCP_BAD_CHECKSUM)).isPositive();
  }

  @Test
  void netcat_receives_what_it_sent() throws IOException {
    open(Link.BAD);
    byte[] input = new byte[300_000];
    new SplittableRandom(1).nextBytes(input);
    io.millrace.tcp.Tcp.listen(lab.stack(), 7, c -> new AnswerAtEnd());
    Process nc = lab.startWith(input, "nc", "-N", Lab.STACK, "7");
    assertThat(nc.getInputStream().readAllBytes()).isEqualTo(input);
    assertThat(Lab.exitCode(nc)).isZero();
  }

  @Test
  void most_pings_return_whole() {
    open(Link.BAD);
    // 12 fragments of a request and its reply, each of which gets lost in 2 of 100 cases.
    String output =
        lab.attempt("ping", "-n", "-c", "100", "-i", "0.01", "-W", "2", "-s", "8000", Lab.STACK)
            .output();
    assertThat(output).containsPattern("[5-9]\\d received").doesNotContain("wrong data");
  }

  @Test
  void wrk_sees_no_error_on_256_connections() throws IOException {
    open(Link.BAD);
    serve();
    String report =
        lab.run(
            "wrk",
            "-t",
            "1",
            "-c",
            "256",
            "-d",
            Lab.FULL ? "30s" : "5s",
            "--timeout",
            "120s",
            "http://" + Lab.STACK + "/");
    assertThat(report).doesNotContain("Socket errors", "Non-2xx").contains("requests in");
  }

  @Test
  void connections_one_after_the_other_all_succeed() throws IOException {
    open(Link.BAD);
    serve();
    assertThat(KernelClient.run(lab, "sequential", SEQUENTIAL)).isEqualTo("ok " + SEQUENTIAL);
  }

  @Test
  void connections_at_once_are_all_served() throws IOException {
    open(Link.BAD);
    serve();
    assertThat(KernelClient.run(lab, "concurrent", CONCURRENT)).isEqualTo("ok " + CONCURRENT);
  }

  private void serve() throws IOException {
    HttpServer.listen(lab.stack(), 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
  }
}
