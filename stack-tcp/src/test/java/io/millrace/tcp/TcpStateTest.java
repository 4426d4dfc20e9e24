package io.millrace.tcp;

import static io.millrace.tcp.TcpState.CLOSED;
import static io.millrace.tcp.TcpState.CLOSE_WAIT;
import static io.millrace.tcp.TcpState.CLOSING;
import static io.millrace.tcp.TcpState.ESTABLISHED;
import static io.millrace.tcp.TcpState.FIN_WAIT_1;
import static io.millrace.tcp.TcpState.FIN_WAIT_2;
import static io.millrace.tcp.TcpState.LAST_ACK;
import static io.millrace.tcp.TcpState.SYN_RECEIVED;
import static io.millrace.tcp.TcpState.SYN_SENT;
import static io.millrace.tcp.TcpState.TIME_WAIT;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The transitions of RFC 9293 §3.3.2, figure 5, and no others. */
class TcpStateTest {
  @Test
  void exactlyTheTransitionsOfTheFigureAreAllowed() {
    Map<TcpState, Set<TcpState>> figure = new EnumMap<>(TcpState.class);
    // A passive open lives in a smaller object until it is acknowledged, hence ESTABLISHED.
    figure.put(CLOSED, EnumSet.of(SYN_SENT, SYN_RECEIVED, ESTABLISHED));
    figure.put(SYN_SENT, EnumSet.of(SYN_RECEIVED, ESTABLISHED));
    figure.put(SYN_RECEIVED, EnumSet.of(ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT));
    figure.put(ESTABLISHED, EnumSet.of(FIN_WAIT_1, CLOSE_WAIT));
    figure.put(FIN_WAIT_1, EnumSet.of(FIN_WAIT_2, CLOSING, TIME_WAIT));
    figure.put(FIN_WAIT_2, EnumSet.of(TIME_WAIT));
    figure.put(CLOSE_WAIT, EnumSet.of(LAST_ACK));
    figure.put(CLOSING, EnumSet.of(TIME_WAIT));
    figure.put(LAST_ACK, EnumSet.noneOf(TcpState.class));
    figure.put(TIME_WAIT, EnumSet.noneOf(TcpState.class));
    for (TcpState from : TcpState.values()) {
      for (TcpState to : TcpState.values()) {
        boolean allowed = to == CLOSED || figure.get(from).contains(to);
        assertThat(from.mayBecome(to)).as("%s to %s", from, to).isEqualTo(allowed);
      }
    }
  }

  @Test
  void whoMaySendAndReceive() {
    for (TcpState state : TcpState.values()) {
      assertThat(state.maySend()).isEqualTo(EnumSet.of(ESTABLISHED, CLOSE_WAIT).contains(state));
      assertThat(state.mayReceive())
          .isEqualTo(EnumSet.of(ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2).contains(state));
      assertThat(state.isSynchronized())
          .isEqualTo(!EnumSet.of(CLOSED, SYN_SENT, SYN_RECEIVED).contains(state));
    }
  }
}
