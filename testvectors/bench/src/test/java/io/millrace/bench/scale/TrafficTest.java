package io.millrace.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static void turn(Pair pair, int times) {
    for (int i = 0; i < times; i++) {
      pair.turnAll();
    }
  }

  @Test
  void udpFlowsKeepTheirDatagramsOnTheWayAndStayOnTheirShards() {
    try (Arena arena = Arena.ofConfined();
        Pair pair = new Pair(4, 1_024, 0)) {
      UdpTraffic.start(pair, 8, 8, arena);
      turn(pair, 100);
      final long moved = pair.handedOver();
      final long before = pair.packets();
      turn(pair, 100);

      // Each of 4 times 8 datagrams crosses the wire at least once in two duty cycles.
      assertThat(pair.packets() - before).isGreaterThanOrEqualTo(4 * 8 * 50);
      assertThat(pair.handedOver()).isEqualTo(moved);
    }
  }

  @Test
  void tcpConnectionsTakeTurnsAndStayOnTheirShards() {
    try (Pair pair = new Pair(2, 1_024, 0)) {
      TcpTraffic.start(pair, 16, 100, 4);
      turn(pair, 100);
      final long moved = pair.handedOver();
      final long before = pair.packets();
      turn(pair, 100);

      assertThat(pair.packets() - before).isGreaterThanOrEqualTo(2 * 4 * 50);
      assertThat(pair.handedOver()).isEqualTo(moved);
    }
  }
}
