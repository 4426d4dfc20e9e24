package io.millrace.testkit.script;

import io.millrace.testkit.packet.TcpOption;
import io.millrace.testkit.script.PacketSpec.IcmpSpec;
import io.millrace.testkit.script.PacketSpec.IpSpec;
import io.millrace.testkit.script.PacketSpec.TcpSpec;
import io.millrace.testkit.script.PacketSpec.UdpSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a packet behind its direction:
 *
 * <pre>
 * packet : [(ipinfo) | [ipinfo]] (tcp | udp | icmp)
 * ipinfo : noecn | ect0 | ect1 | ect01 | ce | tos N | ttl N, with commas between them
 * tcp    : [port > port] flags seq:end(length) [ack N] [win N] [urg N] [&lt;options&gt; | &lt;...&gt;]
 * udp    : udp [port > port] (length)
 * icmp   : icmp type [code] [mtu N] [[seq:end(length)] | [udp (length)]]
 * </pre>
 */
final class PacketParser {
  private static final long WORD = 0xffff_ffffL;
  private static final int LARGEST = 65_535;
  private static final Set<String> ECN = Set.of("noecn", "ect0", "ect1", "ect01", "ce");
  private static final Set<String> ENCAPSULATIONS = Set.of("ipv4", "ipv6", "gre", "mpls", "sctp");

  private static final Map<String, Integer> ICMP_TYPES =
      Map.of(
          "echo_reply", 0,
          "unreachable", 3,
          "source_quench", 4,
          "redirect", 5,
          "echo_request", 8,
          "time_exceeded", 11,
          "parameter_problem", 12);

  private static final List<String> UNREACHABLE_CODES =
      List.of(
          "net_unreachable",
          "host_unreachable",
          "protocol_unreachable",
          "port_unreachable",
          "frag_needed",
          "source_route_failed",
          "net_unknown",
          "host_unknown",
          "source_host_isolated",
          "net_prohibited",
          "host_prohibited",
          "net_unreachable_for_tos",
          "host_unreachable_for_tos",
          "packet_filtered",
          "precedence_violation",
          "precedence_cutoff");

  private final Lexer lexer;

  PacketParser(Lexer lexer) {
    this.lexer = lexer;
  }

  PacketSpec packet() throws ScriptException {
    if (ENCAPSULATIONS.contains(lexer.peekWord())) {
      throw lexer.unsupported("'" + lexer.peekWord() + "'");
    }
    IpSpec ip = ipInfo();
    if (lexer.acceptWord("udp")) {
      return udp(ip);
    }
    if (lexer.acceptWord("icmp")) {
      return icmp(ip);
    }
    return tcp(ip);
  }

  private IpSpec ipInfo() throws ScriptException {
    String close;
    if (lexer.accept("(")) {
      close = ")";
    } else if (lexer.accept("[")) {
      close = "]";
    } else {
      return IpSpec.NOTHING;
    }
    String ecn = null;
    Integer tos = null;
    Integer ttl = null;
    do {
      String word = lexer.word("noecn, ect0, ect1, ect01, ce, tos or ttl");
      if (ECN.contains(word)) {
        ecn = word;
      } else {
        switch (word) {
          case "tos" -> tos = lexer.integer("a type of service", 0, 255);
          case "ttl" -> ttl = lexer.integer("a time to live", 0, 255);
          case "flowlabel" -> throw lexer.unsupported("flowlabel");
          default -> throw lexer.error("'" + word + "' says nothing about an IP header");
        }
      }
    } while (lexer.accept(","));
    lexer.expect(close);
    return new IpSpec(ecn, tos, ttl);
  }

  private TcpSpec tcp(IpSpec ip) throws ScriptException {
    Integer[] ports = ports();
    String flags = flags();
    long seq = lexer.number("a sequence number", 0, WORD);
    if (lexer.accept("!")) {
      throw lexer.unsupported("an absolute sequence number");
    }
    int length = rangeLength(seq);
    Long ack = lexer.acceptWord("ack") ? lexer.number("an acknowledgment", 0, WORD) : null;
    Integer window = lexer.acceptWord("win") ? lexer.integer("a window", 0, LARGEST) : null;
    Integer urgent = lexer.acceptWord("urg") ? lexer.integer("a pointer", 0, LARGEST) : null;
    List<TcpOption> options = lexer.accept("<") ? options() : List.of();
    if (ack != null && flags.indexOf('A') < 0) {
      throw lexer.error("expected an acknowledgment number only where the flags have a dot");
    }
    // A dot without a number acknowledges zero.
    Long acknowledges = ack == null && flags.indexOf('A') >= 0 ? Long.valueOf(0) : ack;
    return new TcpSpec(
        ip, ports[0], ports[1], flags, seq, length, acknowledges, window, urgent, options);
  }

  private Integer[] ports() throws ScriptException {
    if (!lexer.looksAtDigit()) {
      return new Integer[2];
    }
    int source = lexer.integer("a port", 0, LARGEST);
    lexer.expect(">");
    return new Integer[] {source, lexer.integer("a port", 0, LARGEST)};
  }

