package io.millrace.e2e.script;

import io.millrace.tcp.TcpConfig;
import java.util.Map;
import java.util.Set;

/** What scripts set by the names of Linux, as a configuration of TCP. */
final class TcpSettings {
  private static final long SECOND = 1_000_000_000L;

  static final Set<String> NAMES =
      Set.of(
          "net.core.rmem_default",
          "net.core.wmem_default",
          "net.ipv4.tcp_fin_timeout",
          "net.ipv4.tcp_keepalive_intvl",
          "net.ipv4.tcp_keepalive_probes",
          "net.ipv4.tcp_keepalive_time",
          "net.ipv4.tcp_mtu_probing",
          "net.ipv4.tcp_retries2",
          "net.ipv4.tcp_sack",
          "net.ipv4.tcp_syn_retries",
          "net.ipv4.tcp_synack_retries",
          "net.ipv4.tcp_timestamps",
          "net.ipv4.tcp_window_scaling");

  private TcpSettings() {}

  static TcpConfig config(Map<String, String> settings) {
    TcpConfig.Builder config = TcpConfig.defaults().with();
    settings.forEach((name, value) -> set(config, name, Integer.parseInt(value)));
    return config.build();
  }

  private static void set(TcpConfig.Builder config, String name, int value) {
    switch (name) {
      case "net.core.rmem_default" -> config.receiveBuffer(value);
      case "net.core.wmem_default" -> config.sendBuffer(value);
      case "net.ipv4.tcp_fin_timeout" -> config.finWait2(value * SECOND);
      case "net.ipv4.tcp_keepalive_intvl" -> config.keepAliveInterval(value * SECOND);
      case "net.ipv4.tcp_keepalive_probes" -> config.keepAliveProbes(value);
      case "net.ipv4.tcp_keepalive_time" -> config.keepAliveIdle(value * SECOND);
      case "net.ipv4.tcp_mtu_probing" -> config.blackHoleTimeouts(value == 0 ? 0 : 3);
      case "net.ipv4.tcp_retries2" -> config.dataRetries(value);
      case "net.ipv4.tcp_sack" -> config.sack(value != 0);
      case "net.ipv4.tcp_syn_retries", "net.ipv4.tcp_synack_retries" -> config.synRetries(value);
      case "net.ipv4.tcp_timestamps" -> config.timestamps(value != 0);
      case "net.ipv4.tcp_window_scaling" -> config.windowScaling(value != 0);
      default -> throw new IllegalArgumentException(name);
    }
  }
}
