package io.millrace.apps.http;

import io.millrace.net.Shard;
import io.millrace.net.ShardMode;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Brings mapped files into memory on a thread of its own, so that the shard's seldom waits for the
 * disk. Best effort: what finds no place in the queue is read when it is sent.
 */
final class ReadAhead {
  private static final int MOST_WAITING = 256;

  /** Files of which only the beginning is brought in: the rest would push out others. */
  private static final long MOST_BYTES = 256L << 20;

  private static final long KEEP_ALIVE_SECONDS = 5;
  private static final int TRIES = 1_000;

  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          KEEP_ALIVE_SECONDS,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          Thread.ofPlatform().daemon().name("millrace-read-ahead").factory());

  ReadAhead() {
    // It goes away when there is nothing to do: nobody has to stop it.
    thread.allowCoreThreadTimeOut(true);
  }

  /** Brings in {@code content}, which is held meanwhile. On the shard's thread. */
  void start(Content content, Shard shard) {
    if (shard.config().mode() == ShardMode.DRIVEN) {
      return; // no thread of its own that could take the content back
    }
    content.retain();
    try {
      thread.execute(() -> load(content, shard));
    } catch (RejectedExecutionException e) {
      content.release();
    }
  }

  private static void load(Content content, Shard shard) {
    try {
      var first = content.beginning();
      first.asSlice(0, Math.min(first.byteSize(), MOST_BYTES)).load();
    } catch (InternalError e) {
      // The JVM's word for a file that was cut short meanwhile; who sends it finds out, too.
    } finally {
      giveBack(content, shard);
    }
  }

  /** If the shard takes no messages for so long, it is closed, and the process ends. */
  private static void giveBack(Content content, Shard shard) {
    for (int i = 0; i < TRIES; i++) {
      try {
        shard.execute(content::release);
        return;
      } catch (RejectedExecutionException e) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }
}
