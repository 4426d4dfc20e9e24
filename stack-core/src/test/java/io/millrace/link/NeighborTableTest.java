package io.millrace.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.DropReason;
import io.millrace.net.NetInterface;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** RFC 1122 §2.3.2, RFC 4861 §7.3. */
class NeighborTableTest {
  private static final long SECOND = 1_000_000_000;
  private static final long MAC = 0x02_00_00_00_00_09L;
  private static final long OTHER_MAC = 0x02_00_00_00_00_0aL;

  private long now = SECOND;
  private final TestPort port = new TestPort();
  private final NetStack stack =
      NetStack.builder()
          .shards(ShardConfig.defaults().withFrames(256))
          .driven(ShardClock.of(() -> now))
          .port(port)
          .start();
  private final Shard shard = stack.shard(0);
  private final NetInterface nif = shard.networkInterface(0);
  private final List<String> asked = new ArrayList<>();
  private final List<String> lost = new ArrayList<>();
  private int unreachable;
  private final NeighborTable table = table(NeighborConfig.defaults());

  private NeighborTable table(NeighborConfig config) {
    return new NeighborTable(
        config,
        Ethernet.TYPE_IPV4,
        new Resolver(),
        shard.wheel(),
        shard.counters(),
        shard.secret());
  }

  private final class Resolver implements NeighborResolver {
    @Override
    public void solicit(Neighbor neighbor, long at) {
      asked.add((neighbor.isResolved() ? "alone " : "all ") + at / SECOND);
    }

    @Override
    public void unreachable(Frame datagram, long at) {
      unreachable++;
      datagram.release();
    }

    @Override
    public void lost(Neighbor neighbor, long at) {
      lost.add(neighbor.lo() + " at " + at / SECOND);
    }
  }

  @AfterEach
  void allFramesComeBack() {
    advance(3600 * SECOND);
    assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
    assertThat(table.held()).isZero();
    stack.close();
  }

  private void advance(long nanos) {
    long end = now + nanos;
    while (now < end) {
      now = Math.min(end, Math.max(now + 1, shard.nextDeadline()));
      while (shard.step() != 0) {
        // Until all is quiet.
      }
    }
  }

  private Neighbor want(long lo) {
    return table.demand(nif, 0, lo, now);
  }

  private void send(Neighbor neighbor) {
    Frame frame = shard.pool().allocate();
    frame.append(20);
    assertThat(neighbor.send(frame, now)).isTrue();
    shard.step();
  }

  @Test
  void aNewNeighborIsAskedForThreeTimesASecondApartAndThenLeftAlone() {
    Neighbor neighbor = want(1);
    send(neighbor);
    send(neighbor);
    advance(10 * SECOND);
    assertThat(asked).containsExactly("all 1", "all 2", "all 3");
    assertThat(unreachable).isEqualTo(2);
    assertThat(port.sent).isZero();
  }

  @Test
  void whileFailedNothingIsAskedOrKept() {
    Neighbor neighbor = want(1);
    send(neighbor);
    advance(3 * SECOND);
    assertThat(unreachable).isEqualTo(1);
    asked.clear();
    send(neighbor);
    assertThat(asked).isEmpty();
    assertThat(shard.counters().get(DropReason.NEIGHBOR_UNREACHABLE)).isEqualTo(1);
    // Later it is asked for on demand again.
    advance(6 * SECOND);
    assertThat(neighbor.isRemoved()).isTrue();
    send(want(1));
    assertThat(asked).hasSize(1);
  }

  @Tag("rfc4861:6.3.6-1")
  @Test
  void aSilentRouterIsAskedAgainInTheBackgroundOnlyWhileItIsWanted() {
    Neighbor router = want(1);
    router.markRouter();
    send(router);
    advance(3 * SECOND);
    assertThat(router.isSilent()).isTrue();
    asked.clear();
    for (int i = 0; i < 20; i++) {
      router.want();
      advance(SECOND);
    }
    // Failed at 4, and then once every five seconds.
    assertThat(asked).containsExactly("all 9", "all 14", "all 19", "all 24");
    advance(60 * SECOND);
    assertThat(asked).hasSize(4);
    assertThat(router.isSilent()).isTrue();
    table.answered(router, MAC, now);
    assertThat(router.isSilent()).isFalse();
    send(router);
    assertThat(port.lastDestination).isEqualTo(MAC);
  }

