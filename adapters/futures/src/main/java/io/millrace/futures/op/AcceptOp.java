package io.millrace.futures.op;

import io.millrace.net.Shard;

/** Waits for a connection of a listener. */
public final class AcceptOp extends Op {
  private final AcceptQueue queue;
  private Stream stream;

  /** Creates an operation. */
  public AcceptOp(AcceptQueue queue, Waiter waiter) {
    super(waiter);
    this.queue = queue;
  }

  @Override
  public Shard shard() {
    return queue.shard();
  }

  @Override
  public String subject() {
    return queue.toString();
  }

  /** The connection that came. */
  public Stream stream() {
    return stream;
  }

  @Override
  public void run() {
    queue.accept(this);
  }

  void succeed(Stream accepted) {
    stream = accepted;
    succeed();
  }
}
