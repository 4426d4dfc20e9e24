package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.flow.Toeplitz;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.netns.VethRss;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two shards on one end of a veth that spreads flows as a network card does, by AF_XDP, and the
 * kernel on the other.
 */
@Order(46)
class XdpInteropTest {
  private static final int CONNECTIONS = 400;
  private static final int OUTGOING = 50;
  private static final String KEY =
      "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa";

  @TempDir static Path folder;
  private static Lab lab;
  private static VethRss rss;

  @BeforeAll
  static void open() throws IOException {
    Lab.assume("ping", "ip", "ethtool", "ss", "curl");
    lab = Lab.open(Link.XDP_TWO_QUEUES.with("rss-key=" + KEY));
    rss = VethRss.attach(lab.veth().left(), new Toeplitz(HexFormat.of().parseHex(KEY), 2));
    HttpServer.listen(lab.stack(), 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
  }

  @AfterAll
  static void close() {
    if (rss != null) {
      rss.close();
    }
    if (lab != null) {
      lab.close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1472, 1473, 65_507})
  void the_kernel_pings_us(int size) {
    String output =
        lab.run("ping", "-n", "-c", "5", "-i", "0.01", "-W", "30", "-s", "" + size, Lab.STACK);
    assertThat(output).contains("5 received").doesNotContain("wrong data", "DUP!");
  }

  @Test
  void connections_live_where_their_packets_come_in() throws IOException {
    assertThat(KernelClient.run(lab, "sequential", 1)).isEqualTo("ok 1");
    long handedOver = lab.stack().count(Counter.FRAMES_HANDED_OVER);
    long opened = lab.stack().count(Counter.TCP_PASSIVE_OPENS);
    assertThat(KernelClient.run(lab, "sequential", CONNECTIONS)).isEqualTo("ok " + CONNECTIONS);
    assertThat(KernelClient.run(lab, "concurrent", CONNECTIONS)).isEqualTo("ok " + CONNECTIONS);
    assertThat(lab.stack().count(Counter.TCP_PASSIVE_OPENS) - opened).isEqualTo(2 * CONNECTIONS);
    for (int i = 0; i < 2; i++) {
      assertThat(lab.stack().shard(i).counters().get(Counter.TCP_PASSIVE_OPENS))
          .as("connections of shard %d", i)
          .isGreaterThan(CONNECTIONS / 2);
    }
    // What the shards learn by address resolution they share, thousands of segments they do not.
    assertThat(lab.stack().count(Counter.FRAMES_HANDED_OVER) - handedOver)
        .isLessThan(CONNECTIONS / 10);
  }

  @Test
  void answers_to_our_own_connections_come_in_where_those_are() throws IOException {
    Transfers.start(lab, folder, 8080);
    connectAndClose(0);
    connectAndClose(1);
    long segments = lab.stack().count(Counter.TCP_IN_SEGS);
    long arp = lab.stack().count(Counter.ARP_IN);
    long handedOver = lab.stack().count(Counter.FRAMES_HANDED_OVER);
    for (int i = 0; i < OUTGOING; i++) {
      connectAndClose(0);
      connectAndClose(1);
    }
    long others = lab.stack().count(Counter.ARP_IN) - arp;
    assertThat(lab.stack().count(Counter.TCP_IN_SEGS) - segments).isGreaterThan(2L * OUTGOING);
    assertThat(lab.stack().count(Counter.FRAMES_HANDED_OVER) - handedOver)
        .as("frames on the wrong shard, ARP not counted")
        .isLessThanOrEqualTo(others);
  }

  private static void connectAndClose(int shard) {
    CompletableFuture<TcpCloseReason> end = new CompletableFuture<>();
    lab.stack()
        .shard(shard)
        .execute(
            () ->
                Tcp.of(lab.stack().shard(shard))
                    .connect(
                        Lab.KERNEL_ADDRESS,
                        8000,
                        new TcpHandler() {
                          @Override
                          public void onConnected(TcpConnection connection) {
                            connection.close();
                          }

                          @Override
                          public void onData(TcpConnection connection, Buffer data) {}

                          @Override
                          public void onClosed(TcpConnection connection, TcpCloseReason reason) {
                            end.complete(reason);
                          }
                        }));
    assertThat(Await.value("the end of a connection", end)).isEqualTo(TcpCloseReason.NORMAL);
  }
}
