package io.millrace.ip;

import io.millrace.time.TimerNode;
import io.millrace.time.TimerWheel;
import java.time.Duration;

/**
 * What one family has learned of paths that take less than their first link, each for ten minutes
 * (RFC 1191 §6.3, RFC 8201 §4). There are never more than {@value #MOST} of them: when one more is
 * learned the oldest is forgotten, and learned again when it matters. So whoever makes up messages
 * about what we send to him, under however many addresses, takes no more memory than that.
 *
 * <p><b>Thread:</b> the shard's.
 */
public final class NarrowPaths {
  /** The most paths that are remembered, per family and shard: a power of two. */
  public static final int MOST = 4_096;

  private static final long TIMEOUT = Duration.ofMinutes(10).toNanos();

  private final TimerWheel wheel;

  /** A ring in the order of learning; null as long as nothing has been learned. */
  private Entry[] ring;

  private int next;

  /** Creates an empty memory. */
  public NarrowPaths(TimerWheel wheel) {
    this.wheel = wheel;
  }

  /** One path. */
  public abstract static class Entry extends TimerNode {
    /** Creates an entry that is not remembered yet. */
    protected Entry() {}

    /** The path is thought to take what its first link takes. */
    protected abstract void forget();

    @Override
    protected final void onTimer(long now) {
      forget();
    }
  }

  /** Something has been learned of a path, or learned again. */
  public void learned(Entry entry, long now) {
    if (!entry.isScheduled()) {
      remember(entry);
    }
    wheel.schedule(entry, now + TIMEOUT);
  }

  private void remember(Entry entry) {
    if (ring == null) {
      ring = new Entry[MOST];
    }
    Entry oldest = ring[next];
    if (oldest != null && oldest.isScheduled()) {
      wheel.cancel(oldest);
      oldest.forget();
    }
    ring[next] = entry;
    next = (next + 1) & (MOST - 1);
  }
}
