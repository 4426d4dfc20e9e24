package io.millrace.futures.op;

/**
 * Closes our side behind everything that was written before. The shard claims it at once: it cannot
 * be taken back, because what is written later is refused from then on.
 */
public final class ShutdownOp extends WriteOp {
  /** Creates an operation. */
  public ShutdownOp(Stream stream, Waiter waiter) {
    super(stream, waiter);
  }

  @Override
  public void run() {
    stream.shutdownOutput(this);
  }
}
