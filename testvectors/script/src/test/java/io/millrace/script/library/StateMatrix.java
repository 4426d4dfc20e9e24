package io.millrace.script.library;

import java.util.ArrayList;
import java.util.List;

/**
 * Every synchronized state of RFC 9293 and every kind of segment that may arrive in it: before the
 * window, at its first number, inside, at its last number, behind it; with acknowledgments that are
 * new, repeated, old, older than any window was (RFC 5961 §5), and of what was never sent. What
 * must follow is worked out here from the steps of §3.10.7.4, never from what a stack does; where
 * the RFC leaves a choice there is no script.
 */
final class StateMatrix {
  private static final long WORD = 0xffff_ffffL;
  private static final int DATA = 10;

  /** A script and what it shows. */
  record Case(String name, String script) {}

  /** What arrives. */
  enum Segment {
    SYN,
    RST,
    ACK,
    FIN,
    DATA
  }

  /** Where it lies. */
  enum Place {
    BEFORE,
    FIRST,
    INSIDE,
    LAST,
    BEHIND
  }

  /** What it acknowledges. */
  enum Acknowledges {
    ALL,
    AGAIN,
    OLD,
    TOO_OLD,
    FUTURE
  }

  private final State state;
  private final Segment segment;
  private final Place place;
  private final Acknowledges acknowledges;

  private StateMatrix(State state, Segment segment, Place place, Acknowledges acknowledges) {
    this.state = state;
    this.segment = segment;
    this.place = place;
    this.acknowledges = acknowledges;
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (State state : State.values()) {
      for (Segment segment : Segment.values()) {
        for (Place place : Place.values()) {
          for (Acknowledges acknowledges : Acknowledges.values()) {
            StateMatrix one = new StateMatrix(state, segment, place, acknowledges);
            String expected = one.isDistinct() ? one.expected() : null;
            if (expected != null) {
              cases.add(one.named(expected));
            }
          }
        }
      }
    }
    return cases;
  }

  /** Whether no other case is the same. */
  private boolean isDistinct() {
    boolean hasAck = segment != Segment.SYN && segment != Segment.RST;
    boolean repeats = acknowledges == Acknowledges.AGAIN && state.sndUna == state.sndNxt;
    // Once the peer has sent its FIN, what is left of the window is the stack's own business.
    boolean atEdge = place == Place.LAST && !state.receives();
    return (hasAck || acknowledges == Acknowledges.ALL) && !repeats && !atEdge;
  }

  private Case named(String expected) {
    String name = state + " " + segment + " " + place + (hasAck() ? " " + acknowledges : "");
    return new Case(name, state.script() + "+.01 < " + text() + "\n" + expected);
  }

  // ---- the segment ----

  private boolean hasAck() {
    return segment != Segment.SYN && segment != Segment.RST;
  }

  private long seq() {
    return switch (place) {
          case BEFORE -> state.rcvNxt - (segment == Segment.DATA ? 2 * DATA : 1);
          case FIRST -> state.rcvNxt;
          case INSIDE -> state.rcvNxt + 100;
          case LAST -> State.WINDOW;
          case BEHIND -> State.WINDOW + (state.receives() ? 1 : 1000);
        }
        & WORD;
  }

  private long ack() {
    return switch (acknowledges) {
          case ALL -> state.sndNxt;
          case AGAIN -> state.sndUna;
          case OLD -> state.sndUna - 1;
          case TOO_OLD -> state.sndUna - 40_000;
          case FUTURE -> state.sndNxt + 100;
        }
        & WORD;
  }

  private String text() {
    int length = segment == Segment.DATA ? DATA : 0;
    String flags =
        switch (segment) {
          case SYN -> "S";
          case RST -> "R";
          case ACK -> ".";
          case FIN -> "F.";
          case DATA -> "P.";
        };
    return flags
        + " "
        + seq()
        + ":"
        + (seq() + length & WORD)
        + "("
        + length
        + ")"
        + (hasAck() ? " ack " + ack() : "")
        + " win 32792";
  }

  // ---- what must follow ----

