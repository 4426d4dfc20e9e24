package io.millrace.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** RFC 8305, on a clock of milliseconds. */
class HappyEyeballsTest {
  private static final IpAddress SIX = IpAddress.parse("2001:db8::1");
  private static final IpAddress SIX_TOO = IpAddress.parse("2001:db8::2");
  private static final IpAddress FOUR = IpAddress.parse("192.0.2.1");
  private static final IpAddress FOUR_TOO = IpAddress.parse("192.0.2.2");

  private final HappyEyeballs machine = new HappyEyeballs();

  private IpAddress at(long millis) {
    return machine.next(millis * 1_000_000);
  }

  private void addresses(int version, long millis, IpAddress... all) {
    machine.onAddresses(version, List.of(all), millis * 1_000_000);
  }

  @Test
  void ipv6IsTriedAsSoonAsItIsKnown() {
    addresses(6, 0, SIX);
    assertThat(at(0)).isEqualTo(SIX);
    assertThat(at(0)).isNull();
    assertThat(machine.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void ipv4WaitsAMomentForIpv6() {
    addresses(4, 10, FOUR);
    assertThat(at(10)).isNull();
    assertThat(machine.nextDeadline()).isEqualTo(60_000_000);
    addresses(6, 40, SIX);
    assertThat(at(40)).isEqualTo(SIX);
    assertThat(at(289)).isNull();
    assertThat(at(290)).isEqualTo(FOUR);
  }

  @Test
  void ipv4IsTriedWhenTheMomentIsOverOrThereIsNoIpv6() {
    addresses(4, 10, FOUR);
    assertThat(at(60)).isEqualTo(FOUR);

    HappyEyeballs other = new HappyEyeballs();
    other.onAddresses(4, List.of(FOUR), 0);
    other.onNoAddresses(6);
    assertThat(other.next(0)).isEqualTo(FOUR);
  }

  @Test
  void ipv6ThatComesLateIsNextInTurn() {
    addresses(4, 0, FOUR, FOUR_TOO);
    assertThat(at(50)).isEqualTo(FOUR);
    addresses(6, 100, SIX);
    assertThat(at(100)).isNull();
    assertThat(at(300)).isEqualTo(SIX);
    assertThat(at(550)).isEqualTo(FOUR_TOO);
  }

  @Test
  void familiesTakeTurns() {
    addresses(6, 0, SIX, SIX_TOO);
    addresses(4, 0, FOUR, FOUR_TOO);
    List<IpAddress> tried = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      tried.add(at(250L * i));
    }
    assertThat(tried).containsExactly(SIX, FOUR, SIX_TOO, FOUR_TOO);
  }

  @Test
  void theNextIsTriedAtOnceWhenTheLatestHasFailed() {
    addresses(6, 0, SIX);
    addresses(4, 0, FOUR, FOUR_TOO);
    at(0);
    machine.onFailed(SIX);
    assertThat(at(5)).isEqualTo(FOUR);
    assertThat(at(6)).isNull();
    assertThat(machine.hasFailed()).isFalse();
  }

  @Test
  void theFailureOfAnEarlierAttemptDoesNotHurryTheNext() {
    addresses(6, 0, SIX);
    addresses(4, 0, FOUR, FOUR_TOO);
    at(0);
    at(250);
    machine.onFailed(SIX);
    assertThat(at(300)).isNull();
    assertThat(at(500)).isEqualTo(FOUR_TOO);
  }

  @Test
  void itHasFailedWhenNothingIsLeft() {
    machine.onNoAddresses(6);
    assertThat(machine.hasFailed()).isFalse();
    addresses(4, 0, FOUR);
    assertThat(machine.hasFailed()).isFalse();
    at(0);
    assertThat(machine.hasFailed()).isFalse();
    machine.onFailed(FOUR);
    assertThat(machine.hasFailed()).isTrue();
  }

  @Property
  void everyAddressIsTriedOnceAndTheyNeverCrowd(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<IpAddress> six = new ArrayList<>();
    List<IpAddress> four = new ArrayList<>();
    for (int i = random.nextInt(10); i > 0; i--) {
      six.add(new IpAddress(1, i));
    }
    for (int i = random.nextInt(10); i > 0; i--) {
      four.add(IpAddress.v4(i));
    }
    HappyEyeballs any = new HappyEyeballs();
    long six0 = random.nextInt(500);
    long four0 = random.nextInt(500);
    List<IpAddress> running = new ArrayList<>();
    List<IpAddress> tried = new ArrayList<>();
    for (long ms = 0; ms < 20_000 && !any.hasFailed(); ms++) {
      if (ms == six0) {
        any.onAddresses(6, six, ms * 1_000_000);
      }
      if (ms == four0) {
        any.onAddresses(4, four, ms * 1_000_000);
      }
      if (!running.isEmpty() && random.nextInt(100) == 0) {
        any.onFailed(running.remove(random.nextInt(running.size())));
      }
      for (IpAddress next; (next = any.next(ms * 1_000_000)) != null; ) {
        running.add(next);
        tried.add(next);
      }
      assertThat(running).hasSizeLessThanOrEqualTo(HappyEyeballs.MOST_RUNNING);
      if (any.nextDeadline() != Long.MAX_VALUE) {
        assertThat(any.nextDeadline()).isGreaterThan(ms * 1_000_000);
      }
    }
    assertThat(any.hasFailed()).isTrue();
    assertThat(tried).hasSize(six.size() + four.size());
    assertThat(new HashSet<>(tried)).hasSameSizeAs(tried);
  }
}
