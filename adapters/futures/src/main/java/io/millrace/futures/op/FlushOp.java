package io.millrace.futures.op;

/** Waits until the peer has acknowledged everything that was written before. */
public final class FlushOp extends WriteOp {
  /** How many bytes of the stream must be acknowledged. */
  long target;

  /** Creates an operation. */
  public FlushOp(Stream stream, Waiter waiter) {
    super(stream, waiter);
  }
}