  @Test
  void aRouterThatNoLongerAnswersIsSilentAndWhoSendsToItAsksAll() {
    Neighbor router = want(1);
    router.markRouter();
    table.answered(router, MAC, now);
    send(router);
    // It is believed for up to a minute.
    advance(70 * SECOND);
    assertThat(asked).hasSize(3).allMatch(each -> each.startsWith("alone"));
    assertThat(lost).hasSize(1);
    assertThat(router.isSilent()).isTrue();
    asked.clear();
    // There is no other: what is sent to it waits for it, and it is asked for as if it were new.
    send(router);
    assertThat(table.held()).isEqualTo(1);
    advance(10 * SECOND);
    assertThat(asked).hasSize(3).allMatch(each -> each.startsWith("all"));
    assertThat(unreachable).isEqualTo(1);
    assertThat(lost).hasSize(2);
  }

  @Test
  void aSilentRouterThatNobodyWantsIsForgotten() {
    Neighbor router = want(1);
    router.markRouter();
    send(router);
    advance(590 * SECOND);
    assertThat(router.isRemoved()).isFalse();
    advance(20 * SECOND);
    assertThat(router.isRemoved()).isTrue();
    assertThat(router.isSilent()).isFalse();
    assertThat(asked).hasSize(3);
  }

  @Tag("rfc4861:7.2.2-3")
  @Test
  void datagramsWaitAndTheLatestAreKept() {
    Neighbor neighbor = want(1);
    for (int i = 0; i < 10; i++) {
      send(neighbor);
    }
    assertThat(table.held()).isEqualTo(8);
    assertThat(shard.counters().get(DropReason.NEIGHBOR_QUEUE_FULL)).isEqualTo(2);
    table.answered(neighbor, MAC, now);
    shard.step();
    assertThat(port.sent).isEqualTo(8);
    assertThat(port.lastDestination).isEqualTo(MAC);
    assertThat(neighbor.isUsable()).isTrue();
  }

  @Test
  void whatAllNeighborsHoldTogetherIsBounded() {
    NeighborTable small =
        table(new NeighborConfig(100, 3, 10, 30_000, 5_000, 1_000, 3, 5_000, 600_000));
    for (int i = 0; i < 50; i++) {
      Neighbor neighbor = small.demand(nif, 0, i, now);
      send(neighbor);
      send(neighbor);
    }
    assertThat(small.held()).isEqualTo(10);
    advance(5 * SECOND);
    assertThat(small.held()).isZero();
  }

  @Test
  void aUsedNeighborIsConfirmedAloneBeforeItGrowsOld() {
    Neighbor neighbor = want(1);
    send(neighbor);
    table.answered(neighbor, MAC, now);
    asked.clear();
    for (int i = 0; i < 61; i++) {
      neighbor.markUsed(now);
      advance(SECOND);
      if (!asked.isEmpty()) {
        break;
      }
    }
    assertThat(asked).hasSize(1).allMatch(each -> each.startsWith("alone"));
    assertThat(neighbor.isUsable()).as("still sent to while asked").isTrue();
    table.answered(neighbor, MAC, now);
    advance(SECOND * 20);
    assertThat(asked).hasSize(1);
  }

  @Tag("rfc4861:7.3.1-1")
  @Tag("rfc1122:3.3.1.4-3")
  @Tag("rfc1122:3.3.1.4-4")
  @Test
  void aTransportThatHearsFromTheNeighborMakesAskingNeedless() {
    Neighbor neighbor = want(1);
    send(neighbor);
    table.answered(neighbor, MAC, now);
    asked.clear();
    for (int i = 0; i < 300; i++) {
      neighbor.markUsed(now);
      neighbor.confirm(now);
      advance(SECOND);
    }
    assertThat(asked).isEmpty();
    assertThat(neighbor.isUsable()).isTrue();
  }

