package io.millrace.script.language;

import io.millrace.testkit.packet.TcpOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Reads the options of a TCP segment, from behind the opening bracket:
 *
 * <pre>
 * options : ...&gt; | option {, option}&gt;
 * option  : mss N | nop | eol | wscale N | sackOK | sack a:b {a:b} | TS val N ecr N
 *         | FO [hex] | FOEXP [hex] | md5 hex | exp-NAME ... | gen ...
 * </pre>
 */
final class TcpOptionParser {
  /** Fast Open (RFC 7413 §4.1.1). */
  private static final int FAST_OPEN = 34;

  /** Signature (RFC 2385). */
  private static final int MD5 = 19;

  /** For experiments, with the number of the one for Fast Open behind it (RFC 6994). */
  private static final int EXPERIMENT = 254;

  private static final String FAST_OPEN_EXPERIMENT = "f989";
  private static final String HEX = "0123456789abcdefABCDEF";
  private static final long WORD = 0xffff_ffffL;

  private final Lexer lexer;

  /** The first option that nothing is known of but its name. */
  private String unknown;

  TcpOptionParser(Lexer lexer) {
    this.lexer = lexer;
  }

  String unknown() {
    return unknown;
  }

  /** The options in order; null for any. */
  List<TcpOption> options() throws ScriptException {
    unknown = null;
    if (lexer.accept("...")) {
      lexer.expect(">");
      return null;
    }
    List<TcpOption> options = new ArrayList<>();
    do {
      TcpOption option = option();
      if (option != null) {
        options.add(option);
      }
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
      case "mss" -> TcpOption.mss(lexer.integer("a segment size", 0, 65_535));
      case "wscale" -> TcpOption.windowScale(lexer.integer("a shift", 0, 255));
      case "sackOK" -> TcpOption.sackPermitted();
      case "sack" -> sack();
      case "TS" -> timestamps();
      case "FO" -> new TcpOption(FAST_OPEN, hex());
      case "FOEXP" -> new TcpOption(EXPERIMENT, experiment(hex()));
      case "md5" -> new TcpOption(MD5, hex());
      default -> {
        if (!name.equals("gen") && !name.startsWith("exp") && !lexer.looksAt("-")) {
          throw lexer.error("'" + name + "' is no TCP option");
        }
        unknown = name + lexer.upTo(",>");
        yield null;
      }
    };
  }

  private byte[] hex() throws ScriptException {
    lexer.accept("0x");
    String digits = lexer.run(HEX);
    if (digits.length() % 2 != 0) {
      throw lexer.error("expected an even number of hexadecimal digits");
    }
    return HexFormat.of().parseHex(digits);
  }

  private static byte[] experiment(byte[] cookie) {
    String all = FAST_OPEN_EXPERIMENT + HexFormat.of().formatHex(cookie);
    return HexFormat.of().parseHex(all);
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
}
