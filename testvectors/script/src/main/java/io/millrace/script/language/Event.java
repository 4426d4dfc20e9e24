package io.millrace.script.language;

import java.util.List;

/** One event of a script. */
public sealed interface Event {
  /** The line that it starts on, from 1. */
  int line();

  /** Its text, in one line. */
  String text();

  /** When it happens. */
  ScriptTime time();

  /**
   * A packet: injected into the stack if {@code inbound}, else expected from it.
   *
   * @param packet what it looks like
   */
  record PacketEvent(int line, String text, ScriptTime time, boolean inbound, PacketSpec packet)
      implements Event {}

  /**
   * A system call.
   *
   * @param end when it returns, if it is one that blocks; else null
   * @param name its name
   * @param arguments what it is called with
   * @param result what it must return
   * @param errno the error's name if it fails, else null
   */
  record CallEvent(
      int line,
      String text,
      ScriptTime time,
      ScriptTime end,
      String name,
      List<Expression> arguments,
      Expression result,
      String errno)
      implements Event {
    /** Copies the list. */
    public CallEvent {
      arguments = List.copyOf(arguments);
    }
  }

  /** A shell command. */
  record CommandEvent(int line, String text, ScriptTime time, String command) implements Event {}

  /** Python over a snapshot of the connection. */
  record CodeEvent(int line, String text, ScriptTime time, String code) implements Event {}
}
