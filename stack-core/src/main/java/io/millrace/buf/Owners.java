package io.millrace.buf;

import java.util.Set;

/**
 * What the checks know about who had a buffer, for the messages of tests that give one back twice
 * or not at all.
 *
 * <p>{@code -Dmillrace.checks=true} poisons what is given back and lists what is not. Remembering
 * where every buffer was taken and given back costs a stack trace each, so it has a switch of its
 * own: {@code -Dmillrace.checks.owners=true}. Without them both nothing is done.
 */
final class Owners {
  static final boolean TRACED = Boolean.getBoolean("millrace.checks.owners");
  static final boolean CHECKS = TRACED || Boolean.getBoolean("millrace.checks");

  private static final int SHOWN = 6;

  /** Calls that every trace begins with. */
  private static final Set<String> OUR_OWN =
      Set.of(Buffer.class.getName(), Frame.class.getName(), FramePool.class.getName());

  private Owners() {}

  /** Where a buffer was taken or given back last, and where before that. */
  static final class Trace extends Throwable {
    private static final long serialVersionUID = 1L;

    Trace(String what, Trace before) {
      super(what);
      // One step back is enough, and a longer chain would grow for ever.
      if (before != null && before.getCause() == null) {
        initCause(before);
      }
    }

    /** The stack in one line, innermost call first. */
    String inShort() {
      StringBuilder text = new StringBuilder(getMessage());
      StackTraceElement[] stack = getStackTrace();
      for (int i = 0, shown = 0; i < stack.length && shown < SHOWN; i++) {
        if (!OUR_OWN.contains(stack[i].getClassName())) {
          text.append(shown++ == 0 ? ": " : " < ").append(stack[i]);
        }
      }
      return text.toString();
    }
  }

  static IllegalStateException tooLate(String call, Buffer buffer) {
    String message = call + " on a buffer that was already released";
    if (!TRACED) {
      return new IllegalStateException(
          message + "; -Dmillrace.checks.owners=true makes this say by whom");
    }
    return new IllegalStateException(message, buffer.trace);
  }
}
