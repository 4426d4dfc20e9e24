package io.millrace.filter;

import io.millrace.diag.DropReason;

/** What a {@link PacketFilter} decides, as a number. */
public final class Verdict {
  /** The packet goes on, with whatever the filter has written into it. */
  public static final int ACCEPT = 0;

  /** The frame is the filter's now; the stack does not touch it again. */
  public static final int STEAL = 1;

  /** Dropped, and counted as {@link DropReason#FILTERED}. */
  public static final int DROP = drop(DropReason.FILTERED);

  private static final int FIRST_DROP = 2;
  private static final DropReason[] REASONS = DropReason.values();

  private Verdict() {}

  /** Dropped, and counted for another reason. */
  public static int drop(DropReason reason) {
    return FIRST_DROP + reason.ordinal();
  }

  /** The reason of a verdict that is neither {@link #ACCEPT} nor {@link #STEAL}. */
  public static DropReason reason(int verdict) {
    return REASONS[verdict - FIRST_DROP];
  }
}
