package io.millrace.testkit.script;

import io.millrace.testkit.script.Event.CodeEvent;
import io.millrace.testkit.script.Event.CommandEvent;
import java.util.HashMap;
import java.util.Map;

/**
 * What a script says before its first event, understood.
 *
 * @param setup what the stack is to be
 * @param bindPort the port of {@code bind(fd, ..., ...)}
 * @param connectPort the port of {@code connect(fd, ..., ...)}
 * @param remotePort the peer's port, where the script does not say
 * @param toleranceNanos how far off a packet may be, in nanoseconds
 * @param tolerancePercent the same as a part of the time since the previous event
 * @param strictSegments whether each packet of the script is one segment
 */
record ScriptOptions(
    ScriptSetup setup,
    int bindPort,
    int connectPort,
    int remotePort,
    long toleranceNanos,
    double tolerancePercent,
    boolean strictSegments) {
  private static final int REMOTE_PORT = 52_000;

  /** How far off an event may be that follows {@code gap} nanoseconds after another. */
  long tolerance(long gap) {
    return Math.max(toleranceNanos, (long) (gap * tolerancePercent / 100));
  }

  static ScriptOptions of(Script script, Profile profile, ScriptHost.Factory factory)
      throws ScriptException {
    for (Event event : script.events()) {
      refuse(event);
    }
    Map<String, String> given = new HashMap<>(script.options());
    String version = take(given, "ip_version", "ipv4");
    if (!version.equals("ipv4")) {
      throw new UnsupportedScriptException(1, "--ip_version=" + version + " is not supported yet");
    }
    String prefix = prefix(take(given, "netmask_ip", "255.255.0.0"));
    ScriptSetup setup =
        new ScriptSetup(
            address(given, "local_ip", "192.168.0.1") + prefix,
            address(given, "remote_ip", "192.0.2.1"),
            address(given, "gateway_ip", "192.168.0.2"),
            number(given, "mtu", "1500", 68, 65_535),
            settings(script, factory),
            profile);
    ScriptOptions options =
        new ScriptOptions(
            setup,
            number(given, "bind_port", "8080", 1, 65_535),
            number(given, "connect_port", "8080", 1, 65_535),
            REMOTE_PORT,
            number(given, "tolerance_usecs", "4000", 0, 10_000_000) * 1000L,
            percent(take(given, "tolerance_percent", "12.5")),
            given.remove("strict_segments") != null);
    if (!given.isEmpty()) {
      throw new UnsupportedScriptException(
          1, "the option --" + given.keySet().iterator().next() + " is not supported yet");
    }
    return options;
  }

  private static void refuse(Event event) throws ScriptException {
    switch (event) {
      case CommandEvent command ->
          throw new UnsupportedScriptException(
              command.line(), "a command between events is not supported yet");
      case CodeEvent code ->
          throw new UnsupportedScriptException(code.line(), "%{ }% is not supported yet");
      case Event.PacketEvent packet -> {}
      case Event.CallEvent call -> {}
    }
  }

  private static String take(Map<String, String> given, String name, String otherwise) {
    String value = given.remove(name);
    return value == null ? otherwise : value;
  }

  private static String address(Map<String, String> given, String name, String otherwise)
      throws ScriptException {
    String text = take(given, name, otherwise);
    try {
      if (io.millrace.ip.IpAddress.parse(text).isV4()) {
        return text;
      }
    } catch (IllegalArgumentException e) {
      // Said below, in the same words.
    }
    throw new ScriptException(1, "--" + name + "=" + text + " is no IPv4 address");
  }

  private static String prefix(String mask) throws ScriptException {
    try {
      int bits = io.millrace.ip.IpAddress.parse(mask).v4Bits();
      int length = Integer.bitCount(bits);
      if (length > 0 && bits == -1 << (32 - length)) {
        return "/" + length;
      }
    } catch (IllegalArgumentException e) {
      // Said below, in the same words.
    }
    throw new ScriptException(1, "--netmask_ip=" + mask + " is no network mask");
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
    throw new ScriptException(1, "--" + name + " is not a number from " + least + " to " + most);
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
    throw new ScriptException(1, "--tolerance_percent is not a number from 0 to 100");
  }

  /** The settings that the init command makes; the cleanup command only undoes what is not ours. */
  private static Map<String, String> settings(Script script, ScriptHost.Factory factory)
      throws ScriptException {
    Map<String, String> settings = new HashMap<>();
    if (script.init() == null) {
      return settings;
    }
    for (String command : script.init().split("[\\n;]|&&", -1)) {
      String[] words = command.strip().split("\\s+", -1);
      if (words[0].isEmpty() || words[0].startsWith("#") || words[0].endsWith("/defaults.sh")) {
        continue;
      }
      if (!words[0].equals("sysctl")) {
        throw new UnsupportedScriptException(
            1, "the command '" + command.strip() + "' is not supported");
      }
      for (int i = 1; i < words.length; i++) {
        setting(words[i], settings, factory);
      }
    }
    return settings;
  }

  private static void setting(String word, Map<String, String> settings, ScriptHost.Factory factory)
      throws ScriptException {
    if (word.startsWith("-")) {
      return;
    }
    String[] parts = word.split("=", 2);
    String value = parts.length == 2 ? parts[1].replace("\"", "").replace("'", "") : "";
    if (!factory.knows(parts[0], value)) {
      throw new UnsupportedScriptException(1, "the setting " + word + " is not supported");
    }
    settings.put(parts[0], value);
  }
}
