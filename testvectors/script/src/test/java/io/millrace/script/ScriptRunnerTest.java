package io.millrace.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.script.ScriptResult.Outcome;
import org.junit.jupiter.api.Test;

/** What passes, what fails and where: right scripts and wrong ones, against the stack. */
final class ScriptRunnerTest {
  private static final String HEAD =
      """
            // The stack accepts:
      // the passive side of a connection
      0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
      +0 bind(3, ..., ...) = 0
      +0 listen(3, 1) = 0
      +.1 < S 0:0(0) win 32792 <mss 1000>
      """;

  private static final String PASSIVE =
      HEAD
          + """
          +0 > S. 0:0(0) ack 1 <mss 1460>
          +.1 < . 1:1(0) ack 1 win 32792
          +0 accept(3, ..., ...) = 4
          """;

  private ScriptResult run(String script) {
    return ScriptRunner.run(script, RunOptions.of(Profile.NEUTRAL));
  }

  private void passes(String script) {
    ScriptResult result = run(script);
    assertThat(result.summary("it")).isEqualTo("PASS it (" + result.nanos() / 1_000_000 + " ms)");
  }

  private String fails(String script) {
    ScriptResult result = run(script);
    assertThat(result.outcome()).as(result.reason()).isEqualTo(Outcome.FAIL);
    return result.line() + " " + result.reason();
  }

  private String skips(String script) {
    ScriptResult result = run(script);
    assertThat(result.outcome()).as(result.reason()).isEqualTo(Outcome.SKIP);
    return result.reason();
  }

  @Test
  void aPassiveOpenPasses() {
    passes(PASSIVE);
    assertThat(run(PASSIVE).nanos()).as("in virtual time").isEqualTo(200_000_000);
    assertThat(run(PASSIVE).exchange()).contains("0.100000 > S. 0:0(0) ack 1 win 65535 <mss 1460>");
  }

  @Test
  void anActiveOpenThatBlocksPasses() {
    passes(
        """
                0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        0.1...0.2 connect(3, ..., ...) = 0
        0.1 > S 0:0(0) <...>
        0.2 < S. 500:500(0) ack 1 win 32792 <mss 1000>
        +0 > . 1:1(0) ack 1 <...>
        """);
  }

  @Test
  void anActiveOpenThatDoesNotBlockPasses() {
    passes(
        """
                0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)
        +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0   // set non-blocking mode
        +0 fcntl(3, F_GETFL) = 0x802
        +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <...>
        +.05 < S. 0:0(0) ack 1 win 32792
        +0 > . 1:1(0) ack 1
        +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
        +0 poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
        """);
  }

  @Test
  void aBlockingReadReturnsWhenDataArrives() {
    passes(
        PASSIVE
            + """
            +0...+0.2 read(4, ..., 1000) = 500
            +.2 < P. 1:501(500) ack 1 win 32792
            +.04 > . 1:1(0) ack 501
            """);
  }

  @Test
  void aBlockingCallThatReturnsLateOrNeverFails() {
    assertThat(
            fails(
                PASSIVE
                    + """
                    +0...+0.1 read(4, ..., 1000) = 500
                    +.2 < P. 1:501(500) ack 1 win 32792
                    """))
        .startsWith("11 read() returned at 0.400000, expected by 0.300000");
    assertThat(fails(PASSIVE + "+0...+0.1 read(4, ..., 1000) = 500\n"))
        .startsWith("11 read() has not returned");
    assertThat(fails(PASSIVE + "+0 read(4, ..., 1000) = 500\n")).startsWith("11 read() blocks");
  }

  @Test
  void segmentsAddUpToWhatTheScriptWritesUnlessItIsStrict() {
    String sending = "+0 write(4, ..., 4000) = 4000\n+0 > P. 1:4001(4000) ack 1\n";
    passes(PASSIVE + sending);
    assertThat(fails("--strict_segments\n" + PASSIVE + sending))
        .startsWith("13 length is 1000, expected 4000");
    passes(
        "--strict_segments\n"
            + PASSIVE
            + """
            +0 write(4, ..., 2000) = 2000
            +0 > . 1:1001(1000) ack 1
            +0 > P. 1001:2001(1000) ack 1
            """);
  }

