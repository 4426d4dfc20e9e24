package io.millrace.futures.op;

/** Waits for its turn behind what was written before. */
public abstract sealed class WriteOp extends StreamOp permits WriteBytes, FlushOp, ShutdownOp {
  WriteOp(Stream stream, Waiter waiter) {
    super(stream, waiter);
  }

  @Override
  public void run() {
    stream.write(this);
  }
}