  @Tag("rfc4861:7.3.3-1")
  @Tag("rfc1122:3.3.1.4-1")
  @Test
  void anUnusedNeighborGrowsStaleIsAskedOnUseAndForgottenInTheEnd() {
    Neighbor neighbor = want(1);
    send(neighbor);
    table.answered(neighbor, MAC, now);
    neighbor.takeUsed();
    advance(61 * SECOND);
    assertThat(neighbor.isUsable()).isFalse();
    assertThat(neighbor.isResolved()).isTrue();
    asked.clear();

    int before = port.sent;
    send(neighbor);
    assertThat(port.sent).as("an old address is good enough").isEqualTo(before + 1);
    advance(6 * SECOND);
    assertThat(asked).hasSize(2).allMatch(each -> each.startsWith("alone"));
    advance(3 * SECOND);
    assertThat(neighbor.isRemoved()).as("nobody answered").isTrue();
    assertThat(table.size()).isZero();
  }

  @Test
  void aStaleNeighborThatIsConfirmedInTimeIsNotAsked() {
    Neighbor neighbor = want(1);
    table.learned(neighbor, MAC, now);
    asked.clear();
    send(neighbor);
    advance(2 * SECOND);
    neighbor.confirm(now);
    advance(5 * SECOND);
    assertThat(asked).isEmpty();
  }

  @Test
  void whatIsSaidUnaskedIsBelievedButChecked() {
    Neighbor neighbor = want(1);
    send(neighbor);
    table.answered(neighbor, MAC, now);
    table.learned(neighbor, MAC, now);
    assertThat(neighbor.isUsable()).as("nothing new").isTrue();
    table.learned(neighbor, OTHER_MAC, now);
    assertThat(neighbor.mac()).isEqualTo(OTHER_MAC);
    assertThat(neighbor.isUsable()).isFalse();
    asked.clear();
    send(neighbor);
    advance(5 * SECOND);
    assertThat(asked).hasSize(1);
  }

  @Test
  void theTableIsBoundedAndWhatOthersMakeNeverDisplacesWhatWeUse() {
    NeighborTable small =
        table(new NeighborConfig(16, 3, 10, 30_000, 5_000, 1_000, 3, 5_000, 600_000));
    Neighbor ours = small.demand(nif, 0, 1, now);
    small.answered(ours, MAC, now);
    for (int i = 0; i < 10_000; i++) {
      small.admit(nif, 0, 1_000 + i, OTHER_MAC, now);
      assertThat(small.size()).isLessThanOrEqualTo(16);
    }
    assertThat(small.find(nif, 0, 1)).isSameAs(ours);
    // Our own demand always finds room.
    for (int i = 0; i < 100; i++) {
      now++;
      assertThat(small.demand(nif, 0, 100_000 + i, now).isRemoved()).isFalse();
      assertThat(small.size()).isLessThanOrEqualTo(16);
    }
  }

  @Test
  void anEvictedNeighborSaysSoToWhoHoldsIt() {
    NeighborTable one =
        table(new NeighborConfig(1, 3, 10, 30_000, 5_000, 1_000, 3, 5_000, 600_000));
    Neighbor first = one.demand(nif, 0, 1, now);
    send(first);
    Neighbor second = one.demand(nif, 0, 2, now);
    assertThat(first.isRemoved()).isTrue();
    assertThat(one.held()).isZero();
    assertThat(one.find(nif, 0, 2)).isSameAs(second);
    Frame frame = shard.pool().allocate();
    assertThat(first.send(frame, now)).isFalse();
    frame.release();
  }

  /** A port that counts what is sent. */
  private static final class TestPort implements Port, PortQueue {
    private int sent;
    private long lastDestination;

    @Override
    public PortInfo info() {
      return new PortInfo("test", 0x02_00_00_00_00_01L, 1500, 1, 0);
    }

    @Override
    public PortQueue queue(int index, FramePool pool) {
      return this;
    }

    @Override
    public int rxBurst(Frame[] out, int max, long at) {
      return 0;
    }

    @Override
    public int txBurst(Frame[] frames, int from, int to) {
      for (int i = from; i < to; i++) {
        lastDestination = Ethernet.destination(frames[i].address());
        sent++;
        frames[i].release();
      }
      return to - from;
    }

    @Override
    public void flush() {}

    @Override
    public int reclaim(int max) {
      return 0;
    }

    @Override
    public int fd() {
      return -1;
    }

    @Override
    public void close() {}
  }

