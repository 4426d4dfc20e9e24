package io.millrace.script.language;

import io.millrace.script.language.PacketSpec.ChunkSpec;
import io.millrace.script.language.PacketSpec.SctpSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads an SCTP packet behind the word:
 *
 * <pre>
 * sctp   : [(remarks)] : (chunk {; chunk} | [byte {, byte}])
 * chunk  : NAME [ [part {, part}] ]
 * part   : ... | NAME = value | NAME [ [part {, part}] ] | value
 * value  : ... | number[:number] | "text" | NAME | [part {, part}] | {part {, part}}
 * </pre>
 */
final class SctpParser {
  private static final int DEEPEST = 16;

  private final Lexer lexer;
  private int depth;

  SctpParser(Lexer lexer) {
    this.lexer = lexer;
  }

  SctpSpec packet() throws ScriptException {
    String remarks = "";
    if (lexer.accept("(")) {
      remarks = lexer.upTo(")");
      lexer.expect(")");
    }
    lexer.expect(":");
    List<ChunkSpec> chunks = new ArrayList<>();
    if (lexer.accept("[")) {
      chunks.addAll(parts("]"));
    } else {
      do {
        chunks.add(chunk());
      } while (lexer.accept(";"));
    }
    return new SctpSpec(remarks, chunks);
  }

  private ChunkSpec chunk() throws ScriptException {
    String name = lexer.word("an SCTP chunk");
    return new ChunkSpec(name, "", lexer.accept("[") ? parts("]") : List.of());
  }

  private List<ChunkSpec> parts(String close) throws ScriptException {
    if (++depth > DEEPEST) {
      throw lexer.error("expected at most " + DEEPEST + " brackets in each other");
    }
    List<ChunkSpec> parts = new ArrayList<>();
    if (!lexer.accept(close)) {
      do {
        parts.add(part());
      } while (lexer.accept(","));
      lexer.expect(close);
    }
    depth--;
    return parts;
  }

  private ChunkSpec part() throws ScriptException {
    String name = lexer.peekWord();
    if (name.isEmpty()) {
      return value("");
    }
    lexer.word("a name");
    if (lexer.accept("=")) {
      return value(name);
    }
    return lexer.accept("[")
        ? new ChunkSpec(name, "", parts("]"))
        : new ChunkSpec("", name, List.of());
  }

  private ChunkSpec value(String name) throws ScriptException {
    if (lexer.accept("...")) {
      return new ChunkSpec(name, "...", List.of());
    }
    if (lexer.looksAt("\"")) {
      return new ChunkSpec(name, lexer.between("\"", "\""), List.of());
    }
    if (lexer.accept("[")) {
      return new ChunkSpec(name, "", parts("]"));
    }
    if (lexer.accept("{")) {
      return new ChunkSpec(name, "", parts("}"));
    }
    String word = lexer.peekWord();
    if (!word.isEmpty()) {
      lexer.word("a value");
      return new ChunkSpec(name, word, List.of());
    }
    String number = String.valueOf(lexer.number("a value", Long.MIN_VALUE, Long.MAX_VALUE));
    if (lexer.accept(":")) {
      number += ":" + lexer.number("a value", Long.MIN_VALUE, Long.MAX_VALUE);
    }
    return new ChunkSpec(name, number, List.of());
  }
}
