package io.millrace.net;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;

/**
 * Tasks for a shard from other threads: bounded, many writers, one reader.
 *
 * <p>Writers never block: a full or closed mailbox refuses. What was accepted is read, also after
 * closing; no task is lost without its writer being told.
 */
@SuppressWarnings("ReferenceEquality") // a task that came too late is found by identity
final class Mailbox {
  private final ManyToOneConcurrentArrayQueue<Runnable> queue;
  private volatile boolean closed;

  /** Whether the reader, after closing, has seen that there is nothing left and will not return. */
  private boolean abandoned;

  /** Tasks that came too late and whose writers have not noticed yet. */
  private final List<Runnable> late = new ArrayList<>();

  Mailbox(int capacity) {
    queue = new ManyToOneConcurrentArrayQueue<>(capacity);
  }

  /** Any thread: adds a task; false if the mailbox is full or closed. */
  boolean offer(Runnable task) {
    if (closed || !queue.offer(task)) {
      return false;
    }
    // It may have been closed in between, and abandoned before this task was in it.
    return !closed || !isLate(task);
  }

  private synchronized boolean isLate(Runnable task) {
    if (!abandoned) {
      return false;
    }
    Runnable left;
    while ((left = next()) != null) {
      late.add(left);
    }
    return late.removeIf(each -> each == task);
  }

  /** The shard: the next task, or null. */
  Runnable poll() {
    return closed ? pollLast() : queue.poll();
  }

  private synchronized Runnable pollLast() {
    Runnable task = next();
    abandoned = task == null;
    return task;
  }

  /**
   * The next task; null only if there is none, not if its writer has only claimed the place yet.
   */
  private Runnable next() {
    Runnable task;
    while ((task = queue.poll()) == null && !queue.isEmpty()) {
      Thread.onSpinWait();
    }
    return task;
  }

  /** The shard: takes no more; it polls until there is nothing left. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }
}
