package io.millrace.script.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.script.language.Event.CallEvent;
import io.millrace.script.language.Event.CodeEvent;
import io.millrace.script.language.Event.CommandEvent;
import io.millrace.script.language.Event.PacketEvent;
import io.millrace.script.language.PacketSpec.IcmpSpec;
import io.millrace.script.language.PacketSpec.TcpSpec;
import io.millrace.script.language.PacketSpec.UdpSpec;
import io.millrace.testkit.packet.TcpOption;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What a script says, and what is said about one that says nothing. */
final class ScriptParserTest {
  private static Script parse(String text) throws ScriptException {
    return ScriptParser.parse(text);
  }

  private static Event only(String text) throws ScriptException {
    Script script = parse(text);
    assertThat(script.events()).hasSize(1);
    return script.events().getFirst();
  }

  private static PacketSpec packet(String text) throws ScriptException {
    return ((PacketEvent) only(text)).packet();
  }

  private static PacketSpec.Body body(String text) throws ScriptException {
    return packet(text).body();
  }

  private static TcpSpec tcp(String text) throws ScriptException {
    return (TcpSpec) body(text);
  }

  private static void wrong(String text, int line, String message) {
    assertThatThrownBy(() -> parse(text))
        .isExactlyInstanceOf(ScriptException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((ScriptException) e).line())
        .isEqualTo(line);
  }

  @Test
  void optionsAndCommandsStandAroundTheEvents() throws ScriptException {
    Script script =
        parse(
            """
            --ip_version=ipv4
            --strict_segments  // a comment
            /* another
               one */
            `sysctl -q net.ipv4.tcp_sack=1`
            0 < . 0:0(0) ack 0 win 0
            +1 `true`
            +1 %{ assert a > 1 }%
            `done`
            """);
    assertThat(script.options()).containsEntry("ip_version", "ipv4").containsKey("strict_segments");
    assertThat(script.init()).isEqualTo("sysctl -q net.ipv4.tcp_sack=1");
    assertThat(script.cleanup()).isEqualTo("done");
    assertThat(script.events()).extracting(Event::line).containsExactly(6, 7, 8);
    assertThat(script.events().get(1)).isInstanceOf(CommandEvent.class);
    assertThat(((CodeEvent) script.events().get(2)).code()).isEqualTo(" assert a > 1 ");
  }

  @Test
  void timesAreAbsoluteRelativeAnyOrRanges() throws ScriptException {
    String packet = " > . 1:1(0) ack 1";
    assertThat(only("0" + packet).time()).isEqualTo(time(ScriptTime.Kind.ABSOLUTE, 0, 0));
    assertThat(only("1.5" + packet).time())
        .isEqualTo(time(ScriptTime.Kind.ABSOLUTE, 1_500_000_000, 1_500_000_000));
    assertThat(only("+.000001" + packet).time())
        .isEqualTo(time(ScriptTime.Kind.RELATIVE, 1000, 1000));
    assertThat(only("*" + packet).time().kind()).isEqualTo(ScriptTime.Kind.ANY);
    assertThat(only("1~2" + packet).time())
        .isEqualTo(time(ScriptTime.Kind.ABSOLUTE_RANGE, 1_000_000_000, 2_000_000_000));
    assertThat(only("+1~+2.5" + packet).time())
        .isEqualTo(time(ScriptTime.Kind.RELATIVE_RANGE, 1_000_000_000, 2_500_000_000L));
    CallEvent call = (CallEvent) only("0.1...0.25 read(3, ..., 10) = 10");
    assertThat(call.time().nanos()).isEqualTo(100_000_000);
    assertThat(call.end()).isEqualTo(time(ScriptTime.Kind.ABSOLUTE, 250_000_000, 250_000_000));
  }

  private static ScriptTime time(ScriptTime.Kind kind, long nanos, long end) {
    return new ScriptTime(kind, nanos, end);
  }

