package io.millrace.dns;

import java.net.IDN;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * A host name as people write it, checked.
 *
 * @param text in ASCII and lower case, without the dot at the end
 * @param absolute whether it had one: nothing is tried behind it then
 */
record HostName(String text, boolean absolute) {
  private static final int MOST_CHARACTERS = 253;

  static HostName of(String host) throws UnknownHostException {
    String ascii;
    try {
      ascii = IDN.toASCII(host).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      throw bad(host);
    }
    boolean dot = ascii.endsWith(".");
    String text = dot ? ascii.substring(0, ascii.length() - 1) : ascii;
    if (text.isEmpty()
        || text.length() > MOST_CHARACTERS
        || !text.chars().allMatch(HostName::isHostCharacter)) {
      throw bad(host);
    }
    return new HostName(text, dot);
  }

  /** RFC 1123 §2.1, and the underscore that is in use. */
  private static boolean isHostCharacter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  }

  private static UnknownHostException bad(String host) {
    return new UnknownHostException("'" + host + "' is not a host name");
  }

  private int dots() {
    return (int) text.chars().filter(c -> c == '.').count();
  }

  /** Whether the name is {@code domain} or inside it. */
  boolean isIn(String domain) {
    return text.equals(domain) || text.endsWith("." + domain);
  }

  /**
   * What to ask for, in this order, as resolv.conf(5) has it: the name itself first if it has
   * {@code ndots} dots, else last.
   *
   * @throws UnknownHostException if not even the name itself can be asked for
   */
  List<Name> candidates(List<String> search, int ndots) throws UnknownHostException {
    Name itself = absolute(text);
    if (itself == null) {
      throw bad(text);
    }
    List<Name> all = new ArrayList<>();
    if (!absolute) {
      for (String domain : search) {
        Name name = absolute(text + "." + domain);
        if (name != null && !all.contains(name)) {
          all.add(name);
        }
      }
    }
    all.remove(itself);
    all.add(dots() >= ndots ? 0 : all.size(), itself);
    return all;
  }

  /** A name in the form of the protocol, or null if it has empty or too long parts. */
  private static Name absolute(String text) {
    try {
      return Name.fromString(text.endsWith(".") ? text : text + ".");
    } catch (TextParseException e) {
      return null;
    }
  }
}
