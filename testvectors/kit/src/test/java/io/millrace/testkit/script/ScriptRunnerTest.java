package io.millrace.testkit.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.testkit.packet.TcpOption;
import io.millrace.testkit.script.ScriptResult.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What passes, what fails and where, against something that only pretends to be TCP. */
final class ScriptRunnerTest {
  private static final String HEAD =
      """
      --remote_ip=192.168.0.9
      // the passive side of a connection
      0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
      +0 bind(3, ..., ...) = 0
      +0 listen(3, 1) = 0
      +.1 < S 0:0(0) win 1000 <mss 1000>
      """;

  private static final String PASSIVE =
      HEAD
          + """
          +0 > S. 0:0(0) ack 1 <mss 1460>
          +.1 < . 1:1(0) ack 1 win 1000
          +0 accept(3, ..., ...) = 4
          """;

  private final FakeTcp.Manners manners = new FakeTcp.Manners();

  private ScriptResult run(String script) {
    return ScriptRunner.run(script, FakeTcp.Host.with(manners), Profile.NEUTRAL);
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
        --remote_ip=192.168.0.9
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        0.1...0.2 connect(3, ..., ...) = 0
        0.1 > S 0:0(0) <...>
        0.2 < S. 500:500(0) ack 1 win 1000 <mss 1000>
        +0 > . 1:1(0) ack 1 <...>
        """);
  }

  @Test
  void anActiveOpenThatDoesNotBlockPasses() {
    passes(
        """
        --remote_ip=192.168.0.9
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)
        +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0   // set non-blocking mode
        +0 fcntl(3, F_GETFL) = 0x802
        +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <mss 1460>
        +.05 < S. 0:0(0) ack 1 win 1000
        +0 > . 1:1(0) ack 1 <mss 1460>
        +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [7], [4]) = 0
        +0 poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
        """);
  }

  @Test
  void aBlockingReadReturnsWhenDataArrives() {
    passes(
        PASSIVE
            + """
            +0...+0.2 read(4, ..., 1000) = 500
            +.2 < P. 1:501(500) ack 1 win 1000
            +0 > . 1:1(0) ack 501
            """);
  }

  @Test
  void aBlockingCallThatReturnsLateOrNeverFails() {
    assertThat(
            fails(
                PASSIVE
                    + """
                    +0...+0.1 read(4, ..., 1000) = 500
                    +.2 < P. 1:501(500) ack 1 win 1000
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
        .startsWith("13 length is 1460, expected 4000");
    passes(
        "--strict_segments\n"
            + PASSIVE
            + """
            +0 write(4, ..., 2000) = 2000
            +0 > . 1:1461(1460) ack 1
            +0 > P. 1461:2001(540) ack 1
            """);
  }

  @Test
  void moreThanTheScriptWritesIsNotTakenForEnough() {
    assertThat(fails(PASSIVE + "+0 write(4, ..., 2000) = 2000\n+0 > P. 1:2000(1999) ack 1\n"))
        .contains("length is 2000, expected 1999");
  }

  @Test
  void aDifferenceIsShownSideBySide() {
    manners.ackOffset = 1;
    assertThat(fails(PASSIVE))
        .isEqualTo(
            """
            8 ack is 2, expected 1
              script:   +0 > S. 0:0(0) ack 1 <mss 1460>
              expected: 0.100000 > S. 0:0(0) ack 1 <mss 1460>
              actual:   0.100000 > S. 0:0(0) ack 2 win 65535 <mss 1460>\
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
    manners.extraFlags = "E";
    assertThat(fails(HEAD + "+0 > S. 0:0(0) ack 1 <...>")).contains("flags are SE.");
  }

  @Test
  void theNeutralProfileIgnoresPushWindowAndOptionOrder() {
    manners.extraFlags = "P";
    manners.synOptions = List.of(TcpOption.mss(1460), TcpOption.nop(), TcpOption.windowScale(7));
    passes(HEAD + "+0 > S. 0:0(0) ack 1 win 1 <wscale 7,mss 1460>");
  }

  @Test
  void aPacketMayBeOffByTheToleranceAndNoMore() {
    manners.replyDelay = 4_000_000;
    passes(PASSIVE);
    manners.replyDelay = 4_100_000;
    assertThat(fails(PASSIVE)).startsWith("8 no packet was sent by 0.104000");
    passes("--tolerance_usecs=5000\n" + PASSIVE);
    manners.replyDelay = 112_000_000;
    passes(HEAD + "+.1 > S. 0:0(0) ack 1 <...>");
    manners.replyDelay = 88_000_000;
    passes(HEAD + "+.1 > S. 0:0(0) ack 1 <...>");
    manners.replyDelay = 87_000_000;
    assertThat(fails(HEAD + "+.1 > S. 0:0(0) ack 1 <...>"))
        .startsWith("8 it was sent early, at 0.187000");
  }

  @Test
  void anyTimeAndRangesAreTimes() {
    manners.replyDelay = 150_000_000;
    passes(HEAD + "* > S. 0:0(0) ack 1 <...>\n+.01 < . 1:1(0) ack 1 win 9\n");
    passes(HEAD + "+.1~+.2 > S. 0:0(0) ack 1 <...>");
    passes(HEAD + "0.2~0.3 > S. 0:0(0) ack 1 <...>");
    assertThat(fails(HEAD + "+.2~+.3 > S. 0:0(0) ack 1 <...>")).contains("it was sent early");
  }

  @Test
  void aPacketTooManyFails() {
    manners.extraAck = true;
    assertThat(fails(PASSIVE)).contains("the stack also sent, at 0.100000: . 1:1(0) ack 1");
    assertThat(fails(PASSIVE + "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1\n"))
        .contains("length is 0, expected 9");
  }

  @Test
  void timestampsAreMappedBothWays() {
    passes(
        HEAD.replace("<mss 1000>", "<mss 1000,nop,nop,TS val 700 ecr 0>")
            + """
            +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 700>
            +.1 < . 1:1(0) ack 1 win 1000 <nop,nop,TS val 800 ecr 100>
            +0 accept(3, ..., ...) = 4
            +0 < . 1:11(10) ack 1 win 1000 <nop,nop,TS val 900 ecr 100>
            +0 > . 1:1(0) ack 11 <nop,nop,TS val 200 ecr 900>
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
    assertThat(fails(PASSIVE + "+0 setsockopt(4, SOL_SOCKET, SO_X, [2], 4) = 0\n"))
        .startsWith("11 setsockopt: returned -1 EINVAL, expected 0");
    assertThat(fails(PASSIVE + "+0 setsockopt(4, SOL_SOCKET, SO_X, [2], 4) = -1 EPIPE (x)\n"))
        .startsWith("11 setsockopt: returned -1 EINVAL, expected -1 EPIPE");
    passes(PASSIVE + "+0 setsockopt(4, SOL_SOCKET, SO_X, [2], 4) = -1 EINVAL (Invalid)\n");
    assertThat(fails(PASSIVE + "+0 read(9, ..., 10) = 10\n"))
        .startsWith("11 read: no descriptor 9 was opened before");
    assertThat(fails(PASSIVE + "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n"))
        .startsWith("11 getsockopt: SO_ERROR is 7, expected 0");
    assertThat(fails(PASSIVE + "+0 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1\n"))
        .startsWith("11 poll: revents are 0");
  }

  @Test
  void aScriptThatVerifiesNothingFails() {
    assertThat(fails("--remote_ip=192.168.0.9\n0 < S 0:0(0) win 1000\n"))
        .isEqualTo("2 the script verifies nothing");
    assertThat(fails("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = ...\n"))
        .isEqualTo("1 the script verifies nothing");
  }

  private static String withCommand(String command) {
    return PASSIVE.replaceFirst("\n", "\n`" + command + "`\n");
  }

  @Test
  void whatIsNotSupportedIsSkippedWithItsReason() {
    assertThat(skips("--ip_version=ipv6\n" + PASSIVE)).contains("ipv6");
    assertThat(skips("--tcp_ts_tick_usecs=1000\n" + PASSIVE)).contains("tcp_ts_tick_usecs");
    assertThat(skips(withCommand("sysctl -q net.ipv4.tcp_ecn=1"))).contains("tcp_ecn=1");
    assertThat(skips(withCommand("rm -rf /"))).contains("'rm -rf /' is not supported");
    assertThat(skips(PASSIVE + "+0 `true`\n")).contains("command between events");
    assertThat(skips(PASSIVE + "+0 %{ assert tcpi_snd_cwnd == 10 }%\n")).contains("%{ }%");
    assertThat(skips(PASSIVE + "+0 epoll_create(1) = 5\n")).contains("epoll_create()");
    assertThat(skips("0 socket(AF_INET6, SOCK_STREAM, 0) = 3\n")).contains("AF_INET");
    assertThat(skips("0 socket(AF_SURPRISE, SOCK_STREAM, 0) = 3\n")).contains("AF_SURPRISE");
    assertThat(skips("0 < sctp: INIT[]\n")).contains("sctp");
    assertThat(skips("0 < S 0:0(0) win 5 <FO abcd>\n")).contains("FO");
    passes(withCommand("../common/defaults.sh") + "`true`\n");
  }

  @Test
  void aBrokenScriptFailsWithItsLine() {
    assertThat(fails("0 socket(..., SOCK_STREAM, 0) = 3\n+0 < S 0:1(0) win 1\n"))
        .isEqualTo("2 expected a length of 1 for 0:1, not 'win 1'");
  }

  @Test
  void aStackThatThrowsFails() {
    ScriptResult result =
        ScriptRunner.run(
            "0 socket(..., SOCK_STREAM, 0) = 3\n",
            (world, port, setup) -> {
              ScriptHost host = FakeTcp.Host.with(manners).start(world, port, setup);
              return new Throwing(host).proxy();
            },
            Profile.NEUTRAL);
    assertThat(result.summary("it"))
        .isEqualTo("FAIL it:1 java.lang.IllegalStateException: on purpose");
  }

  private record Throwing(ScriptHost host) {
    ScriptHost proxy() {
      return (ScriptHost)
          java.lang.reflect.Proxy.newProxyInstance(
              ScriptHost.class.getClassLoader(),
              new Class<?>[] {ScriptHost.class},
              (self, method, arguments) -> {
                throw new IllegalStateException("on purpose");
              });
    }
  }
}