  /** The events that must follow; null where the RFC leaves a choice. */
  private String expected() {
    if (isLeftOpen()) {
      return null;
    }
    // First, check sequence number (RFC 9293 §3.10.7.4, and the table of §3.4).
    if (place == Place.BEFORE || place == Place.BEHIND) {
      return segment == Segment.RST ? silence() + stays() : acknowledgment(0) + stays();
    }
    return switch (segment) {
      // Second, check the RST bit: only the very next number resets (RFC 5961 §3.2).
      case RST -> place == Place.FIRST ? silence() + isGone() : acknowledgment(0) + stays();
      // Fourth, check the SYN bit: a challenge (RFC 5961 §4.2).
      case SYN -> acknowledgment(0) + stays();
      case ACK, FIN, DATA -> behindTheAck();
    };
  }

  /** Where the RFCs say MAY, or nothing, or disagree with each other. */
  private boolean isLeftOpen() {
    boolean inWindow = place != Place.BEFORE && place != Place.BEHIND;
    return switch (state) {
      // A passive open goes back to LISTEN; the SYN again is answered as it was.
      case SYN_RECEIVED -> segment == Segment.SYN && place != Place.BEHIND;
      // RFC 9293 §3.6.1 against RFC 1337 and RFC 6191; of the rest only the FIN is spoken of.
      case TIME_WAIT -> inWindow || segment == Segment.SYN;
      // Data and FINs behind the peer's FIN should not occur.
      case CLOSE_WAIT, CLOSING, LAST_ACK ->
          inWindow && (segment == Segment.FIN || segment == Segment.DATA);
      default -> false;
    };
  }

  /** Fifth, check the ACK field; then segment text and FIN. */
  private String behindTheAck() {
    if (state == State.SYN_RECEIVED) {
      if (acknowledges != Acknowledges.ALL) {
        return "+0 > R " + ack() + ":" + ack() + "(0)\n";
      }
      return "+0 accept(3, ..., ...) = 4\n" + textAndFin(State.ESTABLISHED);
    }
    if (acknowledges == Acknowledges.FUTURE || acknowledges == Acknowledges.TOO_OLD) {
      // An ACK of what was never sent, or older than the largest window (RFC 5961 §5.2).
      return acknowledgment(0) + stays();
    }
    boolean finIsAcknowledged = acknowledges == Acknowledges.ALL && state.sndUna < state.sndNxt;
    if (!finIsAcknowledged) {
      return textAndFin(state);
    }
    return switch (state) {
      case FIN_WAIT_1 -> textAndFin(State.FIN_WAIT_2);
      case CLOSING -> silence();
      case LAST_ACK -> silence() + isGone();
      default -> throw new AssertionError(state);
    };
  }

  /** Seventh and eighth, in the state that the acknowledgment has led to. */
  private String textAndFin(State now) {
    boolean isNext = place == Place.FIRST;
    return switch (segment) {
      case DATA -> isNext ? acknowledgment(DATA) + is(now) : acknowledgment(0) + is(now);
      case FIN -> {
        if (!isNext) {
          yield acknowledgment(0) + is(now);
        }
        State behind =
            switch (now) {
              case FIN_WAIT_1 -> State.CLOSING;
              case FIN_WAIT_2 -> State.TIME_WAIT;
              default -> State.CLOSE_WAIT;
            };
        yield acknowledgment(1) + is(behind);
      }
      default -> silence() + is(now);
    };
  }

  /** An acknowledgment of what was received in order: at once, or delayed by less than 0.5 s. */
  private String acknowledgment(int more) {
    String when = more == DATA ? "+0~+.499" : "+0";
    long nxt = state.sndNxt;
    return when + " > . " + nxt + ":" + nxt + "(0) ack " + (state.rcvNxt + more) + "\n";
  }

  /** Nothing for as long as nothing is sent again. */
  private static String silence() {
    return "+.1 %{ assert True }%\n";
  }

  private String stays() {
    return is(state);
  }

  private static String is(State now) {
    return now.hasDescriptor() ? "+0 %{ assert tcpi_state == " + now.number + " }%\n" : "";
  }

  /** There is no connection any more: what seems to belong to it is reset (§3.10.7.2). */
  private String isGone() {
    long nxt = state.sndNxt;
    return "+.01 < . "
        + state.rcvNxt
        + ":"
        + state.rcvNxt
        + "(0) ack "
        + nxt
        + " win 32792\n+0 > R "
        + nxt
        + ":"
        + nxt
        + "(0)\n";
  }
}
