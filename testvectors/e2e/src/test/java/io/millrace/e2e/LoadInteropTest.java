package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.diag.Counter;
import io.millrace.tcp.Tcp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many connections at once, and many one after the other. */
@Order(40)
class LoadInteropTest {
  private static final int SEQUENTIAL = Lab.FULL ? 10_000 : 1_000;
  private static final int CONCURRENT = 1_000;
  private static final String WRK_TIME = Lab.FULL ? "30s" : "3s";

  private Lab lab;

  @BeforeEach
  void open() throws IOException {
    Lab.assume("wrk", "curl", "ip");
    lab = Lab.open(link());
    HttpServer.listen(lab.stack(), 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
  }

  Link link() {
    return Link.DEFAULT;
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void wrk_sees_no_error_on_256_connections() {
    String report =
        lab.run(
            "wrk",
            "-t",
            "1",
            "-c",
            "256",
            "-d",
            WRK_TIME,
            "--timeout",
            "60s",
            "http://" + Lab.STACK + "/");
    // wrk reports errors in two lines, and only if there are any.
    assertThat(report).doesNotContain("Socket errors", "Non-2xx");
    Matcher requests = Pattern.compile("(\\d+) requests in").matcher(report);
    assertThat(requests.find()).as(report).isTrue();
    assertThat(Long.parseLong(requests.group(1))).isGreaterThan(256);
    report(report);
    assertAllConnectionsEnd();
  }

  @Test
  void connections_one_after_the_other_all_succeed() throws IOException {
    assertThat(KernelClient.run(lab, "sequential", SEQUENTIAL)).isEqualTo("ok " + SEQUENTIAL);
    assertThat(lab.shard().counters().get(Counter.TCP_PASSIVE_OPENS)).isEqualTo(SEQUENTIAL);
    assertAllConnectionsEnd();
  }

  @Test
  void a_thousand_connections_at_once_are_all_served() throws IOException {
    assertThat(KernelClient.run(lab, "concurrent", CONCURRENT)).isEqualTo("ok " + CONCURRENT);
    assertAllConnectionsEnd();
  }

  @Test
  void connections_of_ours_one_after_the_other_all_succeed(@TempDir Path folder)
      throws IOException {
    Transfers transfers = Transfers.start(lab, folder, 8080);
    for (int i = 0; i < SEQUENTIAL; i++) {
      transfers.checkFetch(1_000);
    }
    assertThat(lab.shard().counters().get(Counter.TCP_ACTIVE_OPENS)).isEqualTo(SEQUENTIAL);
    assertAllConnectionsEnd();
  }

  private void report(String text) {
    if (Lab.FULL) {
      System.out.println(text);
    }
  }

  private void assertAllConnectionsEnd() {
    Await.until(
        "the end of all connections",
        () -> Await.ask(lab.shard(), () -> Tcp.of(lab.shard()).connectionCount() == 0));
    lab.assertNothingThrown();
  }
}
