package io.millrace.script.python;

import io.millrace.tcp.TcpInfo;
import java.util.HashMap;
import java.util.Map;

/** What Linux calls what a connection tells of itself: the fields of {@code tcp_info}. */
public final class ConnectionSnapshot {
  private static final String[] STATES = {
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING"
  };

  private static final String[] CONGESTION_STATES = {
    "TCP_CA_Open", "TCP_CA_Disorder", "TCP_CA_CWR", "TCP_CA_Recovery", "TCP_CA_Loss"
  };

  private final Map<String, Object> values = new HashMap<>();

  /** A snapshot of a connection; null if there is none, and only the constants are known. */
  public ConnectionSnapshot(TcpInfo info) {
    for (int i = 0; i < STATES.length; i++) {
      values.put("TCP_" + STATES[i], i + 1L);
    }
    for (int i = 0; i < CONGESTION_STATES.length; i++) {
      values.put(CONGESTION_STATES[i], (long) i);
    }
    values.put("TCPI_OPT_TIMESTAMPS", 1L);
    values.put("TCPI_OPT_SACK", 2L);
    values.put("TCPI_OPT_WSCALE", 4L);
    values.put("TCPI_OPT_ECN", 8L);
    if (info != null) {
      fill(info);
    }
  }

  /** The value of a name, or null if it has none here. */
  public Object get(String name) {
    return values.get(name);
  }

  private void put(String name, long value) {
    values.put("tcpi_" + name, value);
  }

  private void fill(TcpInfo info) {
    put("state", state(info));
    put("ca_state", info.inRecovery() ? info.curTimeoutCount() > 0 ? 4 : 3 : 0);
    put("retransmits", info.curTimeoutCount());
    put(
        "options",
        (info.timestamps() ? 1 : 0) | (info.sack() ? 2 : 0) | (info.windowScaling() ? 4 : 0));
    put("rto", info.curRto() / 1000);
    put("snd_mss", info.curMss());
    put("unacked", segments(info.flight(), info.curMss()));
    put("rtt", info.smoothedRtt() / 1000);
    put("rttvar", info.rttVar() / 1000);
    put("min_rtt", info.minRtt() / 1000);
    put("snd_cwnd", info.curCwnd() / Math.max(1, info.curMss()));
    long threshold = info.curSsthresh() / Math.max(1, info.curMss());
    put("snd_ssthresh", info.curSsthresh() == Integer.MAX_VALUE ? Integer.MAX_VALUE : threshold);
    put("snd_wnd", info.curRwinRcvd());
    put("rcv_wnd", info.curRwinSent());
    put("total_retrans", info.segsRetrans());
    put("bytes_acked", info.thruOctetsAcked());
    put("bytes_received", info.thruOctetsReceived());
    put("bytes_sent", info.dataOctetsOut());
    put("bytes_retrans", info.octetsRetrans());
    put("notsent_bytes", info.curAppWQueue());
    put("segs_out", info.segsOut());
    put("segs_in", info.segsIn());
    put("data_segs_out", info.dataSegsOut());
    put("data_segs_in", info.dataSegsIn());
  }

  private static long segments(int bytes, int mss) {
    return Math.ceilDiv(bytes, Math.max(1, mss));
  }

  private static long state(TcpInfo info) {
    return switch (info.state()) {
      case ESTABLISHED -> 1;
      case SYN_SENT -> 2;
      case SYN_RECEIVED -> 3;
      case FIN_WAIT_1 -> 4;
      case FIN_WAIT_2 -> 5;
      case TIME_WAIT -> 6;
      case CLOSED -> 7;
      case CLOSE_WAIT -> 8;
      case LAST_ACK -> 9;
      case CLOSING -> 11;
    };
  }
}