  @Test
  void segmentsHaveFlagsNumbersAndOptions() throws ScriptException {
    TcpSpec syn = tcp("0 < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 100 ecr 0,nop,wscale 7>");
    assertThat(syn.flags()).isEqualTo("S");
    assertThat(syn.ack()).isNull();
    assertThat(syn.window()).isEqualTo(32_792);
    assertThat(syn.options())
        .containsExactly(
            TcpOption.mss(1000),
            TcpOption.sackPermitted(),
            TcpOption.timestamps(100, 0),
            TcpOption.nop(),
            TcpOption.windowScale(7));
    PacketSpec whole = packet("0 > (ect0, ttl 9) 8080 > 99 FP. 4294967295:9(10) ack 4 urg 3 <...>");
    TcpSpec data = (TcpSpec) whole.body();
    assertThat(data.flags()).isEqualTo("FPA");
    assertThat(data.seq()).isEqualTo(0xffff_ffffL);
    assertThat(data.length()).isEqualTo(10);
    assertThat(data.urgent()).isEqualTo(3);
    assertThat(data.options()).isNull();
    assertThat(whole.ip().ecn()).isEqualTo("ect0");
    assertThat(whole.ip().ttl()).isEqualTo(9);
    assertThat(data.sourcePort()).isEqualTo(8080);
    assertThat(tcp("0 > . 1:1(0) ack 1 <nop,nop,sack 1:2 5:9>").options())
        .contains(TcpOption.sack(1, 2, 5, 9));
    assertThat(tcp("0 < - 1:1(0) win 5").flags()).isEmpty();
    assertThat(tcp("0 < R. 1:1(0)").ack()).isZero();
  }

  @Test
  void datagramsAndIcmpMessages() throws ScriptException {
    UdpSpec udp = (UdpSpec) body("0 < udp 5 > 6 (1472)");
    assertThat(udp.length()).isEqualTo(1472);
    assertThat(udp.destinationPort()).isEqualTo(6);
    assertThat(body("0 < icmp unreachable frag_needed mtu 1400 [1:1461(1460)]"))
        .isEqualTo(
            new IcmpSpec(
                "unreachable", "frag_needed", 1400, null, new PacketSpec.Quoted("tcp", 1, 1460)));
    assertThat(body("0 < icmp time_exceeded ttl [udp (3)]"))
        .isEqualTo(
            new IcmpSpec("time_exceeded", "ttl", null, null, new PacketSpec.Quoted("udp", 0, 3)));
    assertThat(body("0 > icmp echo_reply id 7 [raw (12)]"))
        .isEqualTo(new IcmpSpec("echo_reply", "", null, 7, new PacketSpec.Quoted("raw", 0, 12)));
    assertThat(body("0 < icmp 3 13")).isEqualTo(new IcmpSpec("3", "13", null, null, null));
  }

  @Test
  void headersStandInFrontOfThePacket() throws ScriptException {
    PacketSpec packet =
        packet(
            "0 < ipv4 1.1.1.1 > 2.2.2.2: gre[flags 0x2000]: mpls (label 5, tc 0, [S], ttl 9):"
                + " ipv6 ::1 > 2001:db8::1: (flowlabel 0x12345) S 0:0(0)");
    assertThat(packet.outer())
        .containsExactly(
            new PacketSpec.OuterSpec("ipv4", "1.1.1.1 > 2.2.2.2"),
            new PacketSpec.OuterSpec("gre", "[flags 0x2000]"),
            new PacketSpec.OuterSpec("mpls", "(label 5, tc 0, [S], ttl 9)"),
            new PacketSpec.OuterSpec("ipv6", "::1 > 2001:db8::1"));
    assertThat(packet.ip().flowLabel()).isEqualTo(0x12345);
  }

