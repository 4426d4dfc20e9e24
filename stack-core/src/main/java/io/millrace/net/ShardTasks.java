package io.millrace.net;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;

/**
 * What a shard has to do besides packets and timers: messages of other threads, what it has put off
 * itself, and what is to be done when it closes. <b>Thread:</b> the shard's, but for what says
 * otherwise.
 */
final class ShardTasks {
  private static final int MESSAGES_PER_CYCLE = 64;

  private final Shard shard;
  private final int limit;
  private final Mailbox mailbox;
  private final ArrayDeque<Runnable> postponed = new ArrayDeque<>();
  private final Set<Runnable> closeTasks = new LinkedHashSet<>();

  /**
   * Makes an empty one.
   *
   * @param limit messages that may wait, and tasks that may be put off
   */
  ShardTasks(Shard shard, int limit) {
    this.shard = shard;
    this.limit = limit;
    this.mailbox = new Mailbox(limit);
  }

  // ---- messages ----

  /** Any thread: leaves a message; see {@link Shard#execute}. */
  void submit(Runnable message) {
    if (!mailbox.offer(message)) {
      throw new RejectedExecutionException(
          mailbox.isClosed()
              ? "shard " + shard.index() + " is closed"
              : "shard " + shard.index() + " has " + limit + " messages waiting; try again later");
    }
  }

  /** Any thread: leaves a message that means nothing, if there is room. */
  void nudge() {
    mailbox.offer(() -> {});
  }

  /** Runs a bounded number of messages; returns how many. */
  int runMessages() {
    int n = 0;
    Runnable message;
    while (n < MESSAGES_PER_CYCLE && (message = mailbox.poll()) != null) {
      n++;
      run(message);
    }
    return n;
  }

  /** Runs a message. */
  void run(Runnable message) {
    try {
      message.run();
    } catch (RuntimeException | Error e) {
      shard.report("a message", e);
    }
  }

  boolean hasMessages() {
    return !mailbox.isEmpty();
  }

  // ---- what is put off ----

  /** See {@link Shard#later}. */
  void postpone(Runnable task) {
    if (postponed.size() >= limit) {
      throw new RejectedExecutionException(
          "shard " + shard.index() + " has put off " + postponed.size() + " tasks already");
    }
    postponed.add(task);
  }

  /** Runs what was put off before now, not what that puts off again; returns how much it was. */
  int runPostponed() {
    int n = postponed.size();
    for (int i = 0; i < n; i++) {
      run(postponed.remove());
    }
    return n;
  }

  boolean hasPostponed() {
    return !postponed.isEmpty();
  }

  // ---- the end ----

  /** See {@link Shard#onClose}. */
  void onClose(Runnable task) {
    closeTasks.add(task);
  }

  /** See {@link Shard#removeOnClose}. */
  void removeOnClose(Runnable task) {
    closeTasks.remove(task);
  }

  /** Takes no more messages. */
  void close() {
    mailbox.close();
  }

  /** Any thread. */
  boolean isClosed() {
    return mailbox.isClosed();
  }

  /** Runs all messages that were accepted. */
  void runAllMessages() {
    while (runMessages() != 0) {
      // A task may bring others about; the mailbox takes no new ones.
    }
  }

  void runCloseTasks() {
    for (Runnable task : List.copyOf(closeTasks)) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        shard.report("closing", e);
      }
    }
  }
}
