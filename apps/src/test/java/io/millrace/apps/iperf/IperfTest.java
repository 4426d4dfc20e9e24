package io.millrace.apps.iperf;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.millrace.apps.iperf.TestResult.OfStream;
import io.millrace.apps.iperf.TestResult.Totals;
import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client with our server, in virtual time. */
class IperfTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final int PORT = 5201;
  private static final Duration LONG = Duration.ofMinutes(2);

  private final World world = new World(3);
  private final Recorder client = new Recorder();
  private final Recorder server = new Recorder();
  private NetStack clients;
  private NetStack servers;
  private int framesOfClient;
  private int framesOfServer;

  /** Keeps what it is told. */
  private static final class Recorder implements TestObserver {
    private final List<Session> connected = new ArrayList<>();
    private final List<TestResult> results = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private int starts;

    @Override
    public void connected(Session session) {
      connected.add(session);
    }

    @Override
    public void started(Session session) {
      starts++;
    }

    @Override
    public void ended(Session session, TestResult result) {
      results.add(result);
    }

    @Override
    public void failed(String sentence) {
      failures.add(sentence);
    }

    boolean isDone() {
      return !results.isEmpty() || !failures.isEmpty();
    }

    TestResult result() {
      assertThat(failures).isEmpty();
      assertThat(results).hasSize(1);
      return results.getFirst();
    }
  }

  private void connect(LinkConfig wire) {
    SimulatedLink link = world.link(wire);
    clients = world.stack(link, "10.0.0.1/24");
    servers = world.stack(link, "10.0.0.2/24");
    world.settle();
    framesOfClient = clients.shard(0).pool().available();
    framesOfServer = servers.shard(0).pool().available();
    IperfServer.listen(servers, PORT, server);
  }

  private void run(TestPlan plan) {
    IperfClient.start(clients, SERVER, PORT, plan, client);
    world.runUntil(() -> client.isDone() && server.isDone(), LONG);
  }

  @AfterEach
  void nothingIsLeft() {
    if (clients != null) {
      world.run(Duration.ofMinutes(6));
      assertThat(Tcp.of(clients.shard(0)).connectionCount()).isZero();
      assertThat(Tcp.of(servers.shard(0)).connectionCount()).isZero();
      assertThat(clients.shard(0).pool().available()).isEqualTo(framesOfClient);
      assertThat(servers.shard(0).pool().available()).isEqualTo(framesOfServer);
      assertThat(clients.shard(0).counters().get(Counter.EXCEPTIONS)).isZero();
      assertThat(servers.shard(0).counters().get(Counter.EXCEPTIONS)).isZero();
    }
    world.close();
  }

  private static LinkConfig wire() {
    return LinkConfig.perfect().withRate(100_000_000, 500_000).withDelay(Duration.ofMillis(1));
  }

  private static TestPlan plan(
      boolean udp, boolean reverse, boolean both, int streams, int seconds, long bytes) {
    return new TestPlan(
        udp,
        reverse,
        both,
        streams,
        seconds,
        0,
        bytes,
        0,
        udp ? 1_000 : 16_384,
        udp ? 2_000_000 : 0,
        udp,
        0);
  }

  /** Both ends come to the same: each result has what both have counted. */
  private void expectBothAgree() {
    List<OfStream> ours = client.result().streams();
    List<OfStream> theirs = server.result().streams();
    assertThat(theirs).hasSameSizeAs(ours);
    for (int i = 0; i < ours.size(); i++) {
      OfStream one = ours.get(i);
      OfStream other = theirs.get(i);
      assertThat(other.id()).isEqualTo(one.id());
      assertThat(other.weSend()).isEqualTo(!one.weSend());
      assertThat(other.sent().bytes()).isEqualTo(one.sent().bytes());
      assertThat(other.received().bytes()).isEqualTo(one.received().bytes());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, 1",
    "true, false, 1",
    "false, true, 1",
    "false, false, 4",
    "false, true, 3"
  })
  void tcpForATime(boolean reverse, boolean both, int streams) {
    connect(wire());
    run(plan(false, reverse, both, streams, 3, 0));
    expectBothAgree();
    for (OfStream stream : client.result().streams()) {
      assertThat(stream.received().bytes()).isBetween(1L, stream.sent().bytes());
      assertThat(stream.received().seconds()).isBetween(2.9, 3.2);
    }
    boolean weSend = !reverse;
    Totals received = client.result().received(weSend);
    double rate = received.bytes() * 8 / received.seconds();
    assertThat(rate).as("of 100 Mbit/s").isBetween(50e6, 100e6);
    assertThat(client.result().any(!weSend)).isEqualTo(both);
  }

  @ParameterizedTest
  @CsvSource({"false, false, 1", "true, false, 2", "false, true, 2", "false, false, 5"})
  void tcpForANumberOfBytes(boolean reverse, boolean both, int streams) {
    connect(wire());
    run(plan(false, reverse, both, streams, 0, 1_000_000));
    expectBothAgree();
    long sent = client.result().sent(!reverse).bytes();
    assertThat(sent).isBetween(1_000_000L, 1_000_000L + streams * 16_384L);
    // The one that receives ends the test when it has enough, though there may be more on the way.
    assertThat(client.result().received(!reverse).bytes())
        .isBetween(reverse ? 1_000_000L : sent, sent);
  }

  @ParameterizedTest
  @CsvSource({"false, false, 1", "true, false, 1", "false, true, 2", "false, false, 3"})
  void udpAtARateThatTheWireHas(boolean reverse, boolean both, int streams) {
    connect(wire());
    run(plan(true, reverse, both, streams, 2, 0));
    expectBothAgree();
    for (OfStream stream : client.result().streams()) {
      // 2 Mbit/s in datagrams of 1,000 bytes, for 2 seconds.
      assertThat(stream.sent().packets()).isBetween(498L, 503L);
      assertThat(stream.received().lost()).isZero();
      assertThat(stream.outOfOrder()).isZero();
      assertThat(stream.sent().packets() - stream.received().packets()).isBetween(0L, 2L);
    }
  }

  @Test
  void udpOnAWireThatLosesPackets() {
    connect(LinkConfig.perfect().withDelay(Duration.ofMillis(1)).withLoss(0.1));
    run(plan(true, false, false, 1, 10, 0));
    OfStream stream = client.result().streams().getFirst();
    assertThat(stream.sent().packets()).isBetween(2_498L, 2_503L);
    assertThat(stream.received().lost()).isBetween(100L, 500L);
    assertThat(stream.received().bytes())
        .isEqualTo(1_000 * (stream.received().packets() - stream.received().lost()));
  }

  @Test
  void whatIsOmittedDoesNotCount() {
    connect(wire());
    TestPlan plan = new TestPlan(true, false, false, 1, 2, 3, 0, 0, 1_000, 2_000_000, false, 0);
    run(plan);
    assertThat(client.starts).isEqualTo(2);
    assertThat(server.starts).isEqualTo(2);
    assertThat(client.result().sent(true).packets()).isBetween(498L, 503L);
    assertThat(client.result().received(true).packets()).isBetween(495L, 505L);
  }

  @Test
  void oneTestAfterTheOther() {
    connect(wire());
    for (int i = 0; i < 3; i++) {
      Recorder one = new Recorder();
      IperfClient.start(clients, SERVER, PORT, plan(false, false, false, 1, 1, 0), one);
      world.runUntil(one::isDone, LONG);
      one.result();
    }
    assertThat(server.results).hasSize(3);
  }

  @Test
  void aSecondClientIsToldThatTheServerIsBusy() {
    connect(wire());
    IperfClient.start(clients, SERVER, PORT, plan(false, false, false, 1, 5, 0), client);
    world.run(Duration.ofSeconds(1));
    Recorder second = new Recorder();
    IperfClient.start(clients, SERVER, PORT, plan(false, false, false, 1, 5, 0), second);
    world.runUntil(second::isDone, LONG);
    assertThat(second.failures)
        .containsExactly("the server is busy with another test; try again later");
    world.runUntil(client::isDone, LONG);
    client.result();
  }

  @Test
  void nobodyThere() {
    connect(wire());
    IperfClient.start(clients, SERVER, 1, TestPlan.defaults(), client);
    world.runUntil(client::isDone, LONG);
    assertThat(client.failures)
        .containsExactly("the server refused the connection: nothing listens on port 1");
    Recorder nowhere = new Recorder();
    IperfClient.start(clients, IpAddress.parse("192.0.2.1"), PORT, TestPlan.defaults(), nowhere);
    assertThat(nowhere.failures).containsExactly("no route to 192.0.2.1");
  }

  // ---- clients that do not keep to the protocol ----

  private static final byte[] COOKIE = "abcdefghijklmnopqrstuvwxyz2345672345\0".getBytes(US_ASCII);

  private static byte[] json(String text) {
    return ByteBuffer.allocate(4 + text.length())
        .putInt(text.length())
        .put(text.getBytes(US_ASCII))
        .array();
  }

  private final class Raw implements TcpHandler {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final TcpConnection connection;

    Raw() {
      connection = Tcp.of(clients.shard(0)).connect(SERVER, PORT, this);
      world.run(Duration.ofMillis(100));
    }

    Raw send(byte[] bytes) {
      connection.send(bytes, 0, bytes.length);
      world.run(Duration.ofMillis(100));
      return this;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      received.writeBytes(data.toByteArray());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "[1, 2]",
        "{\"tcp\": true, \"parallel\": 1000000}",
        "{\"tcp\": true, \"len\": -1}",
        "{\"sctp\": true}"
      })
  void parametersThatAreNotPossibleAreAnsweredWithAnError(String text) {
    connect(wire());
    Raw raw = new Raw().send(COOKIE).send(json(text));
    assertThat(raw.received.toByteArray())
        .startsWith(Control.PARAM_EXCHANGE, Control.SERVER_ERROR)
        .hasSize(10);
    assertThat(server.failures).hasSize(1);
    expectServerServes();
  }

  @Test
  void aLengthThatIsNotPossibleEndsTheTest() {
    connect(wire());
    new Raw().send(COOKIE).send(new byte[] {0x7f, 0, 0, 0});
    assertThat(server.failures).hasSize(1);
    expectServerServes();
  }

  @Test
  void aClientThatVanishesEndsTheTest() {
    connect(wire());
    Raw raw = new Raw().send(COOKIE);
    raw.connection.abort();
    world.run(Duration.ofSeconds(1));
    assertThat(server.failures).containsExactly("the control connection was lost");
    expectServerServes();
  }

  @Test
  void aClientThatSaysNothingMoreIsGivenUp() {
    connect(wire());
    new Raw().send(COOKIE).send(json(TestPlan.defaults().toJson().toString()));
    world.run(Duration.ofMinutes(1));
    assertThat(server.failures).containsExactly("the client does not answer");
    expectServerServes();
  }

  @Test
  void halfACookieIsGivenUp() {
    connect(wire());
    new Raw().send(new byte[] {'a', 'b'});
    world.run(Duration.ofMinutes(1));
    expectServerServes();
  }

  /** As on a slow link: iperf3 reads what is on its way before it answers. */
  @Test
  void aClientThatTakesMinutesToReadWhatIsLeftGetsItsResults() {
    connect(wire());
    String reverse = plan(false, true, false, 1, 0, 1_000_000).toJson().toString();
    Raw raw = new Raw().send(COOKIE).send(json(reverse));
    new Raw().send(COOKIE);
    raw.send(new byte[] {Control.TEST_END});
    world.run(Duration.ofMinutes(3));
    assertThat(raw.received.toByteArray())
        .endsWith(Control.TEST_START, Control.TEST_RUNNING, Control.EXCHANGE_RESULTS);
    raw.received.reset();
    raw.send(json("{\"streams\": []}"));
    assertThat(raw.received.toString(US_ASCII)).contains("\"bytes\":");
    assertThat(raw.received.toByteArray()).endsWith(Control.DISPLAY_RESULTS);
    raw.send(new byte[] {Control.DONE});
    raw.connection.close();
    assertThat(server.failures).isEmpty();
    assertThat(server.results).hasSize(1);
    expectServerServes();
  }

  private void expectServerServes() {
    server.failures.clear();
    run(plan(false, false, false, 1, 1, 0));
    client.result();
  }

  // ---- reports ----

  @Test
  void theReportInJsonHasTheShapeOfIperf3() {
    connect(wire());
    run(plan(true, false, false, 2, 1, 0));
    StringWriter text = new StringWriter();
    JsonReport report = new JsonReport(new PrintWriter(text));
    Session session = client.connected.getFirst();
    report.connected(session);
    report.interval(
        session.streams().stream()
            .map(s -> new Report.Interval(s, 0, 1, s.bytes, s.packets, 0, 0, false))
            .toList());
    report.ended(session, client.result());
    JsonObject json = JsonParser.parseString(text.toString()).getAsJsonObject();
    JsonObject start = json.getAsJsonObject("start");
    assertThat(start.getAsJsonArray("connected")).hasSize(2);
    assertThat(start.getAsJsonObject("test_start").get("protocol").getAsString()).isEqualTo("UDP");
    JsonObject interval = json.getAsJsonArray("intervals").get(0).getAsJsonObject();
    assertThat(interval.getAsJsonArray("streams")).hasSize(2);
    long sent = client.result().sent(true).bytes();
    assertThat(interval.getAsJsonObject("sum").get("bytes").getAsLong()).isEqualTo(sent);
    JsonObject end = json.getAsJsonObject("end");
    assertThat(end.getAsJsonObject("sum_sent").get("bytes").getAsLong()).isEqualTo(sent);
    assertThat(end.getAsJsonObject("sum").get("lost_packets").getAsLong()).isZero();
    assertThat(
            end.getAsJsonArray("streams").get(1).getAsJsonObject().getAsJsonObject("udp").keySet())
        .contains("socket", "bits_per_second", "jitter_ms", "lost_percent", "out_of_order");
    assertThat(end.getAsJsonObject("cpu_utilization_percent").keySet())
        .contains("host_total", "remote_total");
  }

  @Test
  void theReportInText() {
    connect(wire());
    run(plan(false, false, false, 2, 0, 1 << 20));
    StringWriter text = new StringWriter();
    TextReport report = new TextReport(new PrintWriter(text));
    report.connected(client.connected.getFirst());
    report.ended(client.connected.getFirst(), client.result());
    assertThat(text.toString())
        .contains("connected to 10.0.0.2 port 5201, sending")
        .containsPattern("\\[  1\\] +0\\.00-[0-9.]+ +sec +512 KBytes +[0-9.]+ Mbits/sec +sender\n")
        .containsPattern(
            "\\[SUM\\] +0\\.00-[0-9.]+ +sec +1\\.00 MBytes +[0-9.]+ Mbits/sec +receiver\n");
  }
}
