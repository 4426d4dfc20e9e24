package io.millrace.net;

import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;

/**
 * Tasks for a shard from other threads: bounded, many writers, one reader.
 *
 * <p>Writers never block: a full mailbox refuses.
 */
final class Mailbox {
  private final ManyToOneConcurrentArrayQueue<Runnable> queue;

  Mailbox(int capacity) {
    queue = new ManyToOneConcurrentArrayQueue<>(capacity);
  }

  /** Any thread: adds a task; false if the mailbox is full. */
  boolean offer(Runnable task) {
    return queue.offer(task);
  }

  /** The shard: the next task, or null. */
  Runnable poll() {
    return queue.poll();
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }
}
