package io.millrace.tcp.engine;

/**
 * The connections in TIME-WAIT in the order in which they end: all wait equally long, so it is the
 * order of entry.
 */
public final class TimeWaitList {
  private TimeWait first;
  private TimeWait last;
  private int size;

  /** Creates an empty list. */
  public TimeWaitList() {}

  /** The number of connections. */
  public int size() {
    return size;
  }

  /** The one that ends first, or null. */
  public TimeWait first() {
    return first;
  }

  /** Adds one that ends last. */
  public void add(TimeWait entry, long deadline) {
    entry.deadline(deadline);
    entry.previous = last;
    entry.next = null;
    if (last == null) {
      first = entry;
    } else {
      last.next = entry;
    }
    last = entry;
    size++;
  }

  /** Takes one out. */
  public void remove(TimeWait entry) {
    if (entry.previous == null) {
      first = entry.next;
    } else {
      entry.previous.next = entry.next;
    }
    if (entry.next == null) {
      last = entry.previous;
    } else {
      entry.next.previous = entry.previous;
    }
    entry.previous = null;
    entry.next = null;
    size--;
  }
}
