package io.millrace.dns;

import java.io.IOException;
import java.util.random.RandomGenerator;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;

/** Queries to bytes, and bytes to answers that have been checked against the query. */
final class DnsMessages {
  /** What we take over UDP: fits into any path that takes IPv6 (RFC 9715 §3.1 R3). */
  static final int UDP_PAYLOAD = 1_232;

  private DnsMessages() {}

  /** A query that asks for recursion. */
  static Message query(int id, Question question, boolean edns) {
    Message query = new Message(id);
    query.getHeader().setOpcode(Opcode.QUERY);
    query.getHeader().setFlag(Flags.RD);
    query.addRecord(
        Record.newRecord(question.name(), question.type(), DClass.IN), Section.QUESTION);
    if (edns) {
      query.addRecord(new OPTRecord(UDP_PAYLOAD, 0, 0), Section.ADDITIONAL);
    }
    return query;
  }

  /** The same name with the case of each letter by chance. */
  static Name mixCase(Name name, RandomGenerator random) {
    byte[] wire = name.toWire();
    byte[] coins = new byte[wire.length];
    random.nextBytes(coins);
    int label = 0;
    while (wire[label] != 0) {
      int end = label + 1 + wire[label];
      for (int i = label + 1; i < end; i++) {
        boolean letter = (wire[i] | 0x20) >= 'a' && (wire[i] | 0x20) <= 'z';
        if (letter && coins[i] < 0) {
          wire[i] ^= 0x20;
        }
      }
      label = end;
    }
    try {
      return new Name(wire);
    } catch (IOException e) {
      throw new AssertionError("a name with other letters is still one", e);
    }
  }

  /** Reads a message; null if it cannot be read, whatever is wrong with it. */
  static Message parse(byte[] wire) {
    try {
      return new Message(wire);
    } catch (IOException | RuntimeException e) {
      // The library's records check themselves, and not all of them in the same way.
      return null;
    }
  }

  /**
   * Whether a message answers a query (RFC 5452 §9.1; address and port are the socket's business).
   *
   * @param exactCase whether the name must come back letter for letter
   */
  static boolean isAnswer(Message message, Message query, boolean exactCase) {
    if (message.getHeader().getID() != query.getHeader().getID()
        || !message.getHeader().getFlag(Flags.QR)
        || message.getHeader().getOpcode() != Opcode.QUERY) {
      return false;
    }
    Record asked = query.getQuestion();
    Record repeated = message.getQuestion();
    if (repeated == null) {
      // A server that could not read the question cannot repeat it (RFC 1035 §4.1.1).
      int rcode = message.getHeader().getRcode();
      return rcode == Rcode.FORMERR || rcode == Rcode.NOTIMP;
    }
    return message.getHeader().getCount(Section.QUESTION) == 1
        && repeated.getType() == asked.getType()
        && repeated.getDClass() == asked.getDClass()
        && repeated.getName().equals(asked.getName())
        && (!exactCase || repeated.getName().toString().equals(asked.getName().toString()));
  }

  /** A name from its text in tests and constants. */
  static Name name(String text) {
    try {
      return Name.fromString(text);
    } catch (TextParseException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
