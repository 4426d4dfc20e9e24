package io.millrace.script.language;

import java.util.List;
import java.util.Map;

/** The names that scripts have for types and codes of ICMP, with their numbers in both versions. */
public final class IcmpNames {
  private static final Map<String, Integer> TYPES_V4 =
      Map.of(
          "echo_reply", 0,
          "unreachable", 3,
          "source_quench", 4,
          "redirect", 5,
          "echo_request", 8,
          "time_exceeded", 11,
          "parameter_problem", 12);

  private static final Map<String, Integer> TYPES_V6 =
      Map.of(
          "unreachable", 1,
          "packet_too_big", 2,
          "time_exceeded", 3,
          "parameter_problem", 4,
          "echo_request", 128,
          "echo_reply", 129);

  private static final List<String> UNREACHABLE_V4 =
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

  private static final List<String> UNREACHABLE_V6 =
      List.of(
          "noroute",
          "adm_prohibited",
          "not_neighbour",
          "addr_unreachable",
          "port_unreachable",
          "failed_policy",
          "reject_route");

  /** What RFC 4443 calls the nearest to a code of version 4 (RFC 7915 §4.2 translates alike). */
  private static final Map<String, Integer> UNREACHABLE_V4_AS_V6 =
      Map.of(
          "net_unreachable", 0,
          "host_unreachable", 0,
          "net_unknown", 0,
          "host_unknown", 0,
          "net_prohibited", 1,
          "host_prohibited", 1,
          "packet_filtered", 1,
          "protocol_unreachable", 3);

  private static final List<String> TIME_EXCEEDED = List.of("ttl", "frag");

  private IcmpNames() {}

  static boolean isType(String name) {
    return isNumber(name) || TYPES_V4.containsKey(name) || TYPES_V6.containsKey(name);
  }

  static boolean isCode(String type, String code) {
    return code.isEmpty()
        || isNumber(code)
        || switch (type) {
          case "unreachable" -> UNREACHABLE_V4.contains(code) || UNREACHABLE_V6.contains(code);
          case "time_exceeded" -> TIME_EXCEEDED.contains(code);
          default -> false;
        };
  }

  private static boolean isNumber(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9') && !text.isEmpty();
  }

  /**
   * The number of a type.
   *
   * @throws UnsupportedOperationException if this version of ICMP does not have it
   */
  public static int type(String name, boolean ipv6) {
    if (isNumber(name)) {
      return Integer.parseInt(name);
    }
    Integer type = (ipv6 ? TYPES_V6 : TYPES_V4).get(name);
    if (type == null) {
      throw missing(name, ipv6);
    }
    return type;
  }

  /** Whether a message says that a packet was too big, by whatever name and in either version. */
  public static boolean isTooBig(String type, String code) {
    return type.equals("packet_too_big") || code.equals("frag_needed");
  }

  /**
   * The number of a code.
   *
   * @throws UnsupportedOperationException if this version of ICMP does not have it
   */
  public static int code(String type, String name, boolean ipv6) {
    if (name.isEmpty()) {
      return 0;
    }
    if (isNumber(name)) {
      return Integer.parseInt(name);
    }
    if (type.equals("time_exceeded")) {
      return TIME_EXCEEDED.indexOf(name);
    }
    int code = (ipv6 ? UNREACHABLE_V6 : UNREACHABLE_V4).indexOf(name);
    if (code < 0 && ipv6) {
      code = UNREACHABLE_V4_AS_V6.getOrDefault(name, -1);
    }
    if (code < 0) {
      throw missing(type + " " + name, ipv6);
    }
    return code;
  }

  private static UnsupportedOperationException missing(String name, boolean ipv6) {
    return new UnsupportedOperationException(
        "ICMP for " + (ipv6 ? "IPv6" : "IPv4") + " has no message '" + name + "'");
  }
}
