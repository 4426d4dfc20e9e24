package io.millrace.filter;

import io.millrace.buf.Frame;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/**
 * The places on one shard where its {@link PacketFilter} is asked, for the families of IP. They
 * call only where {@link Shard#filter()} is not null, so that no filter costs a comparison.
 *
 * <p>Every method says whether the frame is gone: taken by the filter, or dropped and counted.
 * <b>Thread:</b> the shard's.
 */
public final class FilterHooks {
  private final Shard shard;

  /** The hooks of a shard. */
  public FilterHooks(Shard shard) {
    this.shard = shard;
  }

  /** At one of {@link Hook}; {@code at} is as {@link PacketFilter#filter} says. */
  public boolean filtered(Frame frame, NetInterface at, int hook, long now) {
    int verdict = shard.filter().filter(frame, at, hook, now);
    if (verdict == Verdict.ACCEPT) {
      return false;
    }
    if (verdict != Verdict.STEAL) {
      shard.counters().drop(Verdict.reason(verdict));
      frame.release();
    }
    return true;
  }

  /** What has just been received; nothing is asked for twice. */
  public boolean filteredFirst(Frame frame, NetInterface from, long now) {
    return !frame.has(Frame.INJECTED | Frame.HANDED_OVER)
        && filtered(frame, from, Hook.PRE_ROUTING, now);
  }

  /** What is for us, and whole. */
  public boolean filteredIn(Frame frame, NetInterface from, long now) {
    return !frame.has(Frame.HANDED_OVER) && filtered(frame, from, Hook.LOCAL_IN, now);
  }

  /** A datagram or fragment of ours, whose window starts at its header. */
  public boolean filteredOut(Frame frame, NetInterface through, long now) {
    return filtered(frame, through, Hook.LOCAL_OUT, now)
        || (shard.filter() != null && filtered(frame, through, Hook.POST_ROUTING, now));
  }
}
