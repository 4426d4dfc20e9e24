package io.millrace.blocking;

import io.millrace.net.Shard;
import io.millrace.net.ShardThreads;
import io.millrace.net.ShardThreadsProvider;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * The virtual threads that blocking code runs on: those that a shard carries if {@code
 * millrace-shard-threads} is there and the JVM lets it, ordinary ones if not. Blocking calls mean
 * the same on both; on the shard they cost less, and a thread that computes for long should call
 * {@link #maybeYield()} now and then.
 *
 * <p><b>On the shard,</b> a thread that blocks in something that keeps its carrier (a native call,
 * a file, {@code InetAddress.getByName}) blocks the shard, and all its packets with it.
 */
public final class BlockingThreads {
  private static final ShardThreadsProvider PROVIDER =
      ServiceLoader.load(ShardThreadsProvider.class).findFirst().orElse(null);

  private BlockingThreads() {}

  /** Which threads there are. */
  public enum Kind {
    /** Carried by the shard. */
    SHARD,
    /** On the JDK's own scheduler. */
    ORDINARY
  }

  /**
   * Any thread: which threads {@link #start} starts for a shard.
   *
   * @throws RejectedExecutionException if the shard is closed or has too many messages waiting
   */
  public static Kind kind(Shard shard) {
    return threads(shard) instanceof Ordinary ? Kind.ORDINARY : Kind.SHARD;
  }

  /**
   * Any thread: starts a virtual thread for blocking code that uses a shard's connections.
   *
   * @throws RejectedExecutionException if the shard is closed or has too many messages waiting
   */
  public static Thread start(Shard shard, String name, Runnable task) {
    return threads(shard).start(name, task);
  }

  /**
   * Lets the shard go on if the calling thread runs on one and has kept it from its packets for
   * longer than a time slice; does nothing on other threads. For long computations.
   *
   * @return whether it has
   */
  public static boolean maybeYield() {
    ShardThreads current = PROVIDER == null ? null : PROVIDER.current();
    return current != null && current.maybeYield();
  }

  private static ShardThreads threads(Shard shard) {
    if (shard.isOwner()) {
      return here(shard);
    }
    CompletableFuture<ShardThreads> answer = new CompletableFuture<>();
    shard.execute(() -> answer.complete(here(shard)));
    return answer.join();
  }

  /** On the shard. */
  static ShardThreads here(Shard shard) {
    ShardThreads threads = shard.threads();
    if (threads == null) {
      threads = PROVIDER == null ? null : PROVIDER.create(shard);
      if (threads == null) {
        threads = new Ordinary();
      }
      shard.threads(threads);
    }
    return threads;
  }

  /** Threads of the JDK's scheduler. */
  private static final class Ordinary implements ShardThreads {
    @Override
    public Thread start(String name, Runnable task) {
      return Thread.ofVirtual().name(name).start(task);
    }

    @Override
    public boolean isCurrent() {
      return false;
    }

    @Override
    public boolean maybeYield() {
      return false;
    }
  }
}
