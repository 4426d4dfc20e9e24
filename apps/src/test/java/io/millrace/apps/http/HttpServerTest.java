package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The web server and the client, on two stacks in virtual time. */
class HttpServerTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @TempDir private Path root;
  private World world;
  private NetStack client;
  private NetStack stack;
  private HttpServer server;
  private int framesOfServer;
  private int framesOfClient;

  @BeforeEach
  void start() throws IOException {
    Files.writeString(root.resolve("hello.txt"), "Hello, world.\n");
    world = new World(1).unchecked();
  }

  @AfterEach
  void stop() {
    world.close();
  }

  private void serve() throws IOException {
    serve(LinkConfig.perfect(), HttpConfig.defaults().withRoot(root));
  }

  private void serve(LinkConfig wire, HttpConfig config) throws IOException {
    SimulatedLink link = world.link(wire);
    client = world.stack(link, "10.0.0.1/24");
    stack = world.stack(link, "10.0.0.2/24");
    world.settle();
    framesOfClient = client.shard(0).pool().available();
    framesOfServer = stack.shard(0).pool().available();
    server = HttpServer.listen(stack, 80, config);
  }

  /** A client that sends what it is told and keeps what comes. */
  private final class Raw implements TcpHandler {
    private final StringBuilder received = new StringBuilder();
    private TcpConnection connection;
    private boolean serverClosed;
    private TcpCloseReason closed;

    Raw() {
      connection = Tcp.of(client.shard(0)).connect(SERVER, 80, this);
      world.run(Duration.ofMillis(10));
    }

    Raw send(String text) {
      connection.send(text.getBytes(ISO_8859_1), 0, text.length());
      world.run(Duration.ofMillis(10));
      return this;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      received.append(new String(data.toByteArray(), ISO_8859_1));
    }

    @Override
    public void onPeerClosed(TcpConnection c) {
      serverClosed = true;
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      closed = reason;
    }

    /** What has come since the last call, with the date taken out. */
    String received() {
      String text = received.toString().replaceAll("Date: [^\r]*GMT\r\n", "");
      received.setLength(0);
      return text;
    }

    void close() {
      connection.close();
      world.run(Duration.ofMinutes(5));
    }
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }

  private static String response(String status, String type, String fields, String body) {
    return "HTTP/1.1 "
        + status
        + "\r\nServer: Millrace\r\nContent-Type: "
        + type
        + "\r\n"
        + fields
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static String hello() {
    return response(
        "200 OK", "text/plain; charset=utf-8", "Accept-Ranges: bytes\r\n", "Hello, world.\n");
  }

  private void expectNothingLeft() {
    assertThat(server.totals().connectionsOpen()).isZero();
    assertThat(client.shard(0).pool().available()).isEqualTo(framesOfClient);
    assertThat(stack.shard(0).pool().available()).isEqualTo(framesOfServer);
  }

  // ---- files ----

  private static final class Sum implements WritableByteChannel {
    private final MessageDigest digest = sha256();
    private long bytes;

    @Override
    public int write(ByteBuffer piece) {
      int n = piece.remaining();
      digest.update(piece);
      bytes += n;
      return n;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}

    String hex() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] file(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    Files.write(root.resolve(name), bytes);
    return bytes;
  }

  private HttpFetch.Result fetch(String target, WritableByteChannel to) {
    CompletableFuture<HttpFetch.Result> result =
        HttpFetch.get(client, SERVER, 80, "a", target, to, (bytes, total) -> {});
    world.runUntil(result::isDone, Duration.ofMinutes(30));
    return result.join();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1_460, 2_048, 2_049, 65_536, 65_537, 1_000_000, 64 << 20})
  void aFileArrivesAsItIs(int size) throws IOException {
    byte[] bytes = file("file.bin", size);
    serve();
    Sum sum = new Sum();
    HttpFetch.Result result = fetch("/file.bin", sum);
    assertThat(result.status()).isEqualTo(200);
    assertThat(result.bytes()).isEqualTo(size);
    assertThat(sum.hex()).isEqualTo(HexFormat.of().formatHex(sha256().digest(bytes)));
    world.run(Duration.ofMinutes(5));
    expectNothingLeft();
  }

  @Test
  void aFileArrivesAsItIsOverABadLine() throws IOException {
    byte[] bytes = file("file.bin", 3_000_000);
    serve(
        LinkConfig.perfect()
            .withDelay(Duration.ofMillis(5))
            .withLoss(0.02)
            .withDuplicates(0.01)
            .withReordering(0.02, Duration.ofMillis(7)),
        HttpConfig.defaults().withRoot(root));
    Sum sum = new Sum();
    assertThat(fetch("/file.bin", sum).bytes()).isEqualTo(bytes.length);
    assertThat(sum.hex()).isEqualTo(HexFormat.of().formatHex(sha256().digest(bytes)));
    world.run(Duration.ofMinutes(30));
    expectNothingLeft();
  }

  @Test
  void aFileThatWasReplacedIsServedAnewASecondLater() throws IOException {
    serve();
    Raw raw = new Raw().send(get("/hello.txt"));
    assertThat(raw.received()).isEqualTo(hello());
    Path next = Files.writeString(root.resolve("next"), "Changed.\n");
    Files.setLastModifiedTime(next, FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
    Files.move(next, root.resolve("hello.txt"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    world.run(Duration.ofSeconds(1));
    assertThat(raw.send(get("/hello.txt")).received()).endsWith("\r\n\r\nChanged.\n");
    Files.delete(root.resolve("hello.txt"));
    world.run(Duration.ofSeconds(1));
    assertThat(raw.send(get("/hello.txt")).received()).startsWith("HTTP/1.1 404 ");
    raw.close();
    expectNothingLeft();
  }

  @Test
  void moreFilesThanMayBeOpenAreServedAllTheSame() throws IOException {
    for (int i = 0; i < 5; i++) {
      file(i + ".bin", 100_000 + i);
    }
    HttpConfig few = new HttpConfig(root, java.util.Map.of(), 10, 2, MINUTE, MINUTE, MINUTE);
    serve(LinkConfig.perfect(), few);
    for (int i = 0; i < 15; i++) {
      assertThat(fetch("/" + i % 5 + ".bin", new Sum()).bytes()).isEqualTo(100_000 + i % 5);
    }
  }

  // ---- requests ----

  @Test
  void aPage() throws IOException {
    serve();
    assertThat(new Raw().send(get("/hello.txt")).received()).isEqualTo(hello());
  }

  @Test
  void theDateIsNow() throws IOException {
    serve();
    Raw raw = new Raw().send(get("/hello.txt"));
    var formatter = java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
    String text = raw.received.toString().replaceAll("(?s).*Date: ([^\r]*)\r\n.*", "$1");
    Instant date = java.time.ZonedDateTime.parse(text, formatter).toInstant();
    assertThat(Duration.between(date, Instant.now())).isBetween(Duration.ZERO, MINUTE);
  }

  @Test
  void theHeadAlone() throws IOException {
    file("large.bin", 100_000);
    serve();
    Raw raw = new Raw();
    assertThat(raw.send("HEAD /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n").received())
        .isEqualTo(hello().replace("Hello, world.\n", ""));
    assertThat(raw.send("HEAD /large.bin HTTP/1.1\r\nHost: a\r\n\r\n").received())
        .contains("Content-Length: 100000\r\n")
        .endsWith("\r\n\r\n");
    assertThat(raw.send("HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n").received())
        .startsWith("HTTP/1.1 404 ")
        .endsWith("\r\n\r\n");
  }

  @Test
  void requestsThatComeTogetherAreAnsweredInOrder() throws IOException {
    byte[] large = file("large.bin", 1_000_000);
    serve();
    Raw raw =
        new Raw().send(get("/hello.txt") + get("/large.bin") + get("/none") + get("/hello.txt"));
    world.run(MINUTE);
    String received = raw.received();
    assertThat(received).startsWith(hello()).endsWith(hello());
    int at = received.indexOf(new String(large, ISO_8859_1));
    assertThat(at).isPositive();
    assertThat(received.substring(at + large.length)).startsWith("HTTP/1.1 404 ");
  }

  @Test
  void aRequestMayComeByteByByte() throws IOException {
    serve();
    Raw raw = new Raw();
    for (char c : (get("/hello.txt") + get("/hello.txt")).toCharArray()) {
      raw.send(String.valueOf(c));
    }
    world.run(Duration.ofSeconds(1));
    assertThat(raw.received()).isEqualTo(hello() + hello());
  }

  /** The client sends without end and reads nothing: neither side may pile anything up. */
  @Test
  void manyRequestsWaitUntilTheirAnswersAreRead() throws IOException {
    serve();
    Raw raw = new Raw();
    raw.connection.pauseReading();
    String hundred = get("/hello.txt").repeat(100);
    int sent = 0;
    while (sent < 20_000 && raw.connection.unacknowledgedBytes() < 100_000) {
      raw.send(hundred);
      sent += 100;
    }
    assertThat(sent).as("requests until the server reads no more").isLessThan(20_000);
    raw.connection.resumeReading();
    world.run(MINUTE);
    assertThat(raw.received()).isEqualTo(hello().repeat(sent));
    raw.close();
    expectNothingLeft();
  }

  @Test
  void theConnectionClosesWhereTheClientWantsIt() throws IOException {
    serve();
    Raw raw = new Raw().send("GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assertThat(raw.received()).contains("Connection: close\r\n").endsWith("Hello, world.\n");
    assertThat(raw.serverClosed).isTrue();
    raw.close();
    assertThat(raw.closed).isEqualTo(TcpCloseReason.NORMAL);
    expectNothingLeft();
  }

  @Test
  void theConnectionOfHttp10PersistsOnRequestOnly() throws IOException {
    serve();
    Raw raw = new Raw().send("GET /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assertThat(raw.received()).contains("Connection: keep-alive\r\n");
    assertThat(raw.serverClosed).isFalse();
    raw.send("GET /hello.txt HTTP/1.0\r\n\r\n");
    assertThat(raw.serverClosed).isTrue();
  }

  @Test
  void aClientThatClosesItsSideIsStillAnswered() throws IOException {
    byte[] large = file("large.bin", 1_000_000);
    serve();
    Raw raw = new Raw();
    byte[] request = get("/large.bin").getBytes(ISO_8859_1);
    raw.connection.send(request, 0, request.length);
    raw.connection.shutdownOutput();
    world.run(MINUTE);
    assertThat(raw.received()).endsWith(new String(large, ISO_8859_1));
    assertThat(raw.serverClosed).isTrue();
    world.run(Duration.ofMinutes(5));
    expectNothingLeft();
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-4, 0-4, Hello",
    "bytes=7-, 7-13, 'world.\n'",
    "bytes=7-99, 7-13, 'world.\n'",
    "bytes=-2, 12-13, '.\n'",
    "bytes=-99, 0-13, 'Hello, world.\n'",
  })
  void aRange(String range, String answer, String body) throws IOException {
    serve();
    assertThat(
            new Raw()
                .send("GET /hello.txt HTTP/1.1\r\nHost: a\r\nRange: " + range + "\r\n\r\n")
                .received())
        .startsWith("HTTP/1.1 206 Partial Content\r\n")
        .contains(
            "Content-Range: bytes " + answer + "/14\r\n",
            "Content-Length: " + body.length() + "\r\n")
        .endsWith("\r\n\r\n" + body);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=14-", "bytes=-0", "bytes=99-100"})
  void aRangeThatIsNotThere(String range) throws IOException {
    serve();
    assertThat(
            new Raw()
                .send("GET /hello.txt HTTP/1.1\r\nHost: a\r\nRange: " + range + "\r\n\r\n")
                .received())
        .startsWith("HTTP/1.1 416 ")
        .contains("Content-Range: bytes */14\r\n");
  }

  @Test
  void aRangeInsideALargeFile() throws IOException {
    byte[] large = file("large.bin", 3_000_000);
    serve();
    Raw raw =
        new Raw()
            .send("GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=1000000-1999999\r\n\r\n");
    world.run(MINUTE);
    assertThat(raw.received())
        .endsWith("\r\n\r\n" + new String(large, 1_000_000, 1_000_000, ISO_8859_1));
  }

  @Test
  void aFolderLeadsToTheOneWithASlash() throws IOException {
    Files.createDirectories(root.resolve("sub"));
    serve();
    assertThat(new Raw().send(get("/sub")).received())
        .startsWith("HTTP/1.1 301 ")
        .contains("Location: /sub/\r\n");
    assertThat(new Raw().send(get("//sub")).received()).contains("Location: /sub/\r\n");
  }

  @Test
  void theCounters() throws IOException {
    serve();
    Raw raw = new Raw().send(get("/hello.txt"));
    raw.received();
    assertThat(raw.send(get("/stats")).received()).contains("requests", "frames in");
    assertThat(raw.send(get("/stats.json")).received())
        .contains("Content-Type: application/json\r\n", "\"requests\":3", "\"FRAMES_IN\":");
  }

  // ---- uploads ----

  @Test
  void anUploadIsSummedUp() throws IOException {
    serve();
    String sum = HexFormat.of().formatHex(sha256().digest("hello".getBytes(ISO_8859_1)));
    Raw raw =
        new Raw().send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel").send("lo");
    assertThat(raw.received()).endsWith("\r\n\r\n" + sum + " 5\n");
    raw.send(
        "POST /sink HTTP/1.1\r\n"
            + "Host: a\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
            + "2\r\n"
            + "he\r\n"
            + "3\r\n"
            + "llo\r\n"
            + "0\r\n\r\n");
    assertThat(raw.received()).endsWith("\r\n\r\n" + sum + " 5\n");
    raw.send("PUT /sink HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assertThat(raw.received()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    assertThat(raw.send("hello").received()).endsWith("\r\n\r\n" + sum + " 5\n");
    raw.close();
    expectNothingLeft();
  }

  @Test
  void anUploadOfNothing() throws IOException {
    serve();
    String sum = HexFormat.of().formatHex(sha256().digest());
    assertThat(
            new Raw().send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").received())
        .endsWith("\r\n\r\n" + sum + " 0\n");
  }

  // ---- refusals ----

  @ParameterizedTest
  @CsvSource({
    "GET /none HTTP/1.1, 404, false",
    "GET /../x HTTP/1.1, 404, false",
    "GET /%zz HTTP/1.1, 400, false",
    "DELETE /hello.txt HTTP/1.1, 405, false",
    "PUT /hello.txt HTTP/1.1, 405, false",
    "GET /sink HTTP/1.1, 405, false",
    "BREW /hello.txt HTTP/1.1, 501, false",
    "GET /hello.txt HTTP/3.0, 505, true",
    "GET hello.txt HTTP/1.1, 400, true",
  })
  void requestsThatItCannotServe(String line, int status, boolean closes) throws IOException {
    serve();
    Raw raw = new Raw().send(line + "\r\nHost: a\r\n\r\n");
    assertThat(raw.received()).startsWith("HTTP/1.1 " + status + " ");
    assertThat(raw.serverClosed).isEqualTo(closes);
    assertThat(server.totals().errors()).isEqualTo(1);
  }

  @Test
  void aBodyThatNobodyWantsEndsTheConnection() throws IOException {
    serve();
    Raw raw =
        new Raw().send("PUT /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nxxx");
    assertThat(raw.received()).startsWith("HTTP/1.1 405 ").contains("Connection: close\r\n");
    assertThat(raw.serverClosed).isTrue();
  }

  @Test
  void noMoreConnectionsThanAllowed() throws IOException {
    serve(LinkConfig.perfect(), HttpConfig.defaults().withRoot(root).withConnections(2));
    Raw first = new Raw();
    Raw second = new Raw();
    Raw third = new Raw();
    assertThat(third.closed).isEqualTo(TcpCloseReason.RESET);
    assertThat(first.send(get("/hello.txt")).received()).isEqualTo(hello());
    second.close();
    assertThat(new Raw().send(get("/hello.txt")).received()).isEqualTo(hello());
    assertThat(server.totals().connectionsRefused()).isEqualTo(1);
  }

  // ---- time ----

  private void serveWithTimeouts() throws IOException {
    serve(
        LinkConfig.perfect(),
        HttpConfig.defaults()
            .withRoot(root)
            .withTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(75), Duration.ofSeconds(60)));
  }

  @Test
  void anIdleConnectionIsClosed() throws IOException {
    serveWithTimeouts();
    Raw raw = new Raw().send(get("/hello.txt"));
    world.run(Duration.ofSeconds(74));
    assertThat(raw.serverClosed).isFalse();
    raw.send(get("/hello.txt"));
    world.run(Duration.ofSeconds(74));
    assertThat(raw.serverClosed).isFalse();
    world.run(Duration.ofSeconds(2));
    assertThat(raw.serverClosed).isTrue();
    raw.close();
    expectNothingLeft();
  }

  @Test
  void aHeadThatComesDropByDropMustStillComeInTime() throws IOException {
    serveWithTimeouts();
    Raw raw = new Raw();
    world.run(Duration.ofSeconds(60));
    raw.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 9; i++) {
      world.run(Duration.ofSeconds(1));
      raw.send("A: b\r\n");
    }
    assertThat(raw.serverClosed).isFalse();
    world.run(Duration.ofSeconds(1));
    assertThat(raw.received()).startsWith("HTTP/1.1 408 ");
    assertThat(raw.serverClosed).isTrue();
    raw.close();
    expectNothingLeft();
  }

  @Test
  void anUploadThatStopsIsGivenUp() throws IOException {
    serveWithTimeouts();
    Raw raw = new Raw().send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    world.run(Duration.ofSeconds(59));
    raw.send("d");
    world.run(Duration.ofSeconds(59));
    assertThat(raw.closed).isNull();
    world.run(Duration.ofSeconds(2));
    assertThat(raw.closed).isEqualTo(TcpCloseReason.RESET);
    expectNothingLeft();
  }

  @Test
  void aDownloadThatIsNotReadIsGivenUp() throws IOException {
    file("large.bin", 10_000_000);
    serveWithTimeouts();
    Raw raw = new Raw();
    raw.connection.pauseReading();
    raw.send(get("/large.bin"));
    world.run(Duration.ofMinutes(3));
    raw.connection.resumeReading();
    world.run(Duration.ofSeconds(1));
    assertThat(raw.closed).isEqualTo(TcpCloseReason.RESET);
    expectNothingLeft();
  }

  @Test
  void aDownloadThatIsReadSlowlyIsNot() throws IOException {
    byte[] large = file("large.bin", 2_000_000);
    serve(LinkConfig.perfect().withRate(64_000, 10_000), HttpConfig.defaults().withRoot(root));
    Raw raw = new Raw().send("GET /large.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    world.runUntil(() -> raw.serverClosed, Duration.ofMinutes(30));
    assertThat(raw.received()).endsWith("\r\n\r\n" + new String(large, ISO_8859_1));
  }

  /** Reading on would be a fault in the memory that the file was mapped to. */
  @Test
  void aFileThatIsCutShortWhileItIsSentBreaksTheResponseOff() throws IOException {
    file("large.bin", 2_000_000);
    serve(LinkConfig.perfect().withRate(8_000_000, 10_000), HttpConfig.defaults().withRoot(root));
    Raw raw = new Raw().send(get("/large.bin"));
    world.runUntil(() -> raw.received.length() > 100_000, MINUTE);
    try (FileChannel file = FileChannel.open(root.resolve("large.bin"), StandardOpenOption.WRITE)) {
      // What TCP has been given by now is still there.
      file.truncate(1_500_000);
    }
    world.runUntil(() -> raw.closed != null, MINUTE);
    assertThat(raw.closed).isEqualTo(TcpCloseReason.RESET);
    assertThat(raw.received.length()).isBetween(100_000, 1_500_000);
    Raw another = new Raw().send("HEAD /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    assertThat(another.received()).contains("Content-Length: 1500000\r\n");
    another.close();
    expectNothingLeft();
  }

  @Test
  void aClientThatVanishesLeavesNothing() throws IOException {
    file("large.bin", 10_000_000);
    serve();
    Raw raw = new Raw();
    raw.connection.pauseReading();
    raw.send(get("/large.bin") + get("/hello.txt").repeat(100));
    raw.connection.abort();
    world.run(MINUTE);
    expectNothingLeft();
  }

  @Test
  void fetchingFromNobodySaysSo() throws IOException {
    serve();
    Shard shard = client.shard(0);
    CompletableFuture<HttpFetch.Result> result =
        HttpFetch.get(
            client,
            SERVER,
            81,
            "a",
            "/",
            Channels.newChannel(new ByteArrayOutputStream()),
            (b, t) -> {});
    world.runUntil(result::isDone, MINUTE);
    assertThat(result.exceptionNow()).hasMessageContaining("refused");
    CompletableFuture<HttpFetch.Result> nowhere =
        HttpFetch.get(
            client,
            IpAddress.parse("192.0.2.1"),
            80,
            "a",
            "/",
            Channels.newChannel(new ByteArrayOutputStream()),
            (b, t) -> {});
    assertThat(nowhere.exceptionNow()).hasMessageContaining("no route");
    assertThat(shard.pool().available()).isEqualTo(framesOfClient);
  }
}
