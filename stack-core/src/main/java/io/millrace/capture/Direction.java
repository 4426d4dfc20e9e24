package io.millrace.capture;

/** Which way a captured packet went, as pcapng's packet flags say it. */
public enum Direction {
  /** The file does not say. */
  UNKNOWN(0),
  /** Received. */
  INBOUND(1),
  /** Sent. */
  OUTBOUND(2);

  private final int flags;

  Direction(int flags) {
    this.flags = flags;
  }

  /** The direction of the low two bits of {@code epb_flags}. */
  static Direction ofFlags(int flags) {
    return switch (flags & 3) {
      case 1 -> INBOUND;
      case 2 -> OUTBOUND;
      default -> UNKNOWN;
    };
  }

  /** The low two bits of {@code epb_flags}. */
  int flags() {
    return flags;
  }
}