  private String flags() throws ScriptException {
    String flags = lexer.run("FSRPEWUA.-");
    if (lexer.touchesDigit()) {
      throw lexer.unsupported("an AccECN counter");
    }
    if (flags.isEmpty() || (flags.indexOf('-') >= 0 && flags.length() > 1)) {
      throw lexer.error("expected TCP flags");
    }
    if (flags.chars().distinct().count() != flags.length()) {
      throw lexer.error("expected each TCP flag once");
    }
    return flags.equals("-") ? "" : flags.replace('.', 'A');
  }

  /** Behind a start, {@code :end(length)}. */
  private int rangeLength(long start) throws ScriptException {
    lexer.expect(":");
    long end = lexer.number("a sequence number", 0, WORD);
    lexer.expect("(");
    int length = lexer.integer("a length", 0, 1 << 30);
    lexer.expect(")");
    if ((end - start & WORD) != length) {
      throw lexer.error(
          "expected a length of " + (end - start & WORD) + " for " + start + ":" + end);
    }
    return length;
  }

  private List<TcpOption> options() throws ScriptException {
    if (lexer.accept("...")) {
      lexer.expect(">");
      return null;
    }
    List<TcpOption> options = new ArrayList<>();
    do {
      options.add(option());
    } while (lexer.accept(","));
    lexer.expect(">");
    if (options.stream().mapToInt(TcpOption::length).sum() > 40) {
      throw lexer.error("expected at most 40 bytes of options");
    }
    return options;
  }

  private TcpOption option() throws ScriptException {
    String name = lexer.word("a TCP option");
    return switch (name) {
      case "nop" -> TcpOption.nop();
      case "eol" -> TcpOption.eol();
      case "mss" -> TcpOption.mss(lexer.integer("a segment size", 0, LARGEST));
      case "wscale" -> TcpOption.windowScale(lexer.integer("a shift", 0, 255));
      case "sackOK" -> TcpOption.sackPermitted();
      case "sack" -> sack();
      case "TS" -> timestamps();
      case "FO", "FOEXP", "md5", "gen" -> throw lexer.unsupported("the TCP option " + name);
      default -> {
        if (name.startsWith("exp")) {
          throw lexer.unsupported("the TCP option " + name);
        }
        throw lexer.error("'" + name + "' is no TCP option");
      }
    };
  }

  private TcpOption sack() throws ScriptException {
    List<Long> edges = new ArrayList<>();
    while (lexer.looksAtDigit()) {
      edges.add(lexer.number("an edge", 0, WORD));
      lexer.expect(":");
      edges.add(lexer.number("an edge", 0, WORD));
    }
    return TcpOption.sack(edges.stream().mapToLong(Long::longValue).toArray());
  }

  private TcpOption timestamps() throws ScriptException {
    expectWord("val");
    long value = lexer.number("a timestamp", 0, WORD);
    expectWord("ecr");
    return TcpOption.timestamps(value, lexer.number("a timestamp", 0, WORD));
  }

  private void expectWord(String word) throws ScriptException {
    if (!lexer.acceptWord(word)) {
      throw lexer.error("expected '" + word + "'");
    }
  }

  private UdpSpec udp(IpSpec ip) throws ScriptException {
    Integer[] ports = ports();
    return new UdpSpec(ip, ports[0], ports[1], parenthesised());
  }

  private int parenthesised() throws ScriptException {
    lexer.expect("(");
    int length = lexer.integer("a length", 0, LARGEST - 28);
    lexer.expect(")");
    return length;
  }

  private IcmpSpec icmp(IpSpec ip) throws ScriptException {
    String typeName = lexer.word("an ICMP type");
    Integer type = ICMP_TYPES.get(typeName);
    if (type == null) {
      throw lexer.error("'" + typeName + "' is no ICMP type");
    }
    int code = icmpCode(type);
    Integer mtu = lexer.acceptWord("mtu") ? lexer.integer("an MTU", 0, LARGEST) : null;
    if (lexer.peekWord().equals("id")) {
      throw lexer.unsupported("an ICMP id");
    }
    Long quotedSeq = null;
    Integer quotedUdp = null;
    if (lexer.accept("[")) {
      if (lexer.acceptWord("udp")) {
        quotedUdp = parenthesised();
      } else if (lexer.looksAtDigit()) {
        quotedSeq = lexer.number("a sequence number", 0, WORD);
        rangeLength(quotedSeq);
      } else {
        throw lexer.unsupported("this quotation in an ICMP message");
      }
      lexer.expect("]");
    }
    return new IcmpSpec(ip, type, code, mtu, quotedSeq, quotedUdp);
  }

  private int icmpCode(int type) throws ScriptException {
    if (type == 3) {
      String name = lexer.word("a reason for unreachable");
      int code = UNREACHABLE_CODES.indexOf(name);
      if (code < 0) {
        throw lexer.error("'" + name + "' is no reason for unreachable");
      }
      return code;
    }
    if (type == 11) {
      return switch (lexer.word("ttl or frag")) {
        case "ttl" -> 0;
        case "frag" -> 1;
        default -> throw lexer.error("expected ttl or frag");
      };
    }
    return 0;
  }
}
