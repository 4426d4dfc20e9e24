package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.millrace.apps.iperf.IperfClient;
import io.millrace.apps.iperf.IperfServer;
import io.millrace.apps.iperf.JsonReport;
import io.millrace.apps.iperf.TestPlan;
import io.millrace.apps.iperf.TestWatch;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real iperf3 as client of our server, and as server of our client; both report in JSON. */
@Order(25)
class Iperf3InteropTest {
  private static final long BYTES = 20_000_000;
  private static final int DATAGRAM = 1_000;

  /** A rate that the slowest machine manages: 5 Mbit/s. */
  private static final int RATE = 5_000_000;

  private static Lab lab;
  private static int ports = 5201;

  @BeforeAll
  static void open() {
    Lab.assume("iperf3", "ip");
    TcpConfig tcp = TcpConfig.defaults().with().receiveBuffer(4 << 20).sendBuffer(4 << 20).build();
    lab = Lab.open(Link.DEFAULT, tcp);
  }

  @AfterAll
  static void close() {
    if (lab != null) {
      Await.until(
          "the end of all connections",
          () -> Await.ask(lab.shard(), () -> Tcp.of(lab.shard()).connectionCount() == 0));
      lab.close();
    }
  }

  /** What both ends have to say. */
  private record Reports(JsonObject kernels, JsonObject ours) {
    JsonObject kernels(String sum) {
      return kernels.getAsJsonObject("end").getAsJsonObject(sum);
    }

    JsonObject ours(String sum) {
      return ours.getAsJsonObject("end").getAsJsonObject(sum);
    }
  }

