package io.millrace.futures.op;

import io.millrace.net.Shard;

/** An operation on a stream. */
abstract class StreamOp extends Op {
  final Stream stream;

  StreamOp(Stream stream, Waiter waiter) {
    super(waiter);
    this.stream = stream;
  }

  @Override
  public final Shard shard() {
    return stream.shard();
  }

  @Override
  public final String subject() {
    return stream.toString();
  }
}
