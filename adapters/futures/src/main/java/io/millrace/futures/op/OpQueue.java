package io.millrace.futures.op;

import java.util.function.Consumer;

/**
 * Operations in the order in which they came. Those that were cancelled are left out when the shard
 * comes across them. <b>Thread:</b> the shard's.
 */
final class OpQueue<T extends Op> {
  private final int limit;

  /** Told of an operation that leaves the queue without having been served. */
  private final Consumer<T> leaver;

  private T first;
  private T last;
  private int size;

  OpQueue(int limit, Consumer<T> leaver) {
    this.limit = limit;
    this.leaver = leaver;
  }

  /** Adds an operation, or fails it if too many wait. */
  void add(T op) {
    if (size >= limit) {
      sweep(Long.MIN_VALUE);
      if (size >= limit) {
        leaver.accept(op);
        op.fail(Failure.tooMany(limit));
        return;
      }
    }
    addBeyondLimit(op);
  }

  /** Adds an operation of which there is at most one or two. */
  void addBeyondLimit(T op) {
    op.start();
    op.next = null;
    append(op);
  }

  /** The first one that is still wanted, or null. */
  T first() {
    T op;
    while ((op = first) != null && !op.isWaiting() && !op.isTakenUp()) {
      removeFirst();
      leaver.accept(op);
    }
    return op;
  }

  @SuppressWarnings("unchecked") // only T are added
  private T after(T op) {
    return (T) op.next;
  }

  void removeFirst() {
    T op = first;
    first = after(op);
    if (first == null) {
      last = null;
    }
    op.next = null;
    size--;
  }

  boolean isEmpty() {
    return first() == null;
  }

  /**
   * Ends those whose time is over at {@code now}, drops those that were cancelled, and returns the
   * earliest deadline that is left.
   */
  long sweep(long now) {
    long earliest = Long.MAX_VALUE;
    T op = first;
    first = null;
    last = null;
    size = 0;
    T expired = null;
    T expiredLast = null;
    while (op != null) {
      T after = after(op);
      op.next = null;
      boolean late = op.deadline <= now && op.isWaiting();
      if (late || (!op.isWaiting() && !op.isTakenUp())) {
        leaver.accept(op);
        if (late && expired == null) {
          expired = op;
        } else if (late) {
          expiredLast.next = op;
        }
        expiredLast = late ? op : expiredLast;
      } else {
        earliest = Math.min(earliest, op.isWaiting() ? op.deadline : Long.MAX_VALUE);
        append(op);
      }
      op = after;
    }
    end(expired, Failure.TIMEOUT);
    return earliest;
  }

  private void append(T op) {
    if (last == null) {
      first = op;
    } else {
      last.next = op;
    }
    last = op;
    size++;
  }

  /** Ends all of them. */
  void failAll(Failure why) {
    T list = first;
    first = null;
    last = null;
    size = 0;
    for (T op = list; op != null; op = after(op)) {
      leaver.accept(op);
    }
    end(list, why);
  }

  /** Ends all of them well. */
  void succeedAll() {
    T op;
    while ((op = first()) != null) {
      removeFirst();
      if (op.claim()) {
        op.succeed();
      }
    }
  }

  /** Whoever waits may call back, so the queue is left in order before. */
  private void end(T list, Failure why) {
    T op = list;
    while (op != null) {
      T after = after(op);
      op.next = null;
      if (op.isTakenUp()) {
        op.finish(why);
      } else {
        op.fail(why);
      }
      op = after;
    }
  }
}
