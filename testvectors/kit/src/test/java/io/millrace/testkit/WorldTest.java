package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.testkit.packet.Check;
import io.millrace.testkit.packet.PacketBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The world: virtual time, the same for the same seed, and nothing malformed goes unseen. */
final class WorldTest {
  private static PacketBuilder datagram(String payload) {
    return PacketBuilder.udp()
        .ethernet(0x0200_0000_0002L, 0x0200_0000_0001L)
        .from("10.0.0.2", 1000)
        .to("10.0.0.1", 2000)
        .payload(payload.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  @Test
  void timeStandsStillUntilItJumpsToTheNextThingToHappen() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link(LinkConfig.perfect().withDelay(Duration.ofMillis(3)));
      world.stack(link, "10.0.0.1/24");
      Station station = link.station();
      station.send(datagram("hello").bytes());
      world.settle();
      assertThat(world.now()).isZero();
      List<Long> arrivals = new ArrayList<>();
      station.onFrame(frame -> arrivals.add(world.now()));
      world.runUntil(() -> !arrivals.isEmpty(), Duration.ofSeconds(1));
      assertThat(arrivals).containsExactly(3_000_000 + ParrotProvider.DELAY + 3_000_000);
      world.run(Duration.ofSeconds(1));
      assertThat(world.now()).isEqualTo(1_016_000_000);
    }
  }

  @Test
  void aConditionThatNeverHoldsFailsAtTheLimit() {
    try (World world = new World(1)) {
      world.stack(world.link(), "10.0.0.1/24");
      assertThatThrownBy(() -> world.runUntil(() -> false, Duration.ofMillis(250)))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("250 ms");
      assertThat(world.now()).isEqualTo(250_000_000);
    }
  }

  @Test
  void aMalformedFrameOfAStackFailsWithAHexdump() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      world.stack(link, "10.0.0.1/24");
      link.station().send(datagram("? spoil it").bytes());
      assertThatThrownBy(() -> world.run(Duration.ofSeconds(1)))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("UDP checksum is wrong")
          .hasMessageContaining("0010 ");
    }
  }

  @Test
  void aStationMaySendWhatItLikes() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      world.stack(link, "10.0.0.1/24");
      link.station().send(datagram("x").ipChecksum(0).ipLength(9).bytes());
      world.run(Duration.ofSeconds(1));
    }
  }

  @Test
  void anExceptionInAStackFailsTheTestUnlessItIsExpected() {
    for (boolean expected : new boolean[] {false, true}) {
      try (World world = new World(1)) {
        if (expected) {
          world.exceptionsExpected();
        }
        SimulatedLink link = world.link();
        world.stack(link, "10.0.0.1/24");
        link.station().send(datagram("! throw").bytes());
        if (expected) {
          world.settle();
        } else {
          assertThatThrownBy(world::settle)
              .isInstanceOf(AssertionError.class)
              .hasMessageContaining("1 exception");
        }
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    assertThat(lossyRun(7)).isEqualTo(lossyRun(7));
    assertThat(lossyRun(7)).isNotEqualTo(lossyRun(8));
  }

  private static List<String> lossyRun(long seed) {
    List<String> log = new ArrayList<>();
    try (World world = new World(seed)) {
      LinkConfig config =
          LinkConfig.perfect()
              .withLoss(0.2)
              .withDuplicates(0.2)
              .withReordering(0.2, Duration.ofMillis(7))
              .withDelay(Duration.ofMillis(1));
      SimulatedLink link = world.link(config);
      world.stack(link, "10.0.0.1/24");
      Station station = link.station();
      station.onFrame(frame -> log.add(world.now() + " " + frame[frame.length - 1]));
      for (int i = 0; i < 50; i++) {
        station.send(datagram("n" + (char) ('0' + i)).bytes());
        world.run(Duration.ofMillis(2));
      }
      world.run(Duration.ofSeconds(1));
    }
    return log;
  }

  @Test
  void aStationAnswersArpOnRequest() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      Station asks = link.station();
      link.station().answersArpFor("10.0.0.9");
      byte[] request = {
        -1, -1, -1, -1, -1, -1, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1,
        10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9
      };
      asks.send(request);
      world.settle();
      assertThat(asks.next().toString()).isEqualTo("arp 10.0.0.9 is-at 02:00:00:00:00:02");
      request[41] = 8;
      asks.send(request);
      world.settle();
      assertThat(asks.receive()).isNull();
    }
  }

  @Test
  void aStationThatExpectsAFrameFailsIfThereIsNone() {
    try (World world = new World(1)) {
      Station station = world.link().station();
      assertThatThrownBy(station::next)
          .isInstanceOf(AssertionError.class)
          .hasMessage("no frame has arrived at 02:00:00:00:00:01");
    }
  }

  @Test
  void checksSayWhatIsDifferent() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      world.stack(link, "10.0.0.1/24");
      Station station = link.station();
      station.send(datagram("abc").bytes());
      world.run(Duration.ofSeconds(1));
      assertThatThrownBy(() -> station.next().check(Check.length(4), Check.ttl(64), Check.tos(1)))
          .isInstanceOf(AssertionError.class)
          .hasMessageStartingWith("payload length is 3, expected 4; tos is 0, expected 1");
    }
  }
}
