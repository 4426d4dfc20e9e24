package io.millrace.futures.op;

import io.millrace.futures.StreamConfig;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpListener;
import io.millrace.transport.ListenConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A port that all shards of a stack listen on. Any thread may call. */
public final class ListenerGroup {
  private record Part(Shard shard, TcpListener listener) {}

  private final List<Part> parts;

  private ListenerGroup(List<Part> parts) {
    this.parts = parts;
  }

  /**
   * Listens on every shard.
   *
   * @param accepted given each new connection, on the connection's shard
   * @return completes when all shards listen; fails if one cannot, and then none does
   */
  public static CompletableFuture<ListenerGroup> start(
      NetStack stack, ListenConfig where, Consumer<Stream> accepted) {
    List<CompletableFuture<Part>> begun = new ArrayList<>();
    for (int i = 0; i < stack.shardCount(); i++) {
      Shard shard = stack.shard(i);
      CompletableFuture<Part> part = new CompletableFuture<>();
      Calls.surely(shard, () -> start(shard, where, accepted, part));
      if (shard.isClosed()) {
        part.completeExceptionally(new IllegalStateException("the stack is closed"));
      }
      begun.add(part);
    }
    return CompletableFuture.allOf(begun.toArray(CompletableFuture[]::new))
        .handle((ignored, failure) -> together(begun, failure));
  }

  private static void start(
      Shard shard, ListenConfig where, Consumer<Stream> accepted, CompletableFuture<Part> part) {
    try {
      StreamConfig config = shard.setting(StreamConfig.class, StreamConfig.defaults());
      TcpListener listener =
          Tcp.of(shard)
              .listen(
                  where,
                  c -> {
                    Stream stream = Stream.accepted(shard, config, c);
                    accepted.accept(stream);
                    return stream;
                  });
      part.complete(new Part(shard, listener));
    } catch (RuntimeException e) {
      part.completeExceptionally(e);
    }
  }

  private static ListenerGroup together(List<CompletableFuture<Part>> begun, Throwable failure) {
    List<Part> parts =
        begun.stream()
            .filter(each -> !each.isCompletedExceptionally())
            .map(CompletableFuture::join)
            .toList();
    ListenerGroup listening = new ListenerGroup(parts);
    if (failure != null) {
      listening.stop();
      throw failure instanceof java.util.concurrent.CompletionException e
          ? e
          : new java.util.concurrent.CompletionException(failure);
    }
    return listening;
  }

  /** No new connections from now on; those accepted live on. */
  public void stop() {
    for (Part part : parts) {
      Calls.surely(part.shard, part.listener::stopAccepting);
    }
  }
}
