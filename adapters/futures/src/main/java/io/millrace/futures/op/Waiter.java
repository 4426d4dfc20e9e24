package io.millrace.futures.op;

/** Who waits for an operation. */
public interface Waiter {
  /** The operation is done, well or not. Called once, on the shard's thread. */
  void completed(Op op);
}
