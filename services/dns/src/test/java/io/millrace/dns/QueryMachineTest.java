package io.millrace.dns;

import static io.millrace.dns.QueryMachine.Action.ASK_TCP;
import static io.millrace.dns.QueryMachine.Action.ASK_UDP;
import static io.millrace.dns.QueryMachine.Action.GIVE_UP;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueryMachineTest {
  private static final long SECOND = 1_000_000_000;
  private static final IpAddress A = IpAddress.parse("10.0.0.1");
  private static final IpAddress B = IpAddress.parse("10.0.0.2");

  private final QueryMachine machine =
      new QueryMachine(List.of(A, B), 1, DnsConfig.defaults().withPatience(2_000, 2));

  @Test
  void everyServerIsAskedInEveryRoundAndGivenTwiceTheTimeInTheNext() {
    assertThat(machine.start(0)).isEqualTo(ASK_UDP);
    assertThat(machine.server()).isEqualTo(B);
    assertThat(machine.deadline()).isEqualTo(2 * SECOND);

    assertThat(machine.onTimeout(10)).isEqualTo(ASK_UDP);
    assertThat(machine.server()).isEqualTo(A);
    assertThat(machine.deadline()).isEqualTo(10 + 2 * SECOND);

    assertThat(machine.onTimeout(0)).isEqualTo(ASK_UDP);
    assertThat(machine.server()).isEqualTo(B);
    assertThat(machine.deadline()).isEqualTo(4 * SECOND);

    assertThat(machine.onUseless(0)).isEqualTo(ASK_UDP);
    assertThat(machine.onTimeout(0)).isEqualTo(GIVE_UP);
    assertThat(machine.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aTruncatedAnswerIsFetchedFromTheSameServerWithMorePatience() {
    machine.start(0);
    assertThat(machine.onTruncated(0)).isEqualTo(ASK_TCP);
    assertThat(machine.server()).isEqualTo(B);
    assertThat(machine.deadline()).isEqualTo(4 * SECOND);

    assertThat(machine.onTruncated(0)).as("cut short over TCP").isEqualTo(ASK_UDP);
    assertThat(machine.server()).isEqualTo(A);
  }

  @Test
  void ednsIsLeftOutOnceForAServerThatDoesNotUnderstandIt() {
    machine.start(0);
    assertThat(machine.edns()).isTrue();
    assertThat(machine.onNotUnderstood(0)).isEqualTo(ASK_UDP);
    assertThat(machine.server()).isEqualTo(B);
    assertThat(machine.edns()).isFalse();

    assertThat(machine.onNotUnderstood(0)).isEqualTo(ASK_UDP);
    assertThat(machine.server()).isEqualTo(A);
    assertThat(machine.edns()).isTrue();
  }
}
