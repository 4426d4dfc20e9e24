package io.millrace.tcp;

import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.transport.ListenConfig;
import io.millrace.transport.Listening;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** One definition of a listener on all shards of a stack. Any thread. */
final class TcpListening implements Listening {
  private final NetStack stack;
  private final ListenConfig config;
  private final TcpListener[] listeners;

  private TcpListening(NetStack stack, ListenConfig config) {
    this.stack = stack;
    this.config = config;
    this.listeners = new TcpListener[stack.shardCount()];
  }

  /** Listens on all shards, or on none and throws why. */
  static TcpListening open(NetStack stack, ListenConfig config, TcpAcceptor acceptor) {
    TcpListening listening = new TcpListening(stack, config);
    try {
      listening.onAll(
          shard -> listening.listeners[shard.index()] = Tcp.of(shard).listen(config, acceptor));
    } catch (RuntimeException e) {
      listening.stopAccepting();
      throw e;
    }
    return listening;
  }

  /**
   * Runs an action on every shard, one after the other, and waits for it unless it is on a shard.
   */
  private void onAll(Consumer<Shard> action) {
    boolean onShard = false;
    for (int i = 0; i < stack.shardCount(); i++) {
      onShard |= stack.shard(i).isOwner();
    }
    for (int i = 0; i < stack.shardCount(); i++) {
      Shard shard = stack.shard(i);
      CompletableFuture<Void> done = new CompletableFuture<>();
      shard.execute(
          () -> {
            try {
              action.accept(shard);
              done.complete(null);
            } catch (RuntimeException e) {
              done.completeExceptionally(e);
            }
          });
      if (!onShard || done.isDone()) {
        await(done);
      }
    }
  }

  private static void await(CompletableFuture<Void> done) {
    try {
      done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  @Override
  public ListenConfig config() {
    return config;
  }

  @Override
  public void stopAccepting() {
    onAll(
        shard -> {
          TcpListener listener = listeners[shard.index()];
          if (listener != null) {
            listener.stopAccepting();
          }
        });
  }

  @Override
  public long accepted(int shard) {
    TcpListener listener = listeners[shard];
    return listener == null ? 0 : listener.accepted();
  }

  @Override
  public long accepted() {
    long sum = 0;
    for (int i = 0; i < listeners.length; i++) {
      sum += accepted(i);
    }
    return sum;
  }
}
