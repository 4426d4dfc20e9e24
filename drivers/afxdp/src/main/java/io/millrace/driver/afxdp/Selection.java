package io.millrace.driver.afxdp;

import io.millrace.spi.PortException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which packets come to us; the kernel keeps the others. Read from the option {@code only}.
 *
 * @param rules any of which a packet must meet
 * @param fragments whether fragments come to us, of whatever protocol: they do not all say a port
 */
record Selection(List<Rule> rules, boolean fragments) {
  /**
   * A protocol, and its destination ports from {@code first} to {@code last}.
   *
   * @param first 0 if the port does not matter
   */
  record Rule(int protocol, int first, int last) {
    boolean anyPort() {
      return first == 0;
    }
  }

  private static final Map<String, Integer> PROTOCOLS = Map.of("tcp", 6, "udp", 17, "sctp", 132);
  private static final int LAST_PORT = 65_535;
  private static final int MOST_RULES = 256;

  /**
   * Reads {@code udp:2152+sctp+tcp:8000-8010+fragments}.
   *
   * @throws PortException if it is not understood
   */
  static Selection parse(String text) {
    List<Rule> rules = new ArrayList<>();
    boolean fragments = false;
    for (String item : text.toLowerCase(Locale.ROOT).split("\\+", -1)) {
      if (item.equals("fragments")) {
        fragments = true;
      } else {
        rules.add(rule(text, item));
      }
    }
    if (rules.size() > MOST_RULES) {
      throw new PortException("option only: give at most " + MOST_RULES + " protocols and ports");
    }
    return new Selection(List.copyOf(rules), fragments);
  }

  private static Rule rule(String text, String item) {
    String[] parts = item.split(":", -1);
    Integer protocol = PROTOCOLS.get(parts[0]);
    if (protocol != null && parts.length == 1) {
      return new Rule(protocol, 0, 0);
    }
    if (protocol != null && parts.length == 2 && parts[1].matches("[0-9]{1,5}(-[0-9]{1,5})?")) {
      String[] ends = parts[1].split("-", -1);
      int first = Integer.parseInt(ends[0]);
      int last = Integer.parseInt(ends[ends.length - 1]);
      if (first >= 1 && first <= last && last <= LAST_PORT) {
        return new Rule(protocol, first, last);
      }
    }
    throw new PortException(
        "option only="
            + text
            + ": give tcp, udp or sctp, with or without a port or a range of them, and fragments,"
            + " with + between them: udp:2152+sctp+tcp:8000-8010");
  }
}
