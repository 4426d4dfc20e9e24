package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Links that go down, peers that die, and peers that are gone without a word. */
@Order(45)
class VanishingInteropTest {
  private static final int SIZE = 40 << 20;

  @TempDir Path folder;
  private Lab lab;
  private byte[] file;
  private int frames;

  @BeforeEach
  void open() throws IOException {
    Lab.assume("curl", "nc", "ip");
    file = new byte[SIZE];
    new SplittableRandom(5).nextBytes(file);
    Files.write(folder.resolve("file"), file);
    // Gives up within seconds, not minutes.
    lab =
        Lab.open(
            Link.DEFAULT,
            TcpConfig.defaults()
                .with()
                .dataRetries(3)
                .keepAliveIdle(200_000_000)
                .keepAliveInterval(200_000_000)
                .build());
    HttpServer.listen(lab.stack(), 80, HttpConfig.defaults().withRoot(folder));
    frames = frames();
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  private int frames() {
    return Await.ask(
        lab.shard(), () -> lab.shard().pool().available() + lab.shard().pool().availableLarge());
  }

  private Process download() {
    return lab.start("curl", "-q", "-sS", "-f", "http://" + Lab.STACK + "/file");
  }

  /** Reads from a process that goes on for long until it is certainly in the middle. */
  private void readSome(InputStream in, int bytes) throws IOException {
    assertThat(in.readNBytes(bytes)).isEqualTo(Arrays.copyOf(file, bytes));
  }

  private void assertNothingLeft() {
    Await.until(
        "no connection left",
        () -> Await.ask(lab.shard(), () -> Tcp.of(lab.shard()).connectionCount() == 0));
    Await.until("all frames back in the pool", () -> frames() == frames);
    lab.assertNothingThrown();
  }

  @Test
  void a_download_survives_that_the_link_goes_down_and_up_again() throws IOException {
    Process curl = download();
    InputStream in = curl.getInputStream();
    readSome(in, SIZE / 4);
    lab.run("ip", "link", "set", Lab.DEVICE, "down");
    long retransmitted = lab.shard().counters().get(Counter.TCP_RETRANS_SEGS);
    Await.until(
        "a retransmission into the void",
        () -> lab.shard().counters().get(Counter.TCP_RETRANS_SEGS) > retransmitted);
    lab.run("ip", "link", "set", Lab.DEVICE, "up");
    byte[] rest = in.readAllBytes();
    assertThat(rest).isEqualTo(Arrays.copyOfRange(file, SIZE / 4, SIZE));
    assertThat(Lab.exitCode(curl)).isZero();
    assertNothingLeft();
  }

  @Test
  void a_client_that_is_killed_in_the_middle_leaves_nothing() throws IOException {
    Process curl = download();
    readSome(curl.getInputStream(), SIZE / 4);
    Lab.kill(curl);
    assertNothingLeft();
  }

  @Test
  void an_upload_that_is_killed_in_the_middle_leaves_nothing() throws IOException {
    Process curl = lab.start("curl", "-q", "-sS", "-T", "-", "http://" + Lab.STACK + "/sink");
    curl.getOutputStream().write(file, 0, SIZE / 4);
    curl.getOutputStream().flush();
    Await.until("data", () -> lab.shard().counters().get(Counter.BYTES_IN) > SIZE / 8);
    Lab.kill(curl);
    assertNothingLeft();
  }

  @Test
  void a_peer_that_is_gone_without_a_word_while_data_is_sent_times_out() throws IOException {
    Process curl = download();
    readSome(curl.getInputStream(), SIZE / 4);
    lab.run("ip", "link", "set", Lab.DEVICE, "down");
    assertNothingLeft();
  }

  @Test
  void a_silent_peer_that_is_gone_is_found_by_keep_alive() {
    CompletableFuture<TcpCloseReason> end = new CompletableFuture<>();
    Process nc = lab.start("nc", "-l", Lab.KERNEL, "7");
    lab.awaitListener("tcp", 7);
    lab.shard()
        .execute(
            () ->
                Tcp.of(lab.shard())
                    .connect(
                        Lab.KERNEL_ADDRESS,
                        7,
                        new TcpHandler() {
                          @Override
                          public void onConnected(TcpConnection c) {
                            c.keepAlive(true);
                          }

                          @Override
                          public void onData(TcpConnection c, Buffer data) {}

                          @Override
                          public void onClosed(TcpConnection c, TcpCloseReason reason) {
                            end.complete(reason);
                          }
                        }));
    Await.until("two probes answered", () -> lab.shard().counters().get(Counter.TCP_IN_SEGS) >= 3);
    assertThat(end).isNotDone();
    lab.run("ip", "link", "set", Lab.DEVICE, "down");
    assertThat(Await.value("the end of the connection", end)).isEqualTo(TcpCloseReason.TIMED_OUT);
    Lab.kill(nc);
    assertNothingLeft();
  }
}
