package io.millrace.futures.op;

/** Waits for bytes of the peer. */
public abstract class ReadOp extends StreamOp {
  ReadOp(Stream stream, Waiter waiter) {
    super(stream, waiter);
  }

  @Override
  public final void run() {
    stream.read(this);
  }

  /**
   * Whether there is what it waits for, with at least one byte in {@code in}. May take some out.
   */
  abstract boolean isSatisfiedBy(InputQueue in);

  /** Takes it, claimed. */
  abstract void take(InputQueue in);

  /** The peer has closed its side and nothing is left: ends the claimed operation. */
  abstract void end();

  /** It is not wanted any more: gives back what it has taken out. */
  void giveBack(InputQueue in) {}
}