  @Test
  void moreThanTheScriptWritesIsNotTakenForEnough() {
    assertThat(fails(PASSIVE + "+0 write(4, ..., 2000) = 2000\n+0 > P. 1:2000(1999) ack 1\n"))
        .contains("length is 2000, expected 1999");
  }

  @Test
  void aDifferenceIsShownSideBySide() {
    assertThat(fails(HEAD + "+0 > S. 0:0(0) ack 2 <mss 1460>\n"))
        .isEqualTo(
            """
            8 ack is 1, expected 2
              script:   +0 > S. 0:0(0) ack 2 <mss 1460>
              expected: 0.100000 > S. 0:0(0) ack 2 <mss 1460>
              actual:   0.100000 > S. 0:0(0) ack 1 win 65535 <mss 1460>\
            """);
  }

  @Test
  void everythingThatIsWrittenIsCompared() {
    assertThat(fails(HEAD + "+0 > . 0:0(0) ack 1 <mss 1460>")).contains("flags are");
    assertThat(fails(HEAD + "+0 > S. 0:0(0) ack 1")).contains("options are");
    assertThat(fails(HEAD + "+0 > S. 0:0(0) ack 1 <mss 1459>")).contains("options are");
    assertThat(fails(HEAD + "+0 > (ttl 63) S. 0:0(0) ack 1 <...>")).contains("ttl is 64");
    assertThat(fails(HEAD + "+0 > [tos 0x8] S. 0:0(0) ack 1 <...>")).contains("tos is 0");
    assertThat(fails(HEAD + "+0 > [ect0] S. 0:0(0) ack 1 <...>")).contains("ecn bits are 0");
    assertThat(fails(HEAD + "+0 > 81 > 82 S. 0:0(0) ack 1 <...>")).contains("port is");
    assertThat(fails(HEAD + "+0 > udp (0)")).contains("it is tcp, expected udp");
    assertThat(fails(HEAD + "+0 > icmp unreachable port_unreachable")).contains("expected icmp");
    passes(HEAD + "+0 > [noecn, ttl 64] 8080 > 52000 S. 0:0(0) ack 1 <nop,mss 1460,eol>");
    assertThat(fails(HEAD + "+0 > SE. 0:0(0) ack 1 <...>")).contains("flags are S., expected SE.");
  }

  @Test
  void theNeutralProfileIgnoresPushWindowAndOptionOrder() {
    String scaling = HEAD.replace("<mss 1000>", "<mss 1000,nop,wscale 7>");
    passes(scaling + "+0 > SP. 0:0(0) ack 1 win 1 <wscale 3,mss 1460>");
    assertThat(fails(scaling + "+0 > S. 0:0(0) ack 1 win 1 <wscale 4,mss 1460>"))
        .contains("options are");
  }

  /** The stack acknowledges a single small segment after 40 ms. */
  private static final String DELAYED = PASSIVE + "+.2 < P. 1:101(100) ack 1 win 32792\n";

  @Test
  void aPacketMayBeOffByTheToleranceAndNoMore() {
    passes(DELAYED + "+.04 > . 1:1(0) ack 101\n");
    passes(DELAYED + "+.036 > . 1:1(0) ack 101\n");
    passes(DELAYED + "+.0455 > . 1:1(0) ack 101\n");
    assertThat(fails(DELAYED + "+.035 > . 1:1(0) ack 101\n"))
        .startsWith("12 no packet was sent by 0.439375");
    assertThat(fails(DELAYED + "+.0465 > . 1:1(0) ack 101\n"))
        .startsWith("12 it was sent early, at 0.440000");
    passes("--tolerance_usecs=10000\n" + DELAYED + "+.0495 > . 1:1(0) ack 101\n");
  }