  private static CompletableFuture<JsonObject> report(TestWatch watch) {
    return CompletableFuture.supplyAsync(
        () -> {
          StringWriter text = new StringWriter();
          try {
            watch.follow(new JsonReport(new PrintWriter(text)));
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return JsonParser.parseString(text.toString()).getAsJsonObject();
        });
  }

  /** The kernel's client with our server. */
  private static Reports fromKernel(String options) {
    int port = ports++;
    TestWatch watch = new TestWatch(1);
    IperfServer.listen(lab.stack(), port, watch);
    CompletableFuture<JsonObject> ours = report(watch);
    List<String> command =
        new ArrayList<>(List.of("iperf3", "-J", "-c", Lab.STACK, "-p", "" + port));
    command.addAll(List.of(options.split(" ")));
    String text = lab.run(command.toArray(String[]::new));
    return new Reports(json(text), Await.value("our server's report", ours));
  }

  /** Our client with the kernel's server. */
  private static Reports fromUs(TestPlan plan) throws IOException {
    int port = ports++;
    Process server = lab.start("iperf3", "-J", "-s", "-1", "-p", "" + port);
    lab.awaitListener("tcp", port);
    TestWatch watch = new TestWatch(1);
    CompletableFuture<JsonObject> ours = report(watch);
    IperfClient.start(lab.stack(), Lab.KERNEL_ADDRESS, port, plan, watch);
    JsonObject report = Await.value("our client's report", ours);
    String text = new String(server.getInputStream().readAllBytes(), UTF_8);
    assertThat(Lab.exitCode(server)).as(text).isZero();
    return new Reports(json(text), report);
  }

  /** Warnings may stand in front of it. */
  private static JsonObject json(String text) {
    return JsonParser.parseString(text.substring(text.indexOf('{'))).getAsJsonObject();
  }

  private static TestPlan tcp(boolean reverse, boolean both, int streams) {
    return new TestPlan(
        false, reverse, both, streams, 0, 0, BYTES, 0, TestPlan.TCP_BLOCK, 0, false, 0);
  }

  private static TestPlan udp(boolean reverse, int streams) {
    return new TestPlan(true, reverse, false, streams, 2, 0, 0, 0, DATAGRAM, RATE, false, 0);
  }

  private static long bytes(JsonObject sum) {
    return sum.get("bytes").getAsLong();
  }

  private static void expectSame(Reports reports, String ours, String kernels) {
    assertThat(reports.ours.has("error")).as(reports.ours.toString()).isFalse();
    assertThat(reports.kernels.has("error")).as(reports.kernels.toString()).isFalse();
    assertThat(bytes(reports.ours(ours))).isEqualTo(bytes(reports.kernels(kernels)));
  }

  private static void expectBytes(Reports reports) {
    expectSame(reports, "sum_received", "sum_received");
    long sent = bytes(reports.ours("sum_sent"));
    assertThat(sent).isGreaterThanOrEqualTo(BYTES);
    // The word that ends the test may overtake what the receiver has not read.
    assertThat(bytes(reports.ours("sum_received"))).isBetween(1L, sent);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-P 1", "-P 4", "-R", "-R -P 4", "-l 1000", "-R -l 100000"})
  void tcp_between_their_client_and_our_server(String options) {
    Reports reports = fromKernel("-n " + BYTES + " " + options);
    expectBytes(reports);
    expectSame(reports, "sum_sent", "sum_sent");
  }

  @Test
  void tcp_both_ways_between_their_client_and_our_server() {
    Reports reports = fromKernel("--bidir -P 2 -n " + BYTES);
    expectSame(reports, "sum_received", "sum_received");
    // What their reverse direction is to them is ours to us, and the other way round.
    expectSame(reports, "sum_received_bidir_reverse", "sum_received_bidir_reverse");
  }

  @Test
  void tcp_for_a_time_with_a_part_omitted() {
    Reports reports = fromKernel("-t 2 -O 1");
    expectSame(reports, "sum_received", "sum_received");
    assertThat(reports.ours("sum_received").get("seconds").getAsDouble()).isBetween(1.0, 60.0);
    assertThat(bytes(reports.ours("sum_received"))).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void tcp_from_our_client_to_their_server(int streams) throws IOException {
    expectBytes(fromUs(tcp(false, false, streams)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void tcp_from_their_server_to_our_client(int streams) throws IOException {
    Reports reports = fromUs(tcp(true, false, streams));
    assertThat(bytes(reports.ours("sum_received"))).isGreaterThanOrEqualTo(BYTES);
    // A server of theirs has nothing to say of the end that it is not.
    expectSame(reports, "sum_sent", "sum_sent");
  }

  @Test
  void tcp_both_ways_between_our_client_and_their_server() throws IOException {
    Reports reports = fromUs(tcp(false, true, 2));
    assertThat(bytes(reports.ours("sum_received_bidir_reverse"))).isGreaterThanOrEqualTo(BYTES);
    assertThat(bytes(reports.ours("sum_sent"))).isGreaterThanOrEqualTo(BYTES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-P 1", "-P 3", "-R", "-R -P 3", "-P 1 --udp-counters-64bit", "-l 8000"})
  void udp_between_their_client_and_our_server(String options) {
    Reports reports = fromKernel("-u -t 2 -b " + RATE + " -l " + DATAGRAM + " " + options);
    expectDatagrams(reports);
    expectSame(reports, "sum_sent", "sum_sent");
    expectSame(reports, "sum_received", "sum_received");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void udp_between_our_client_and_their_server(boolean reverse) throws IOException {
    Reports reports = fromUs(udp(reverse, 2));
    expectDatagrams(reports);
    String sum = reverse ? "sum_sent" : "sum_received";
    expectSame(reports, sum, sum);
  }

  private static void expectDatagrams(Reports reports) {
    JsonObject sum = reports.ours("sum");
    for (JsonElement stream : reports.ours.getAsJsonObject("end").getAsJsonArray("streams")) {
      JsonObject udp = stream.getAsJsonObject().getAsJsonObject("udp");
      assertThat(udp.get("lost_packets").getAsLong()).isZero();
      assertThat(udp.get("out_of_order").getAsLong()).isZero();
    }
    assertThat(sum.get("lost_packets").getAsLong()).isZero();
    long sent = bytes(reports.ours("sum_sent"));
    // Two seconds at that rate, give or take what a busy machine delays.
    assertThat(sent).isBetween((long) RATE / 8, 3 * 4L * RATE / 8);
    assertThat(bytes(reports.ours("sum_received"))).isBetween(sent / 2, sent);
  }
}
