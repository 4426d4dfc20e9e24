package io.millrace.script.library;

/**
 * A state of RFC 9293 §3.3.2, how a script gets there, and the variables of §3.3.1 once it is
 * there, in the script's numbers.
 */
enum State {
  SYN_RECEIVED(3, 0, 1, 1, ""),
  ESTABLISHED(1, 1, 1, 1, "+0 accept(3, ..., ...) = 4\n"),
  FIN_WAIT_1(4, 1, 2, 1, ESTABLISHED.way + "+0 shutdown(4, SHUT_WR) = 0\n+0 > F. 1:1(0) ack 1\n"),
  FIN_WAIT_2(5, 2, 2, 1, FIN_WAIT_1.way + "+.01 < . 1:1(0) ack 2 win 32792\n"),
  CLOSE_WAIT(8, 1, 1, 2, ESTABLISHED.way + "+0 < F. 1:1(0) ack 1 win 32792\n+0 > . 1:1(0) ack 2\n"),
  CLOSING(11, 1, 2, 2, FIN_WAIT_1.way + "+.01 < F. 1:1(0) ack 1 win 32792\n+0 > . 2:2(0) ack 2\n"),
  LAST_ACK(9, 1, 2, 2, CLOSE_WAIT.way + "+0 close(4) = 0\n+0 > F. 1:1(0) ack 2\n"),
  TIME_WAIT(6, 2, 2, 2, FIN_WAIT_2.way + "+.01 < F. 1:1(0) ack 2 win 32792\n+0 > . 2:2(0) ack 2\n");

  /** The window that the stack offers at the beginning: all of its receive buffer. */
  static final int WINDOW = 16_384;

  private static final String LISTENING =
      """
      `sysctl -q net.core.rmem_default=16384`
      0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 bind(3, ..., ...) = 0
      +0 listen(3, 1) = 0
      """;

  private static final String HANDSHAKE =
      """
      +0 < S 0:0(0) win 32792 <mss 1000>
      +0 > S. 0:0(0) ack 1 <mss 1460>
      """;

  /** Its number in an assertion. */
  final int number;

  /** SND.UNA. */
  final long sndUna;

  /** SND.NXT. */
  final long sndNxt;

  /** RCV.NXT. */
  final long rcvNxt;

  private final String way;

  State(int number, long sndUna, long sndNxt, long rcvNxt, String way) {
    this.number = number;
    this.sndUna = sndUna;
    this.sndNxt = sndNxt;
    this.rcvNxt = rcvNxt;
    this.way = way;
  }

  static String listening() {
    return LISTENING;
  }

  /** The events that lead to the state. */
  String script() {
    String opened = this == SYN_RECEIVED ? "" : "+.1 < . 1:1(0) ack 1 win 32792\n";
    return LISTENING + HANDSHAKE + opened + way;
  }

  /** Whether the peer may still send data. */
  boolean receives() {
    return rcvNxt == 1;
  }

  /** Whether a descriptor of the connection is open, to ask for its state. */
  boolean hasDescriptor() {
    return this != SYN_RECEIVED && this != LAST_ACK && this != TIME_WAIT;
  }
}
