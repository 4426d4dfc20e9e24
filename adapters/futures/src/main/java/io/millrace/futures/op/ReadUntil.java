package io.millrace.futures.op;

import java.util.Arrays;

/** Collects bytes up to a number or a delimiter, and gives them back if that does not come. */
public final class ReadUntil extends ReadOp {
  private final int most;
  private final boolean delimited;
  private final byte delimiter;
  private byte[] bytes;
  private int size;
  private boolean tooLong;

  private ReadUntil(Stream stream, Waiter waiter, int most, boolean delimited, byte delimiter) {
    super(stream, waiter);
    this.most = most;
    this.delimited = delimited;
    this.delimiter = delimiter;
    this.bytes = new byte[delimited ? Math.min(most, 256) : Math.min(most, 64 * 1024)];
  }

  /** Reads exactly {@code length} bytes. */
  public static ReadUntil length(Stream stream, Waiter waiter, int length) {
    return new ReadUntil(stream, waiter, length, false, (byte) 0);
  }

  /** Reads up to and including a delimiter, which must be among the first {@code most} bytes. */
  public static ReadUntil delimiter(Stream stream, Waiter waiter, byte delimiter, int most) {
    return new ReadUntil(stream, waiter, most, true, delimiter);
  }

  /** What was read. */
  public byte[] bytes() {
    return bytes;
  }

  @Override
  boolean isSatisfiedBy(InputQueue in) {
    boolean found = false;
    while (!found && size < most && !in.isEmpty()) {
      int wanted = in.pieceLength();
      if (delimited) {
        int n = in.find(delimiter);
        found = n > 0 && n <= most - size;
        wanted = n > 0 ? n : wanted;
      }
      wanted = Math.min(wanted, most - size);
      ensure(size + wanted);
      size += in.read(bytes, size, wanted);
    }
    tooLong = delimited && !found && size == most;
    return found || size == most;
  }

  private void ensure(int capacity) {
    if (capacity > bytes.length) {
      long doubled = Math.min(most, 2L * bytes.length);
      bytes = Arrays.copyOf(bytes, (int) Math.max(capacity, doubled));
    }
  }

  @Override
  void take(InputQueue in) {
    if (tooLong) {
      giveBack(in);
    } else if (bytes.length != size) {
      bytes = Arrays.copyOf(bytes, size);
    }
  }

  /** Why it could not be had although enough bytes came, or null. */
  Failure refusal() {
    return tooLong ? Failure.other("no delimiter in the first " + most + " bytes") : null;
  }

  @Override
  void giveBack(InputQueue in) {
    in.giveBack(bytes, size);
    size = 0;
  }

  @Override
  protected void cancelled() {
    // What it has collected is for those that wait behind it.
    Calls.surely(shard(), stream::serveReaders);
  }

  @Override
  void end() {
    finish(Failure.END);
  }
}
