package io.millrace.tcp.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.FramePool;
import io.millrace.cc.NewReno;
import io.millrace.tcp.TcpState;
import io.millrace.transport.RttEstimator;
import org.junit.jupiter.api.Test;

class TcbTest {
  /** After 4 GiB, SND.UNA is ISS again, and says nothing about our SYN. */
  @Test
  void whatIsUnsentDoesNotDependOnWhereTheNumbersStarted() {
    try (FramePool pool = new FramePool(4, 512, 0, false);
        SmallSends slots = new SmallSends()) {
      Tcb t = new Tcb(new RttEstimator(1), new NewReno());
      t.become(TcpState.ESTABLISHED);
      t.sendQueue = slots.newQueue();
      t.sendQueue.addCopy(new byte[100], 0, 100, pool);
      t.iss = 7;
      for (int una : new int[] {7, 8, -1}) {
        t.sndUna = una;
        t.sndNxt = una + 40;
        assertThat(t.unsent()).isEqualTo(60);
      }
    }
  }

  @Test
  void beforeOurSynIsAcknowledgedNothingOfItIsSent() {
    try (FramePool pool = new FramePool(4, 512, 0, false);
        SmallSends slots = new SmallSends()) {
      Tcb t = new Tcb(new RttEstimator(1), new NewReno());
      t.become(TcpState.SYN_SENT);
      t.sendQueue = slots.newQueue();
      t.sendQueue.addCopy(new byte[100], 0, 100, pool);
      t.sndNxt = t.sndUna;
      assertThat(t.unsent()).isEqualTo(100);
      t.sndNxt++;
      assertThat(t.unsent()).isEqualTo(100);
    }
  }
}