  @Test
  void theResolverHearsOfNeighborsThatDoNotAnswer() {
    send(want(1));
    advance(10 * SECOND);
    assertThat(lost).as("asked for at 1, 2 and 3").containsExactly("1 at 4");
    Neighbor old = want(2);
    table.learned(old, MAC, now);
    send(old);
    advance(20 * SECOND);
    assertThat(lost).as("used at 11, asked at 16, 17 and 18").containsExactly("1 at 4", "2 at 19");
    assertThat(old.isRemoved()).isTrue();
  }

  @Test
  void aLinkMayHaveTimesOfItsOwn() {
    table.timers(nif, 100_000, 100_000, 3_000);
    Neighbor neighbor = want(1);
    send(neighbor);
    table.answered(neighbor, MAC, now);
    advance(99 * SECOND);
    assertThat(neighbor.state()).isEqualTo(Neighbor.State.REACHABLE);
    advance(2 * SECOND);
    assertThat(neighbor.state()).isNotEqualTo(Neighbor.State.REACHABLE);
    asked.clear();
    send(want(2));
    long start = now / SECOND;
    advance(20 * SECOND);
    assertThat(asked).contains("all " + start, "all " + (start + 3), "all " + (start + 6));
  }

  // ---- RFC 4861 §7.2.5, the table of Appendix C ----

  private Neighbor in(Neighbor.State state) {
    Neighbor neighbor = want(7);
    switch (state) {
      case INCOMPLETE -> send(neighbor);
      case REACHABLE -> table.answered(neighbor, MAC, now);
      case STALE -> table.learned(neighbor, MAC, now);
      case DELAY -> {
        table.learned(neighbor, MAC, now);
        send(neighbor);
      }
      case PROBE -> {
        table.learned(neighbor, MAC, now);
        send(neighbor);
        advance(5 * SECOND);
      }
      case FAILED, REMOVED -> throw new AssertionError(state);
    }
    assertThat(neighbor.state()).isEqualTo(state);
    return neighbor;
  }

  private void expect(
      Neighbor.State before,
      long mac,
      boolean solicited,
      boolean override,
      Neighbor.State after,
      long macAfter) {
    Neighbor neighbor = in(before);
    table.advertised(neighbor, mac, solicited, override, now);
    assertThat(neighbor.state()).as("%s S=%s O=%s", before, solicited, override).isEqualTo(after);
    assertThat(neighbor.mac()).isEqualTo(macAfter);
    table.remove(neighbor);
  }

  private static final List<Neighbor.State> RESOLVED =
      List.of(
          Neighbor.State.REACHABLE,
          Neighbor.State.STALE,
          Neighbor.State.DELAY,
          Neighbor.State.PROBE);

  @Test
  void anAdvertisementCompletesWhatIsAskedFor() {
    Neighbor.State asked = Neighbor.State.INCOMPLETE;
    for (boolean override : new boolean[] {false, true}) {
      // What waited is sent at once, so the state after STALE is DELAY.
      expect(asked, MAC, false, override, Neighbor.State.DELAY, MAC);
      expect(asked, MAC, true, override, Neighbor.State.REACHABLE, MAC);
      expect(asked, -1, true, override, asked, 0);
      expect(asked, -1, false, override, asked, 0);
    }
  }

  @Test
  void anAdvertisementThatMayNotOverrideOnlyRaisesDoubts() {
    for (Neighbor.State before : RESOLVED) {
      Neighbor.State after = before == Neighbor.State.REACHABLE ? Neighbor.State.STALE : before;
      expect(before, OTHER_MAC, false, false, after, MAC);
      expect(before, OTHER_MAC, true, false, after, MAC);
    }
  }

  @Test
  void anAdvertisementThatMayOverrideReplacesTheAddress() {
    for (Neighbor.State before : RESOLVED) {
      expect(before, OTHER_MAC, true, true, Neighbor.State.REACHABLE, OTHER_MAC);
      expect(before, OTHER_MAC, false, true, Neighbor.State.STALE, OTHER_MAC);
    }
  }

  @Test
  void anAnswerWithTheSameAddressOrNoneConfirms() {
    for (Neighbor.State before : RESOLVED) {
      for (boolean override : new boolean[] {false, true}) {
        for (long mac : new long[] {MAC, -1}) {
          expect(before, mac, true, override, Neighbor.State.REACHABLE, MAC);
          expect(before, mac, false, override, before, MAC);
        }
      }
    }
  }
}
