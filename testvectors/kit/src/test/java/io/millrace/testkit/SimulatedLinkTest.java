package io.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a simulated link does to frames. */
final class SimulatedLinkTest {
  private final World world = new World(3);

  private static byte[] frame(int length, int number) {
    byte[] frame = new byte[length];
    frame[0] = 2;
    frame[5] = 2;
    frame[6] = 2;
    frame[11] = 1;
    frame[12] = (byte) 0x88;
    frame[13] = (byte) 0xb5;
    frame[14] = (byte) number;
    return frame;
  }

  /** Sends numbered frames one millisecond apart; returns "arrival time in µs:number" of each. */
  private List<String> arrivals(LinkConfig config, int count, int length) {
    SimulatedLink link = world.link(config);
    Station from = link.station();
    List<String> log = new ArrayList<>();
    link.station().onFrame(frame -> log.add(world.now() / 1000 + ":" + frame[14]));
    for (int i = 0; i < count; i++) {
      from.send(frame(length, i));
      world.run(Duration.ofMillis(1));
    }
    world.run(Duration.ofSeconds(1));
    return log;
  }

  @Test
  void aPerfectLinkDeliversAtOnceAndInOrder() {
    assertThat(arrivals(LinkConfig.perfect(), 4, 60))
        .containsExactly("0:0", "1000:1", "2000:2", "3000:3");
  }

  @Test
  void delayIsExact() {
    assertThat(arrivals(LinkConfig.perfect().withDelay(Duration.ofMillis(5)), 2, 60))
        .containsExactly("5000:0", "6000:1");
  }

  @Test
  void aRateSpacesFramesAndItsQueueOverflows() {
    // 1000 bytes at 1 Mbit/s take 8 ms; 2500 bytes may wait.
    LinkConfig slow = LinkConfig.perfect().withRate(1_000_000, 2_500);
    assertThat(arrivals(slow, 6, 1000)).containsExactly("8000:0", "16000:1", "24000:4");
  }

  @Test
  void lossIsAsOftenAsAsked() {
    assertThat(arrivals(LinkConfig.perfect().withLoss(0.3), 1000, 60).size()).isBetween(650, 750);
    assertThat(arrivals(LinkConfig.perfect().withLoss(1), 100, 60)).isEmpty();
  }

  @Test
  void duplicatesArriveTogether() {
    assertThat(arrivals(LinkConfig.perfect().withDuplicates(1), 2, 60))
        .containsExactly("0:0", "0:0", "1000:1", "1000:1");
  }

  @Test
  void heldBackFramesAreOvertaken() {
    List<String> all =
        arrivals(LinkConfig.perfect().withReordering(0.5, Duration.ofNanos(1_500_000)), 20, 60);
    assertThat(all).hasSize(20);
    List<String> numbers = all.stream().map(each -> each.replaceAll(".*:", "")).toList();
    assertThat(numbers)
        .isNotEqualTo(
            numbers.stream().sorted((a, b) -> Integer.parseInt(a) - Integer.parseInt(b)).toList());
  }

  @Test
  void corruptionFlipsOneBitBehindTheLinkHeader() {
    SimulatedLink link = world.link(LinkConfig.perfect().withCorruption(1));
    Station from = link.station();
    Station to = link.station();
    byte[] sent = frame(100, 0);
    for (int i = 0; i < 200; i++) {
      from.send(sent);
      world.settle();
      byte[] got = to.receive();
      int flipped = 0;
      for (int k = 0; k < sent.length; k++) {
        int difference = (sent[k] ^ got[k]) & 0xff;
        flipped += Integer.bitCount(difference);
        assertThat(k >= 14 || difference == 0).isTrue();
      }
      assertThat(flipped).isEqualTo(1);
    }
  }

  @Test
  void onASharedLinkAFrameGoesToItsAddressAndAGroupFrameToAll() {
    SimulatedLink link = world.link();
    Station one = link.station();
    Station two = link.station();
    Station three = link.station();
    one.send(frame(60, 7));
    world.settle();
    assertThat(two.receive()).isNotNull();
    assertThat(three.receive()).isNull();
    byte[] broadcast = frame(60, 8);
    java.util.Arrays.fill(broadcast, 0, 6, (byte) -1);
    two.send(broadcast);
    world.settle();
    assertThat(one.receive()).isNotNull();
    assertThat(three.receive()).isNotNull();
    assertThat(two.receive()).isNull();
  }
}
