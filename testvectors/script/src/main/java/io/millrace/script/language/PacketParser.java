package io.millrace.script.language;

import io.millrace.script.language.PacketSpec.Body;
import io.millrace.script.language.PacketSpec.IcmpSpec;
import io.millrace.script.language.PacketSpec.IpSpec;
import io.millrace.script.language.PacketSpec.OuterSpec;
import io.millrace.script.language.PacketSpec.Quoted;
import io.millrace.script.language.PacketSpec.TcpSpec;
import io.millrace.script.language.PacketSpec.UdpSpec;
import io.millrace.testkit.packet.TcpOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads a packet behind its direction:
 *
 * <pre>
 * packet : outer* [(ipinfo) | [ipinfo]] (tcp | udp | icmp | sctp)
 * outer  : (ipv4 | ipv6) A &gt; B: | gre[...]: | mpls (...)...: | udp(port &gt; port):
 * ipinfo : noecn | ect0 | ect1 | ect01 | ce | tos N | flowlabel N | ttl N, with commas between them
 * tcp    : [port &gt; port] flags seq[!]:end(length) [ack N] [win N] [urg N] [&lt;options&gt; | &lt;...&gt;]
 * flags  : letters of FSRPEWUA and a dot, or a dash for none; then perhaps the AccECN counter
 * udp    : udp [port &gt; port] (length)
 * icmp   : icmp type [code] [mtu N] [id N] [[seq:end(length)] | [udp (length)] | [raw (length)]]
 * </pre>
 */
final class PacketParser {
  private static final long WORD = 0xffff_ffffL;
  private static final int LARGEST = 65_535;
  private static final Set<String> ECN = Set.of("noecn", "ect0", "ect1", "ect01", "ce");
  private static final Set<String> ICMP = Set.of("icmp", "icmpv4", "icmpv6");
  private static final Set<String> BEHIND_TYPE = Set.of("mtu", "id");

  private final Lexer lexer;
  private final TcpOptionParser options;
  private final SctpParser sctp;

  PacketParser(Lexer lexer) {
    this.lexer = lexer;
    options = new TcpOptionParser(lexer);
    sctp = new SctpParser(lexer);
  }

  PacketSpec packet() throws ScriptException {
    List<OuterSpec> outer = new ArrayList<>();
    while (true) {
      switch (lexer.peekWord()) {
        case "ipv4", "ipv6", "gre", "mpls" -> outer.add(outer(lexer.word("a header")));
        case "udp" -> {
          lexer.word("udp");
          if (lexer.looksAt("(") && isPortsAhead()) {
            outer.add(outer("udp"));
          } else {
            return new PacketSpec(outer, IpSpec.NOTHING, udp());
          }
        }
        default -> {
          IpSpec ip = ipInfo();
          return new PacketSpec(outer, ip, body());
        }
      }
    }
  }

  private Body body() throws ScriptException {
    String word = lexer.peekWord();
    if (ICMP.contains(word)) {
      lexer.word(word);
      return icmp();
    }
    if (lexer.acceptWord("udp")) {
      return udp();
    }
    return lexer.acceptWord("sctp") ? sctp.packet() : tcp();
  }

  /** Whether the bracket that is next holds two ports, as that of a header around SCTP does. */
  private boolean isPortsAhead() throws ScriptException {
    return lexer.ahead().matches("(?s)\\(\\s*\\d+\\s*>.*");
  }

  private OuterSpec outer(String kind) throws ScriptException {
    String text = kind.equals("ipv6") ? lexer.upToColonAndSpace() : lexer.upTo(":");
    lexer.expect(":");
    return new OuterSpec(kind, text);
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
    Integer flowLabel = null;
    Integer ttl = null;
    do {
      String word = lexer.word("noecn, ect0, ect1, ect01, ce, tos, flowlabel or ttl");
      if (ECN.contains(word)) {
        ecn = word;
      } else {
        switch (word) {
          case "tos" -> tos = lexer.integer("a type of service", 0, 255);
          case "flowlabel" -> flowLabel = lexer.integer("a flow label", 0, 0xf_ffff);
          case "ttl" -> ttl = lexer.integer("a time to live", 0, 255);
          default -> throw lexer.error("'" + word + "' says nothing about an IP header");
        }
      }
    } while (lexer.accept(","));
    lexer.expect(close);
    return new IpSpec(ecn, tos, flowLabel, ttl);
  }

