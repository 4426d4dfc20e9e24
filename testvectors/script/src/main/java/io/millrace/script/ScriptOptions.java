package io.millrace.script;

import io.millrace.ip.IpAddress;
import io.millrace.script.language.Script;
import io.millrace.script.language.ScriptException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a script says before its first event, understood.
 *
 * @param local the stack's address
 * @param prefix the length of its network's prefix
 * @param remote the peer's address
 * @param gateway the router that leads to it
 * @param isV6 whether packets are IPv6
 * @param isMapped whether sockets are IPv6 and packets IPv4
 * @param mtu the link's, in bytes
 * @param bindPort the port of {@code bind(fd, ..., ...)}
 * @param connectPort the port of {@code connect(fd, ..., ...)}
 * @param toleranceNanos how far off a packet may be, in nanoseconds
 * @param tolerancePercent the same as a part of the time since the previous event
 * @param tickMicros what timestamps count in, 0 if they are not to be checked
 * @param strictSegments whether each packet of the script is one segment
 * @param nonFatal which differences are told but do not fail: {@code packet}, {@code syscall}
 */
record ScriptOptions(
    String local,
    int prefix,
    String remote,
    String gateway,
    boolean isV6,
    boolean isMapped,
    int mtu,
    int bindPort,
    int connectPort,
    long toleranceNanos,
    double tolerancePercent,
    long tickMicros,
    boolean strictSegments,
    Set<String> nonFatal) {
  /** The peer's port, where the script does not say. */
  static final int REMOTE_PORT = 52_000;

  /** An IPv6 header is 20 bytes longer: with this MTU a segment holds as much as over IPv4. */
  private static final String MTU_V6 = "1520";

  private static final Set<String> VERSIONS = Set.of("ipv4", "ipv6", "ipv4-mapped-ipv6");

  /** Options about how a script is run elsewhere, which mean nothing here. */
  private static final Set<String> WITHOUT_MEANING =
      Set.of(
          "verbose",
          "dry_run",
          "debug",
          "speed",
          "init_scripts",
          "tcp_ts_ecr_scaled",
          "so_filename",
          "wire_client_device",
          "wire_server_device",
          "persistent_tun_dev",
          "send_omit_free",
          "code_command",
          "code_format",
          "code_sockopt",
          "define");

  /** How far off an event may be that follows {@code gap} nanoseconds after another. */
  long tolerance(long gap) {
    return Math.max(toleranceNanos, (long) (gap * tolerancePercent / 100));
  }

  /** The stack's address with its prefix. */
  String localWithPrefix() {
    return local + "/" + prefix;
  }

  static ScriptOptions of(Script script, RunOptions run) throws ScriptException {
    Map<String, String> given = new HashMap<>(run.options());
    given.putAll(script.options());
    String version = take(given, "ip_version", "ipv4");
    if (!VERSIONS.contains(version)) {
      throw wrong("--ip_version=" + version + " is none of ipv4, ipv6 and ipv4-mapped-ipv6");
    }
    boolean v6 = version.equals("ipv6");
    String mask = take(given, "netmask_ip", "255.255.0.0");
    String nonFatal = take(given, "non_fatal", "");
    ScriptOptions options =
        new ScriptOptions(
            address(given, "local_ip", v6, v6 ? "fd3d:a0b:17d6::1" : "192.168.0.1"),
            v6 ? 64 : prefix(mask),
            address(given, "remote_ip", v6, v6 ? "2001:db8::1" : "192.0.2.1"),
            address(given, "gateway_ip", v6, v6 ? "fd3d:a0b:17d6::2" : "192.168.0.2"),
            v6,
            version.equals("ipv4-mapped-ipv6"),
            number(given, "mtu", v6 ? MTU_V6 : "1500", v6 ? 1280 : 68, 65_535),
            number(given, "bind_port", "8080", 1, 65_535),
            number(given, "connect_port", "8080", 1, 65_535),
            number(given, "tolerance_usecs", "4000", 0, 10_000_000) * 1000L,
            percent(take(given, "tolerance_percent", "12.5")),
            number(given, "tcp_ts_tick_usecs", "0", 0, 10_000_000),
            given.remove("strict_segments") != null,
            nonFatal.isEmpty() ? Set.of() : Set.of(nonFatal.split(",", -1)));
    given.keySet().removeAll(WITHOUT_MEANING);
    if (!given.isEmpty()) {
      throw new UnsupportedOperationException(
          "the option --" + given.keySet().iterator().next() + " is not known here");
    }
    return options;
  }

  private static ScriptException wrong(String message) {
    return new ScriptException(1, 0, message);
  }

  private static String take(Map<String, String> given, String name, String otherwise) {
    String value = given.remove(name);
    return value == null ? otherwise : value;
  }

  private static String address(
      Map<String, String> given, String name, boolean v6, String otherwise) throws ScriptException {
    String text = take(given, name, otherwise);
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    try {
      // One that is written for the other family is replaced: the script's own are as good.
      return IpAddress.parse(address).isV4() == v6 ? otherwise : address;
    } catch (IllegalArgumentException e) {
      throw wrong("--" + name + "=" + text + " is no IP address");
    }
  }

  private static int prefix(String mask) throws ScriptException {
    try {
      int bits = IpAddress.parse(mask).v4Bits();
      int length = Integer.bitCount(bits);
      if (length > 0 && bits == -1 << (32 - length)) {
        return length;
      }
    } catch (IllegalArgumentException e) {
      // Said below, in the same words.
    }
    throw wrong("--netmask_ip=" + mask + " is no network mask");
  }

  private static int number(
      Map<String, String> given, String name, String otherwise, int least, int most)
      throws ScriptException {
    String text = take(given, name, otherwise);
    try {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    throw wrong("--" + name + " is not a number from " + least + " to " + most);
  }

  private static double percent(String text) throws ScriptException {
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && value <= 100) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    throw wrong("--tolerance_percent is not a number from 0 to 100");
  }
}