  @Test
  void anyTimeAndRangesAreTimes() {
    passes(DELAYED + "* > . 1:1(0) ack 101\n+.01 < . 101:101(0) ack 1 win 9\n");
    passes(DELAYED + "+.03~+.05 > . 1:1(0) ack 101\n");
    passes(DELAYED + "0.4~0.5 > . 1:1(0) ack 101\n");
    assertThat(fails(DELAYED + "+.1~+.2 > . 1:1(0) ack 101\n")).contains("it was sent early");
  }

  @Test
  void aPacketTooManyFails() {
    assertThat(fails(DELAYED + "+.5 read(4, ..., 100) = 100\n"))
        .contains("the stack also sent, at 0.440000: . 1:1(0) ack 101");
    assertThat(fails(DELAYED + "+.1 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 101\n"))
        .contains("length is 0, expected 9");
  }

  @Test
  void aDifferenceThatIsNotFatalIsTold() {
    String wrong = HEAD + "+0 > S. 0:0(0) ack 2 <mss 1460>\n";
    passes("--non_fatal=packet\n" + wrong);
    assertThat(run("--non_fatal=packet\n" + wrong).exchange())
        .anyMatch(text -> text.startsWith("not fatal: line 9: ack is 1, expected 2"));
  }

  @Test
  void timestampsAreMappedBothWays() {
    passes(
        HEAD.replace("<mss 1000>", "<mss 1000,nop,nop,TS val 700 ecr 0>")
            + """
            +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 700>
            +.1 < . 1:1(0) ack 1 win 32792 <nop,nop,TS val 800 ecr 100>
            +0 accept(3, ..., ...) = 4
            +0 < . 1:11(10) ack 1 win 32792 <nop,nop,TS val 900 ecr 100>
            +.04 > . 1:1(0) ack 11 <nop,nop,TS val 200 ecr 900>
            """);
    assertThat(
            fails(
                HEAD.replace("<mss 1000>", "<mss 1000,nop,nop,TS val 700 ecr 0>")
                    + "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 701>\n"))
        .contains("TS val 100 ecr 700");
  }

  @Test
  void aCallsResultIsCompared() {
    assertThat(fails(PASSIVE + "+0 write(4, ..., 10) = 9\n"))
        .startsWith("11 write: returned 10, expected 9");
    assertThat(fails(PASSIVE + "+0 listen(4, 1) = -1 EPIPE (x)\n"))
        .startsWith("11 listen: returned -1 EINVAL, expected -1 EPIPE");
    passes(PASSIVE + "+0 listen(4, 1) = -1 EINVAL (Invalid)\n");
    assertThat(fails(PASSIVE + "+0 read(9, ..., 10) = 10\n"))
        .startsWith("11 read: no descriptor 9 was opened before");
    assertThat(fails(PASSIVE + "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [7], [4]) = 0\n"))
        .startsWith("11 getsockopt: SO_ERROR is 0, expected 7");
    assertThat(fails(PASSIVE + "+0 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1\n"))
        .startsWith("11 poll: revents are 0");
  }

  @Test
  void aScriptThatVerifiesNothingFails() {
    assertThat(fails("--remote_ip=192.168.0.9\n0 < S 0:0(0) win 32792\n"))
        .isEqualTo("2 the script verifies nothing");
    assertThat(fails("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = ...\n"))
        .isEqualTo("1 the script verifies nothing");
  }

  private static String withCommand(String command) {
    return PASSIVE.replaceFirst("\n", "\n`" + command + "`\n");
  }

