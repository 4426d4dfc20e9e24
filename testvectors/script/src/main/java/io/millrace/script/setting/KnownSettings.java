package io.millrace.script.setting;

import java.util.Map;
import java.util.Set;

/** Which settings of other systems do not matter to this stack, or only with certain values. */
final class KnownSettings {
  /** They tune what a stack of its own does not have: queues, memory of the system, statistics. */
  private static final Set<String> WITHOUT_MEANING =
      Set.of(
          "net.core.default_qdisc",
          "net.core.optmem_max",
          "net.core.rmem_max",
          "net.core.somaxconn",
          "net.core.wmem_max",
          "net.core.netdev_max_backlog",
          "net.ipv4.tcp_allowed_congestion_control",
          "net.ipv4.tcp_autocorking",
          "net.ipv4.tcp_challenge_ack_limit",
          "net.ipv4.tcp_invalid_ratelimit",
          "net.ipv4.tcp_limit_output_bytes",
          "net.ipv4.tcp_max_orphans",
          "net.ipv4.tcp_max_syn_backlog",
          "net.ipv4.tcp_max_tw_buckets",
          "net.ipv4.tcp_mem",
          "net.ipv4.tcp_metrics_save",
          "net.ipv4.tcp_min_tso_segs",
          "net.ipv4.tcp_moderate_rcvbuf",
          "net.ipv4.tcp_no_metrics_save",
          "net.ipv4.tcp_pacing_ca_ratio",
          "net.ipv4.tcp_pacing_ss_ratio",
          "net.ipv4.tcp_tso_rtt_log",
          "net.ipv4.tcp_tso_win_divisor",
          "net.inet.tcp.hostcache.enable",
          "net.inet.tcp.hostcache.purgenow",
          "net.inet.tcp.log_debug",
          "net.inet.tcp.path_mtu_discovery",
          "net.inet.tcp.recvbuf_auto",
          "net.inet.tcp.sendbuf_auto",
          "net.inet.tcp.tso");

  /** What the stack does anyway, by the values that say so. */
  private static final Map<String, Set<String>> AS_IT_IS =
      Map.ofEntries(
          Map.entry("net.ipv4.ip_no_pmtu_disc", Set.of("0")),
          Map.entry("net.ipv4.tcp_abort_on_overflow", Set.of("0")),
          Map.entry("net.ipv4.tcp_comp_sack_nr", Set.of("0")),
          Map.entry("net.ipv4.tcp_dsack", Set.of("1")),
          Map.entry("net.ipv4.tcp_ecn", Set.of("0", "2")),
          Map.entry("net.ipv4.tcp_fack", Set.of("0", "1")),
          Map.entry("net.ipv4.tcp_fastopen", Set.of("0")),
          Map.entry("net.ipv4.tcp_plb_enabled", Set.of("0")),
          Map.entry("net.ipv4.tcp_reordering", Set.of("3")),
          Map.entry("net.ipv4.tcp_rfc1337", Set.of("1")),
          Map.entry("net.ipv4.tcp_stdurg", Set.of("0")),
          Map.entry("net.ipv4.tcp_thin_linear_timeouts", Set.of("0")),
          Map.entry("net.ipv4.tcp_tw_reuse", Set.of("0", "1", "2")),
          Map.entry("net.inet.tcp.blackhole", Set.of("0")),
          Map.entry("net.inet.tcp.drop_synfin", Set.of("0", "1")),
          Map.entry("net.inet.tcp.ecn.enable", Set.of("0")),
          Map.entry("net.inet.tcp.fastopen.client_enable", Set.of("0", "1")),
          Map.entry("net.inet.tcp.fastopen.server_enable", Set.of("0")),
          Map.entry("net.inet.tcp.functions_default", Set.of("freebsd")),
          Map.entry("net.inet.tcp.rfc3042", Set.of("1")),
          Map.entry("net.inet.tcp.rfc3390", Set.of("0", "1")),
          Map.entry("net.inet.tcp.rfc3465", Set.of("0", "1")),
          Map.entry("net.inet.tcp.syncookies_only", Set.of("0")),
          Map.entry("route.quickack", Set.of("0")));

  private KnownSettings() {}

  /** Whether a setting has to be carried out, rather than passed over. */
  static boolean matters(String name, String value) {
    return !WITHOUT_MEANING.contains(name)
        && !name.startsWith("kern.")
        && !name.startsWith("net.ipv4.conf.")
        && (!name.startsWith("net.ipv6.conf.") || name.endsWith("hop_limit"))
        && !name.startsWith("net.inet.udp.")
        && !AS_IT_IS.getOrDefault(name, Set.of()).contains(value.strip());
  }
}