  @Test
  void optionsOfEveryKind() throws ScriptException {
    assertThat(tcp("0 < S 0:0(0) <FO abcd,nop,nop>").options())
        .contains(new TcpOption(34, (byte) 0xab, (byte) 0xcd));
    assertThat(tcp("0 < S 0:0(0) <FO>").options()).containsExactly(new TcpOption(34));
    assertThat(tcp("0 < S 0:0(0) <FOEXP 11>").options())
        .containsExactly(new TcpOption(254, (byte) 0xf9, (byte) 0x89, (byte) 0x11));
    assertThat(
            tcp("0 < S 0:0(0) <md5 00112233445566778899aabbccddeeff>").options().getFirst().kind())
        .isEqualTo(19);
    assertThat(tcp("0 < S 0:0(0) <mss 5,exp-tarr 32,nop>").unknown()).isEqualTo("exp-tarr 32");
    assertThat(tcp("0 > .6 1:1(0) ack 1").flags()).isEqualTo("ANW");
    assertThat(tcp("0 > SEWA 0:0(0)").flags()).isEqualTo("SEWN");
    assertThat(tcp("0 > . 1!:1(0) ack 1").isAbsolute()).isTrue();
  }

  @Test
  void sctpIsReadInFull() throws ScriptException {
    for (String text :
        new String[] {
          "sctp: INIT[flgs=0, tag=1, a_rwnd=1500, os=16, is=16, tsn=1]",
          "sctp(tag=5): INIT_ACK[flgs=..., tag=2, a_rwnd=..., os=..., is=..., tsn=0,"
              + " STATE_COOKIE[len=4, val=...]]; COOKIE_ACK[flgs=0]",
          "sctp: DATA[flgs=BE, len=1016, tsn=0, sid=1, ssn=0, ppid=0]",
          "sctp: SACK[flgs=0, cum_tsn=1, a_rwnd=4500, gaps=[2:3, 5:6], dups=[1, 2]]",
          "udp(9899 > 9899): sctp(bad_crc32c): ABORT[flgs=T]",
          "sctp: [0x01, 0x02, 0xff]",
          "sctp: HEARTBEAT[flgs=0, HEARTBEAT_INFORMATION[len=..., val=...]]",
        }) {
      assertThat(body("0 < " + text)).isInstanceOf(PacketSpec.SctpSpec.class);
    }
    PacketSpec.SctpSpec sack =
        (PacketSpec.SctpSpec) body("0 > sctp: SACK[flgs=0, gaps=[2:3]]; CWR[flgs=0]");
    assertThat(sack.chunks()).extracting(PacketSpec.ChunkSpec::name).containsExactly("SACK", "CWR");
    assertThat(sack.chunks().getFirst().parts().get(1).parts())
        .containsExactly(new PacketSpec.ChunkSpec("", "2:3", java.util.List.of()));
  }

  @Test
  void linesOfAnotherSystemAreEmptyAndTokensReplaced() throws ScriptException {
    String text =
        """
        -D WIN=5
        -D LEN=9
        #ifdef FreeBSD
        0 what ever this is
        #else
        0 < . 1:1(0) win WIN
        #endif
        +0 read(3, "WIN", LEN) = LEN
        """;
    Script script = ScriptParser.parse(text, "Linux", java.util.Map.of("LEN", "7"));
    assertThat(script.events()).extracting(Event::line).containsExactly(6, 8);
    assertThat(((TcpSpec) ((PacketEvent) script.events().getFirst()).packet().body()).window())
        .isEqualTo(5);
    CallEvent call = (CallEvent) script.events().get(1);
    assertThat(call.arguments().get(1)).isEqualTo(new Expression.Text("WIN"));
    assertThat(call.result()).isEqualTo(new Expression.Whole(7));
    wrong("#endif\n0 close(3) = 0", 1, "#endif without #ifdef");
    wrong("#ifdef Linux\n0 close(3) = 0", 2, "expected #endif");
  }

  @Test
  void callsHaveArgumentsResultsAndErrors() throws ScriptException {
    CallEvent call =
        (CallEvent)
            only(
                "+0 sendto(3, ..., 0x10, MSG_A|MSG_B, {sa_family = AF_INET, sin_port = htons(9),"
                    + " sin_addr = inet_addr(\"192.0.2.1\")}, ...) = -1 EAGAIN (Resource"
                    + " temporarily unavailable) (a note)");
    assertThat(call.name()).isEqualTo("sendto");
    assertThat(call.arguments()).hasSize(6);
    assertThat(call.arguments().get(2)).isEqualTo(new Expression.Whole(16));
    assertThat(call.arguments().get(3)).isInstanceOf(Expression.Or.class);
    assertThat(call.result()).isEqualTo(new Expression.Whole(-1));
    assertThat(call.errno()).isEqualTo("EAGAIN");
    CallEvent message =
        (CallEvent) only("+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 5}]}, 0) = 5");
    assertThat(message.arguments().get(1)).isInstanceOf(Expression.Struct.class);
  }

