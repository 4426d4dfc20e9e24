package io.millrace.script.setting;

import io.millrace.cc.CongestionAlgorithm;
import io.millrace.script.Profile;
import io.millrace.tcp.TcpConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a script sets, by the names of its system, as a configuration of TCP. */
public final class StackSettings {
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000_000_000L;

  /** The receive buffer whose window scale is the 8 that scripts for Linux are written for. */
  private static final int LINUX_RECEIVE_BUFFER = 15 << 20;

  private static final int FREEBSD_BUFFER = 65_536 << 5;

  private final Map<String, String> values = new LinkedHashMap<>();

  /** Sets something; the last value counts. */
  public void set(String name, String value) {
    values.put(name, value);
  }

  String get(String name) {
    return values.get(name);
  }

  /**
   * The configuration of a profile with what was set.
   *
   * @throws UnsupportedOperationException for a setting that matters and that the stack does not
   *     have
   */
  public TcpConfig config(Profile profile) {
    TcpConfig.Builder config = TcpConfig.defaults().with();
    switch (profile) {
      case NEUTRAL -> {}
      case LINUX -> config.receiveBuffer(LINUX_RECEIVE_BUFFER).synRetries(6).timeWait(60 * SECOND);
      case FREEBSD -> config.receiveBuffer(FREEBSD_BUFFER).minRto(230 * MILLI);
    }
    values.forEach((name, value) -> set(config, name, value));
    try {
      return config.build();
    } catch (IllegalArgumentException e) {
      throw new UnsupportedOperationException(
          "a setting is beyond what the stack takes: " + e.getMessage(), e);
    }
  }

  private static void set(TcpConfig.Builder config, String name, String text) {
    if (KnownSettings.matters(name, text)) {
      if (name.endsWith("congestion_control")
          || name.endsWith("cc.algorithm")
          || name.equals("option.TCP_CONGESTION")) {
        config.congestion(congestion(text));
      } else {
        number(config, name, number(name, text));
      }
    }
  }

  private static CongestionAlgorithm congestion(String name) {
    return switch (name) {
      case "reno", "newreno" -> CongestionAlgorithm.NEW_RENO;
      case "cubic" -> CongestionAlgorithm.CUBIC;
      default ->
          throw new UnsupportedOperationException(
              "the stack does not have the congestion control " + name);
    };
  }

  /** The number of a setting; of three for a buffer, the one that is not a limit. */
  private static long number(String name, String text) {
    String[] words = text.strip().split("\\s+", -1);
    String word = words.length == 3 ? words[1] : words[0];
    try {
      if (word.endsWith("ms")) {
        return Long.parseLong(word.substring(0, word.length() - 2));
      }
      return name.equals("route.rto_min") && word.endsWith("s")
          ? Long.parseLong(word.substring(0, word.length() - 1)) * 1000
          : Long.decode(word);
    } catch (NumberFormatException e) {
      throw new UnsupportedOperationException("the setting " + name + " has no number: " + text, e);
    }
  }

  private static void number(TcpConfig.Builder config, String name, long value) {
    int number = Math.clamp(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
    switch (name) {
      case "net.core.rmem_default",
          "net.ipv4.tcp_rmem",
          "net.inet.tcp.recvspace",
          "option.SO_RCVBUF" ->
          config.receiveBuffer(Math.max(2048, number));
      case "net.core.wmem_default",
          "net.ipv4.tcp_wmem",
          "net.inet.tcp.sendspace",
          "option.SO_SNDBUF" ->
          config.sendBuffer(Math.max(2048, number));
      case "net.ipv4.tcp_fin_timeout", "option.TCP_LINGER2" -> config.finWait2(value * SECOND);
      case "net.inet.tcp.finwait2_timeout" -> config.finWait2(value * MILLI);
      case "net.ipv4.tcp_keepalive_intvl", "option.TCP_KEEPINTVL" ->
          config.keepAliveInterval(value * SECOND);
      case "net.ipv4.tcp_keepalive_probes", "net.inet.tcp.keepcnt", "option.TCP_KEEPCNT" ->
          config.keepAliveProbes(number);
      case "net.ipv4.tcp_keepalive_time", "option.TCP_KEEPIDLE" ->
          config.keepAliveIdle(value * SECOND);
      case "net.inet.tcp.keepidle" -> config.keepAliveIdle(value * MILLI);
      case "net.inet.tcp.keepintvl" -> config.keepAliveInterval(value * MILLI);
      case "net.ipv4.tcp_mtu_probing", "net.inet.tcp.pmtud_blackhole_detection" ->
          config.blackHoleTimeouts(value == 0 ? 0 : 3);
      case "net.ipv4.tcp_retries2" -> config.dataRetries(number);
      case "net.ipv4.tcp_syn_retries", "net.ipv4.tcp_synack_retries", "option.TCP_SYNCNT" ->
          config.synRetries(number);
      case "net.ipv4.tcp_sack", "net.inet.tcp.sack.enable" -> config.sack(value != 0);
      case "net.ipv4.tcp_timestamps" -> config.timestamps(value != 0);
      case "net.ipv4.tcp_window_scaling" -> config.windowScaling(value != 0);
      case "net.inet.tcp.rfc1323" -> config.timestamps(value == 1).windowScaling(value != 0);
      case "net.ipv4.tcp_syncookies", "net.inet.tcp.syncookies" -> config.synCookies(value != 0);
      case "net.ipv4.tcp_rto_min_us" -> config.minRto(value * 1000);
      case "route.rto_min", "net.inet.tcp.rexmit_min" -> config.minRto(value * MILLI);
      case "net.inet.tcp.rexmit_initial" -> config.initialRto(value * MILLI);
      case "net.inet.tcp.delacktime" -> config.delayedAck(value * MILLI);
      case "net.inet.tcp.delayed_ack" -> {
        if (value == 0) {
          config.delayedAck(0);
        }
      }
      case "route.initcwnd", "net.inet.tcp.initcwnd_segments" -> config.initialWindow(number);
      case "net.inet.tcp.msl" -> config.timeWait(2 * value * MILLI);
      case "net.inet.tcp.always_keepalive" -> config.keepAlive(value != 0);
      case "net.ipv4.ip_default_ttl", "net.ipv6.conf.all.hop_limit" -> config.hopLimit(number);
      case "option.TCP_MAXSEG", "route.advmss" -> config.maxSegmentSize(number);
      default ->
          throw new UnsupportedOperationException("the stack does not have the setting " + name);
    }
  }
}