  @Test
  void whatIsNotSupportedIsSkippedWithItsReason() {
    assertThat(skips(withCommand("sysctl -q net.ipv4.tcp_ecn=1"))).contains("tcp_ecn");
    assertThat(skips(withCommand("rm -rf /"))).contains("'rm -rf /' is not one for the stack");
    assertThat(skips(PASSIVE + "+0 `sysctl -q net.ipv4.tcp_sack=0`\n"))
        .contains("line 11: a running stack cannot be changed");
    assertThat(skips(PASSIVE + "+0 %{ assert tcpi_surprise == 10 }%\n")).contains("tcpi_surprise");
    assertThat(skips("0 socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) = 3\n")).contains("SCTP");
    assertThat(skips("0 < sctp: INIT[]\n")).contains("SCTP");
    assertThat(skips("0 < gre[]: S 0:0(0) win 5\n")).contains("gre");
    assertThat(skips("0 < S 0:0(0) win 5 <exp-tarr 5>\n")).contains("exp-tarr");
    assertThat(skips(PASSIVE + "+0 setsockopt(4, SOL_TCP, TCP_CORK, [1], 4) = 0\n"))
        .contains("TCP_CORK");
    passes(withCommand("../common/defaults.sh") + "`true`\n");
  }

  @Test
  void settingsMakeTheStack() {
    passes(
        withCommand("sysctl -q net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0")
            .replace("<mss 1000>", "<mss 1000,sackOK,nop,wscale 7>"));
    passes(
        withCommand("ip route change 192.0.2.0/24 via 192.168.0.2 initcwnd 2")
            + "+0 write(4, ..., 3000) = 3000\n+0 > . 1:2001(2000) ack 1\n"
            + "+.5 %{ assert tcpi_snd_cwnd <= 2 }%\n".replace("+.5", "+0"));
    passes(
        PASSIVE
            .replace(
                "+0 setsockopt",
                "+0 setsockopt(3, SOL_TCP, TCP_MAXSEG, [700], 4) = 0\n+0 setsockopt")
            .replace("<mss 1460>", "<mss 700>"));
  }

  @Test
  void assertionsSeeTheConnection() {
    passes(
        PASSIVE
            + """
            +0 write(4, ..., 2000) = 2000
            +0 > P. 1:2001(2000) ack 1
            +0 %{
            assert tcpi_state == TCP_ESTABLISHED and tcpi_ca_state == TCP_CA_Open
            assert tcpi_unacked == 2, tcpi_unacked
            print("cwnd", tcpi_snd_cwnd)
            }%
            """);
    assertThat(
            fails(
                PASSIVE
                    + """
                    +0 %{
                    x = 3
                    assert tcpi_unacked == x, "as many"
                    }%
                    """))
        .isEqualTo("13 the assertion does not hold: tcpi_unacked is 0, x is 3; as many");
  }

  @Test
  void messagesAddressesAndQueuesAreAsked() {
    passes(
        PASSIVE
            + """
            +0 getsockname(4, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("192.168.0.1")}, [16]) = 0
            +0 getpeername(4, {sa_family=AF_INET, sin_port=htons(52000), sin_addr=inet_addr("192.0.2.1")}, [16]) = 0
            +0 epoll_create(1) = 5
            +0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0
            +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 0
            +0 < P. 1:301(300) ack 1 win 32792
            +0 ioctl(4, SIOCINQ, [300]) = 0
            +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1
            +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 0
            +0 recv(4, ..., 100, MSG_PEEK) = 100
            +0 recvmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 100}, {..., 200}], msg_flags=0}, 0) = 300
            +0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10
            +0 > P. 1:11(10) ack 301
            +0 ioctl(4, SIOCOUTQ, [10]) = 0
            +0...+0.2 poll([{fd=4, events=POLLIN, revents=0}], 1, 200) = 0
            """);
  }

  @Test
  void aBrokenScriptFailsWithItsLine() {
    assertThat(fails("0 socket(..., SOCK_STREAM, 0) = 3\n+0 < S 0:1(0) win 1\n"))
        .isEqualTo("2 expected a length of 1 for 0:1, not 'win 1' (column 15)");
  }
}
