package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.diag.Counter;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two shards on one end of a veth, by packet sockets, and the kernel on the other: each packet
 * comes in by the queue of the shard that it is for.
 */
@Order(45)
class PacketSocketInteropTest {
  private static final int CONNECTIONS = 400;
  private static Lab lab;

  @BeforeAll
  static void open() throws IOException {
    Lab.assume("ping", "ip");
    lab = Lab.open(Link.PACKET_TWO_QUEUES);
    HttpServer.listen(lab.stack(), 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
  }

  @AfterAll
  static void close() {
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
    long before = lab.stack().count(Counter.FRAMES_HANDED_OVER);
    assertThat(KernelClient.run(lab, "sequential", CONNECTIONS)).isEqualTo("ok " + CONNECTIONS);
    assertThat(KernelClient.run(lab, "concurrent", CONNECTIONS)).isEqualTo("ok " + CONNECTIONS);
    for (int i = 0; i < 2; i++) {
      assertThat(lab.stack().shard(i).counters().get(Counter.TCP_PASSIVE_OPENS))
          .as("connections of shard %d", i)
          .isGreaterThan(CONNECTIONS / 2);
    }
    assertThat(lab.stack().count(Counter.TCP_PASSIVE_OPENS)).isEqualTo(2 * CONNECTIONS);
    // The shards share what they learn by address resolution, and thousands of segments they do
    // not.
    assertThat(lab.stack().count(Counter.FRAMES_HANDED_OVER) - before).isLessThan(CONNECTIONS / 10);
  }
}
