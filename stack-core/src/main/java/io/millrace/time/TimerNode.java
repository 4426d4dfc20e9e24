package io.millrace.time;

/**
 * Something that wants to be woken once, at or after a deadline. Intrusive: the wheel allocates
 * nothing.
 *
 * <p>A node sits in at most one wheel. <b>Thread:</b> the shard's.
 */
public abstract class TimerNode {
  TimerNode wheelNext;
  TimerNode wheelPrevious;
  long wheelDeadline;
  int wheelSlot = -1;

  /** Creates a node that is not scheduled. */
  protected TimerNode() {}

  /**
   * Called by the wheel once, when the deadline has passed; the node is out of the wheel and may be
   * scheduled again.
   */
  protected abstract void onTimer(long now);

  /** Whether the node is in a wheel. */
  public final boolean isScheduled() {
    return wheelSlot >= 0;
  }

  /** The deadline that the node was last scheduled for; meaningful while {@link #isScheduled()}. */
  public final long scheduledDeadline() {
    return wheelDeadline;
  }
}