  @Test
  void whatIsWrongIsSaidWithItsLine() {
    wrong("", 1, "expected an event");
    wrong("// nothing\n", 2, "expected an event");
    wrong("\n\n0 < X 1:1(0)", 3, "expected TCP flags, not 'X 1:1(0)'");
    wrong("0 < S 1:3(1)", 1, "expected a length of 2 for 1:3");
    wrong("0 < S 1:1(0) ack 5", 1, "only where the flags have a dot");
    wrong("0 < SS 1:1(0)", 1, "each TCP flag once");
    wrong("0 < S 1:1(0) <mss>", 1, "expected a segment size");
    wrong("0 < S 1:1(0) <mss 70000>", 1, "from 0 to 65535");
    wrong("0 < S 1:1(0) <bogus 5>", 1, "'bogus' is no TCP option");
    wrong(
        "0 < S 1:1(0) <TS val 1 ecr 2,TS val 1 ecr 2,TS val 1 ecr 2,TS val 1 ecr 2,nop>", 1, "40");
    wrong("0 < S 1:1(0) win 5 /* open", 1, "a comment needs an end");
    wrong("0 close(3 = 0", 1, "expected ')'");
    wrong("0 close(3)", 1, "expected '='");
    wrong("0 close(" + "[".repeat(100), 1, "brackets in each other");
    wrong("0 `open", 1, "closing `");
    wrong("1000000000 close(3) = 0", 1, "a time in seconds");
    wrong("+2~+1 close(3) = 0", 1, "ends after it starts");
    wrong("0 < icmp unreachable nonsense", 1, "no code of unreachable");
    wrong("99999999999999999999999 close(3) = 0", 1, "a time in seconds");
    wrong("0 close(99999999999999999999999) = 0", 1, "expected a number");
  }

  @Test
  void theColumnIsSaidToo() {
    assertThatThrownBy(() -> parse("0 close(3) = 0\n  +0 < X 1:1(0)"))
        .isInstanceOfSatisfying(
            ScriptException.class,
            e -> {
              assertThat(e.line()).isEqualTo(2);
              assertThat(e.column()).isEqualTo(8);
            });
  }

  private static final String SAMPLE =
      """
      --tolerance_usecs=5000
      `sysctl -q a=1`
      0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
      +0 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("1.2.3.4")}, ...) = 0
      +.1 < [ect0] S 0:0(0) win 1000 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 7>
      0.1...+0.2 read(4, ..., 100) = -1 EAGAIN (again)
      +0~+.5 > udp 5 > 6 (100)
      * < icmp unreachable frag_needed mtu 1400 [1:2(1)]
      +0 poll([{fd=3, events=POLLIN, revents=POLLIN}], 1, 0) = 1
      """;

  @Property(tries = 20_000)
  void aScriptWithADentIsReadOrRefusedNeverAnythingElse(
      @ForAll @IntRange(max = 620) int at, @ForAll @IntRange(max = 8) int cut, @ForAll char put) {
    int from = Math.min(at, SAMPLE.length());
    String dented =
        SAMPLE.substring(0, from) + put + SAMPLE.substring(Math.min(from + cut, SAMPLE.length()));
    readOrRefused(dented);
  }

  @Property(tries = 20_000)
  void anyTextIsReadOrRefusedNeverAnythingElse(@ForAll String text) {
    readOrRefused("0 " + text);
    readOrRefused(text);
  }

  private static void readOrRefused(String text) {
    try {
      parse(text);
    } catch (ScriptException e) {
      assertThat(e.line()).isBetween(1, 2 + (int) text.chars().filter(c -> c == '\n').count());
    }
  }
}
