package io.millrace.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.transport.PathMtuSearch.State;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * Searching for a path's MTU (RFC 8899), against a path that drops what is larger than it takes.
 */
final class PathMtuSearchTest {
  private static final long SECOND = 1_000_000_000;
  private static final PathMtuConfig V4 = PathMtuConfig.ipv4();
  private static final PathMtuConfig V6 = PathMtuConfig.ipv6();

  private long now;

  /** Probes until nothing is left to try; returns how many probes that took. */
  private int run(PathMtuSearch search, int path) {
    int probes = 0;
    search.confirmed(now);
    while (search.state() == State.SEARCHING) {
      int probe = search.probeSize();
      assertThat(probe).isGreaterThan(search.size());
      search.probeSent(now);
      assertThat(search.probeSize()).as("one probe at a time").isZero();
      now += SECOND / 10;
      if (probe <= path) {
        search.probeAcked(now);
      } else {
        search.probeLost(now);
      }
      probes++;
    }
    return probes;
  }

  @Test
  void nothingIsTriedBeforeTheBaseHasArrived() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    assertThat(search.state()).isEqualTo(State.BASE);
    assertThat(search.size()).isEqualTo(1_200);
    assertThat(search.probeSize()).isZero();
    assertThat(search.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aPathThatTakesAllIsFoundWithOneProbe() {
    PathMtuSearch search = new PathMtuSearch(V4, 9_000);
    assertThat(run(search, 9_000)).isEqualTo(1);
    assertThat(search.size()).isEqualTo(9_000);
    assertThat(search.state()).isEqualTo(State.COMPLETE);
  }

  @Property
  void theSizeThatIsFoundArrivesAndIsNearlyTheLargestThatDoes(
      @ForAll @IntRange(min = 1_280, max = 9_000) int path,
      @ForAll @IntRange(min = 1_280, max = 9_000) int mtu) {
    PathMtuSearch search = new PathMtuSearch(V6, mtu);
    int most = Math.min(path, mtu);
    int probes = run(search, path);
    assertThat(search.size()).isLessThanOrEqualTo(most).isGreaterThan(most - 16);
    // One at the top, four among the common sizes, ten in the largest gap between two of these,
    // three times each.
    assertThat(probes).isLessThanOrEqualTo(45);
  }

  @Property
  void sizesThatNetworksHaveAreFoundExactly(@ForAll @IntRange(min = 0, max = 4) int which) {
    int path = new int[] {1_280, 1_420, 1_480, 1_492, 8_950}[which];
    PathMtuSearch search = new PathMtuSearch(V6, 9_000);
    run(search, path);
    assertThat(search.size()).isEqualTo(path);
  }

  @Test
  void oneLostProbeSaysNothing() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    search.confirmed(now);
    for (int i = 0; i < 2; i++) {
      search.probeSent(now);
      search.probeLost(now);
      assertThat(search.probeSize()).as("tried again").isEqualTo(1_500);
    }
    search.probeSent(now);
    search.probeLost(now);
    assertThat(search.probeSize()).isBetween(1_201, 1_499);
  }

  @Test
  void aProbeWithoutAnyAnswerIsLostAfterItsTime() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    search.confirmed(now);
    search.probeSent(now);
    assertThat(search.nextDeadline()).isEqualTo(now + 15 * SECOND);
    search.onTimeout(now + 14 * SECOND);
    assertThat(search.probeSize()).isZero();
    search.onTimeout(now + 15 * SECOND);
    assertThat(search.probeSize()).isEqualTo(1_500);
  }

  @Test
  void aProbeThatWasLostWithOthersIsNotCounted() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    search.confirmed(now);
    for (int i = 0; i < 10; i++) {
      search.probeSent(now);
      search.probeUnclear();
    }
    assertThat(search.probeSize()).isEqualTo(1_500);
    search.probeSent(now);
    search.probeAcked(now);
    assertThat(search.size()).isEqualTo(1_500);
  }

  @Test
  void aBlackHoleLeadsBackToTheBaseAndThenToTheLeast() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    run(search, 1_500);
    assertThat(search.blackHole()).isTrue();
    assertThat(search.size()).isEqualTo(1_200);
    assertThat(search.state()).isEqualTo(State.BASE);
    assertThat(search.blackHole()).isTrue();
    assertThat(search.size()).isEqualTo(552);
    assertThat(search.state()).isEqualTo(State.ERROR);
    assertThat(search.blackHole()).as("nothing is left to give").isFalse();
    run(search, 1_100);
    assertThat(search.size()).isBetween(1_085, 1_100);
  }

  @Test
  void whatWasABlackHoleIsNotTheFirstToBeTriedAgain() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    run(search, 1_500);
    search.blackHole();
    search.confirmed(now);
    assertThat(search.probeSize()).isBetween(1_201, 1_499);
  }

  @Test
  void theNetworksWordIsTakenForWhatWasSent() {
    PathMtuSearch search = new PathMtuSearch(V4, 9_000);
    search.confirmed(now);
    search.probeSent(now);
    search.tooBig(1_480, now);
    assertThat(search.probeSize()).as("what the router said").isEqualTo(1_480);
    search.probeSent(now);
    search.probeAcked(now);
    assertThat(search.size()).isEqualTo(1_480);
    assertThat(search.state()).isEqualTo(State.COMPLETE);
    search.tooBig(1_400, now);
    assertThat(search.size()).isEqualTo(1_400);
  }

  @Test
  void theNetworksWordNeverRaisesAndNeverGoesBelowTheLeast() {
    PathMtuSearch search = new PathMtuSearch(V6, 1_500);
    run(search, 1_500);
    search.tooBig(9_000, now);
    search.tooBig(1_500, now);
    search.tooBig(1_279, now);
    search.tooBig(0, now);
    assertThat(search.size()).isEqualTo(1_500);
  }

  @Test
  void afterTenMinutesAWiderPathIsFound() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_500);
    run(search, 1_400);
    assertThat(search.size()).isEqualTo(1_400);
    assertThat(search.nextDeadline()).isEqualTo(now + 600 * SECOND);
    now = search.nextDeadline();
    search.onTimeout(now);
    run(search, 1_500);
    assertThat(search.size()).isEqualTo(1_500);
  }

  @Test
  void anInterfaceWithALesserMtuLimitsTheBase() {
    PathMtuSearch search = new PathMtuSearch(V4, 1_000);
    assertThat(search.size()).isEqualTo(1_000);
    search.confirmed(now);
    assertThat(search.state()).isEqualTo(State.COMPLETE);
    search.restart(1_500);
    assertThat(search.size()).isEqualTo(1_200);
    assertThat(run(search, 1_500)).isEqualTo(1);
  }
}
