package io.millrace.testkit.script;

import io.millrace.testkit.packet.Decoded;
import java.util.List;

/**
 * What the stack sent: one frame, or consecutive segments that the script writes as one.
 *
 * @param frames the frames, at least one
 * @param firstNanos when the first was sent
 * @param lastNanos when the last was sent
 */
record Sent(List<Decoded> frames, long firstNanos, long lastNanos) {
  Sent {
    frames = List.copyOf(frames);
  }

  Decoded first() {
    return frames.getFirst();
  }

  /** The payload of all. */
  int length() {
    return frames.stream().mapToInt(frame -> frame.payload().length).sum();
  }

  /** The flags of all. */
  String flags() {
    StringBuilder all = new StringBuilder();
    for (Decoded frame : frames) {
      for (int i = 0; i < frame.flags().length(); i++) {
        char flag = frame.flags().charAt(i);
        if (all.indexOf(String.valueOf(flag)) < 0) {
          all.append(flag);
        }
      }
    }
    return all.toString();
  }
}
