package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel's netcat, listening and connecting, over TCP and UDP. */
@Order(20)
class NetcatInteropTest {
  private static final byte[] LINE = "It was a bright cold day in April.\n".getBytes(US_ASCII);
  private static Lab lab;
  private static int ports = 2000;

  @BeforeAll
  static void open() {
    Lab.assume("nc", "ip");
    lab = Lab.open();
  }

  @AfterAll
  static void close() {
    if (lab != null) {
      lab.close();
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new SplittableRandom(size).nextBytes(bytes);
    return bytes;
  }

  /** With -N netcat closes its side at the end of its input: the answer comes half closed. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1_000, 1_000_000})
  void tcp_to_us_is_answered_after_the_end_of_the_input(int size) throws IOException {
    int port = ports++;
    Tcp.listen(lab.stack(), port, c -> new AnswerAtEnd());
    byte[] input = random(size);
    Process nc = lab.startWith(input, "nc", "-N", Lab.STACK, "" + port);
    assertThat(nc.getInputStream().readAllBytes()).isEqualTo(input);
    assertThat(Lab.exitCode(nc)).isZero();
  }

  @Test
  void tcp_to_us_is_refused_where_nobody_listens() {
    Lab.Result result = lab.attempt("nc", "-v", Lab.STACK, "" + ports++);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.output()).contains("Connection refused");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1_000, 1_000_000})
  void tcp_from_us_arrives_and_is_answered(int size) throws IOException {
    int port = ports++;
    byte[] answer = random(size + 1);
    byte[] question = random(size);
    Process nc = lab.startWith(answer, "nc", "-N", "-l", Lab.KERNEL, "" + port);
    lab.awaitListener("tcp", port);
    Talk talk = new Talk(question);
    lab.shard().execute(() -> Tcp.of(lab.shard()).connect(Lab.KERNEL_ADDRESS, port, talk));
    assertThat(nc.getInputStream().readAllBytes()).isEqualTo(question);
    assertThat(Lab.exitCode(nc)).isZero();
    assertThat(Await.value("the end of the connection", talk.end)).isEqualTo(TcpCloseReason.NORMAL);
    assertThat(talk.received.toByteArray()).isEqualTo(answer);
  }

  @Test
  void tcp_from_us_is_refused_where_nobody_listens() {
    Talk talk = new Talk(LINE);
    lab.shard().execute(() -> Tcp.of(lab.shard()).connect(Lab.KERNEL_ADDRESS, 9, talk));
    assertThat(Await.value("the refusal", talk.end)).isEqualTo(TcpCloseReason.REFUSED);
  }

  @Test
  void udp_to_us_is_answered() throws IOException {
    int port = ports++;
    lab.shard().execute(() -> Udp.of(lab.shard()).bind(port, NetcatInteropTest::echo));
    Process nc = lab.start("nc", "-u", Lab.STACK, "" + port);
    nc.getOutputStream().write(LINE);
    nc.getOutputStream().flush();
    assertThat(nc.getInputStream().readNBytes(LINE.length)).isEqualTo(LINE);
    Lab.kill(nc);
  }

  private static void echo(UdpSocket socket, Frame data, long hi, long lo, int port) {
    socket.sendTo(hi, lo, port, data);
  }

  @Test
  void udp_to_us_is_unreachable_where_nobody_is_bound() {
    // netcat asks four times; the answer to one makes the next one fail.
    Lab.Result result = lab.attempt("nc", "-u", "-z", "-v", Lab.STACK, "" + ports++);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.output()).doesNotContain("succeeded");
  }

  @Test
  void udp_from_us_arrives_and_is_answered() throws IOException {
    int port = ports++;
    Process nc = lab.start("nc", "-u", "-l", Lab.KERNEL, "" + port);
    lab.awaitListener("udp", port);
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    lab.shard().execute(() -> ask(port, answer));
    assertThat(nc.getInputStream().readNBytes(LINE.length)).isEqualTo(LINE);
    byte[] reply = random(500);
    nc.getOutputStream().write(reply);
    nc.getOutputStream().flush();
    assertThat(Await.value("the answer", answer)).isEqualTo(reply);
    Lab.kill(nc);
  }

  private static void ask(int port, CompletableFuture<byte[]> answer) {
    UdpHandler handler =
        (socket, data, hi, lo, from) -> {
          answer.complete(Received.bytes(data));
          socket.close();
        };
    UdpSocket socket = Udp.of(lab.shard()).bind(0, handler);
    WrappedBuffer line = WrappedBuffer.of(Arena.ofAuto().allocate(LINE.length));
    line.segment().asByteBuffer().put(LINE);
    socket.sendTo(Lab.KERNEL_ADDRESS.hi(), Lab.KERNEL_ADDRESS.lo(), port, line);
  }

  /** Says something, closes its side, and hears the other one out. */
  private static final class Talk implements TcpHandler {
    private final byte[] question;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final CompletableFuture<TcpCloseReason> end = new CompletableFuture<>();

    Talk(byte[] question) {
      this.question = question;
    }

    @Override
    public void onConnected(TcpConnection c) {
      c.send(question, 0, question.length);
      c.shutdownOutput();
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      received.writeBytes(Received.bytes(data));
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      end.complete(reason);
    }
  }
}
