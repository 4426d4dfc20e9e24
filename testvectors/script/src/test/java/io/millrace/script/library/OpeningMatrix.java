package io.millrace.script.library;

import io.millrace.script.library.StateMatrix.Case;
import java.util.ArrayList;
import java.util.List;

/** What arrives where there is no connection yet: CLOSED, LISTEN and SYN-SENT of RFC 9293. */
final class OpeningMatrix {
  private static final String[] NO_ACK = {"F 5:5(0)", "P 5:15(10)", "- 5:5(0)", "FP 5:15(10)"};
  private static final String[] WITH_ACK = {".", "F.", "P.", "S.", "SF.", "U."};
  private static final long[] ACKS = {0, 1, 77, 4_294_967_295L};

  private OpeningMatrix() {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    closed(cases);
    listen(cases);
    synSent(cases);
    return cases;
  }

  /** RFC 9293 §3.10.7.1: a reset of its own, unless it is one. */
  private static void closed(List<Case> cases) {
    for (String segment : NO_ACK) {
      String head = segment.split(" ", 2)[0];
      int length = segment.contains("(10)") ? 10 : 0;
      int acknowledges = 5 + length + (head.contains("F") ? 1 : 0);
      cases.add(
          new Case(
              "CLOSED " + segment,
              "0 < " + segment + " win 99\n+0 > R. 0:0(0) ack " + acknowledges + "\n"));
    }
    cases.add(new Case("CLOSED SYN", "0 < S 5:5(0) win 99\n+0 > R. 0:0(0) ack 1\n"));
    for (String flags : WITH_ACK) {
      for (long ack : ACKS) {
        cases.add(
            new Case(
                "CLOSED " + flags + " ack " + ack,
                "0 < " + flags + " 5:5(0) ack " + ack + " win 99\n+0 > R " + at(ack) + "\n"));
      }
    }
    for (String reset : new String[] {"R 5:5(0)", "R. 5:5(0) ack 9", "SR 5:5(0)"}) {
      cases.add(new Case("CLOSED " + reset, "0 < " + reset + " win 99\n+.1 %{ assert True }%\n"));
    }
  }

  private static String at(long number) {
    return number + ":" + number + "(0)";
  }

  /** RFC 9293 §3.10.7.2: RSTs are ignored, ACKs reset, SYNs answered, the rest dropped. */
  private static void listen(List<Case> cases) {
    for (String segment : NO_ACK) {
      cases.add(
          new Case(
              "LISTEN " + segment,
              State.listening() + "+0 < " + segment + " win 99\n" + stillListens()));
    }
    for (String flags : new String[] {".", "F.", "P.", "S.", "SF."}) {
      for (long ack : ACKS) {
        cases.add(
            new Case(
                "LISTEN " + flags + " ack " + ack,
                State.listening()
                    + "+0 < "
                    + flags
                    + " 5:5(0) ack "
                    + ack
                    + " win 99\n+0 > R "
                    + at(ack)
                    + "\n"));
      }
    }
    for (String reset : new String[] {"R 5:5(0)", "R. 5:5(0) ack 9"}) {
      cases.add(
          new Case(
              "LISTEN " + reset,
              State.listening() + "+0 < " + reset + " win 99\n" + stillListens()));
    }
  }

  private static String stillListens() {
    return "+.1 < 52001 > 8080 S 0:0(0) win 32792 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n";
  }

  private static final String CONNECTING =
      """
      0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
      +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
      +0 > S 0:0(0) <...>
      """;

  private static final String STILL_CONNECTING = "+.1 %{ assert tcpi_state == TCP_SYN_SENT }%\n";

  /** RFC 9293 §3.10.7.3, step by step. */
  private static void synSent(List<Case> cases) {
    for (String flags : WITH_ACK) {
      for (long ack : ACKS) {
        cases.add(
            new Case(
                "SYN_SENT " + flags + " ack " + ack,
                CONNECTING
                    + "+.1 < "
                    + flags
                    + " 5:5(0) ack "
                    + ack
                    + " win 99\n"
                    + answer(flags, ack)));
      }
    }
    for (long ack : ACKS) {
      cases.add(
          new Case(
              "SYN_SENT R. ack " + ack,
              CONNECTING
                  + "+.1 < R. 5:5(0) ack "
                  + ack
                  + " win 0\n"
                  + (ack == 1 ? refused() : STILL_CONNECTING)));
    }
    for (String segment : NO_ACK) {
      cases.add(
          new Case(
              "SYN_SENT " + segment,
              CONNECTING + "+.1 < " + segment + " win 99\n" + STILL_CONNECTING));
    }
    cases.add(new Case("SYN_SENT R", CONNECTING + "+.1 < R 5:5(0) win 0\n" + STILL_CONNECTING));
    cases.add(
        new Case(
            "SYN_SENT S",
            CONNECTING
                + "+.1 < S 5:5(0) win 99 <mss 1000>\n+0 > S. 0:0(0) ack 1 <...>\n"
                + "+0 %{ assert tcpi_state == TCP_SYN_RECV }%\n"));
  }

  private static String answer(String flags, long ack) {
    if (ack != 1) {
      // First, the ACK: not ISS < SEG.ACK =< SND.NXT.
      return "+0 > R " + at(ack) + "\n" + STILL_CONNECTING;
    }
    if (flags.equals("S.")) {
      return "+0 > . 1:1(0) ack 1\n+0 %{ assert tcpi_state == TCP_ESTABLISHED }%\n";
    }
    if (flags.equals("SF.")) {
      // The SYN counts as received, and the FIN behind it too.
      return "+0 > . 1:1(0) ack 2\n+0 %{ assert tcpi_state == TCP_CLOSE_WAIT }%\n";
    }
    return STILL_CONNECTING; // Fifth: neither SYN nor RST, drop.
  }

  private static String refused() {
    return "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n";
  }
}
