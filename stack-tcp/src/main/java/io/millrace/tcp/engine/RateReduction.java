package io.millrace.tcp.engine;

/**
 * Proportional Rate Reduction (RFC 9937): during fast recovery the window shrinks from the flight
 * at its beginning to ssthresh with each byte that is delivered, instead of at once. Stateless.
 */
final class RateReduction {
  private RateReduction() {}

  /**
   * Fast recovery begins (RFC 9937 §6).
   *
   * @param flight RecoverFS: bytes in flight that the peer does not hold yet
   */
  static void begin(Tcb t, int flight) {
    t.recoverFlight = Math.max(flight, 1);
    t.prrDelivered = 0;
    t.prrOut = 0;
    t.recoveryWindow = t.congestion.cwnd();
  }

  /**
   * An acknowledgment in fast recovery.
   *
   * @param delivered DeliveredData: bytes that it says have arrived
   * @param safe SafeACK: SND.UNA has moved and no further loss was found
   * @param pipe bytes that are in the network
   */
  static void onAck(Tcb t, int delivered, boolean safe, int pipe) {
    if (delivered <= 0) {
      return;
    }
    int ssthresh = t.congestion.cwnd();
    t.prrDelivered += delivered;
    long send;
    if (pipe > ssthresh) {
      long part = (long) t.prrDelivered * ssthresh;
      send = (part + t.recoverFlight - 1) / t.recoverFlight - t.prrOut;
    } else {
      send = Math.max(t.prrDelivered - t.prrOut, delivered); // conservative reduction bound
      if (safe) {
        send += t.sndMss; // slow start reduction bound
      }
      send = Math.min(ssthresh - pipe, send);
    }
    t.recoveryWindow = pipe + (int) Math.max(send, 0);
  }

  /** Bytes have been sent, for the first time or again. */
  static void onSent(Tcb t, int bytes) {
    t.prrOut += bytes;
  }
}