  private TcpSpec tcp() throws ScriptException {
    Integer[] ports = ports();
    String flags = flags();
    long seq = lexer.number("a sequence number", 0, WORD);
    boolean absolute = lexer.accept("!");
    int length = rangeLength(seq);
    Long ack = lexer.acceptWord("ack") ? lexer.number("an acknowledgment", 0, WORD) : null;
    Integer window = lexer.acceptWord("win") ? lexer.integer("a window", 0, LARGEST) : null;
    Integer urgent = lexer.acceptWord("urg") ? lexer.integer("a pointer", 0, LARGEST) : null;
    boolean hasOptions = lexer.accept("<");
    List<TcpOption> list = hasOptions ? options.options() : List.of();
    String unknown = hasOptions ? options.unknown() : null;
    if (ack != null && flags.indexOf('A') < 0) {
      throw lexer.error("expected an acknowledgment number only where the flags have a dot");
    }
    // A dot without a number acknowledges zero.
    Long acknowledges = ack == null && flags.indexOf('A') >= 0 ? Long.valueOf(0) : ack;
    return new TcpSpec(
        ports[0],
        ports[1],
        flags,
        seq,
        absolute,
        length,
        acknowledges,
        window,
        urgent,
        list,
        unknown);
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
    if (flags.isEmpty() || (flags.indexOf('-') >= 0 && flags.length() > 1)) {
      throw lexer.error("expected TCP flags");
    }
    if (flags.chars().distinct().count() != flags.length()) {
      throw lexer.error("expected each TCP flag once");
    }
    flags = flags.equals("-") ? "" : flags.replace('A', 'N').replace('.', 'A');
    if (!lexer.touchesDigit()) {
      return flags;
    }
    if (flags.matches(".*[NWE].*")) {
      throw lexer.error("expected an AccECN counter or the flags that it consists of");
    }
    // RFC 9768 §3.2.2: the field is AE, CWR and ECE, in this order.
    int counter = lexer.integer("an AccECN counter", 0, 7);
    return flags
        + ((counter & 4) == 0 ? "" : "N")
        + ((counter & 2) == 0 ? "" : "W")
        + ((counter & 1) == 0 ? "" : "E");
  }

  /** Behind a start, {@code :end(length)}. */
  private int rangeLength(long start) throws ScriptException {
    lexer.expect(":");
    long end = lexer.number("a sequence number", 0, WORD);
    lexer.accept("!");
    lexer.expect("(");
    int length = lexer.integer("a length", 0, 1 << 30);
    lexer.expect(")");
    if ((end - start & WORD) != length) {
      throw lexer.error(
          "expected a length of " + (end - start & WORD) + " for " + start + ":" + end);
    }
    return length;
  }

  private UdpSpec udp() throws ScriptException {
    Integer[] ports = ports();
    return new UdpSpec(ports[0], ports[1], parenthesised());
  }

  private int parenthesised() throws ScriptException {
    lexer.expect("(");
    int length = lexer.integer("a length", 0, LARGEST - 28);
    lexer.expect(")");
    return length;
  }

  private IcmpSpec icmp() throws ScriptException {
    String type = nameOrNumber("an ICMP type");
    String code = "";
    if (lexer.looksAtDigit()
        || (!lexer.peekWord().isEmpty() && !BEHIND_TYPE.contains(lexer.peekWord()))) {
      code = nameOrNumber("an ICMP code");
    }
    if (!IcmpNames.isType(type)) {
      throw lexer.error("'" + type + "' is no ICMP type");
    }
    if (!IcmpNames.isCode(type, code)) {
      throw lexer.error("'" + code + "' is no code of " + type);
    }
    Integer mtu = null;
    Integer id = null;
    while (BEHIND_TYPE.contains(lexer.peekWord())) {
      if (lexer.acceptWord("mtu")) {
        mtu = lexer.integer("an MTU", 0, LARGEST);
      } else {
        lexer.word("id");
        id = lexer.integer("an identifier", 0, LARGEST);
      }
    }
    Quoted quoted = null;
    if (lexer.accept("[")) {
      quoted = quoted();
      lexer.expect("]");
    }
    return new IcmpSpec(type, code, mtu, id, quoted);
  }

  private String nameOrNumber(String what) throws ScriptException {
    return lexer.looksAtDigit() ? String.valueOf(lexer.integer(what, 0, 255)) : lexer.word(what);
  }

  private Quoted quoted() throws ScriptException {
    if (lexer.acceptWord("udp")) {
      ports();
      return new Quoted("udp", 0, parenthesised());
    }
    if (lexer.acceptWord("raw")) {
      return new Quoted("raw", 0, parenthesised());
    }
    long seq = lexer.number("a sequence number, udp or raw", 0, WORD);
    return new Quoted("tcp", seq, rangeLength(seq));
  }
}
