package io.millrace.apps.http;

import io.millrace.buf.Bytes;

/**
 * Takes the chunked transfer coding (RFC 9112 §7.1) off a body that arrives in pieces. Pure;
 * allocates nothing.
 *
 * <p>Call {@link #read} until it says {@link Result#MORE}; after each call, {@link #consumed()}
 * bytes are done with.
 */
public final class ChunkedDecoder {
  /** What a call found. */
  public enum Result {
    /** All bytes given are used up; more are needed. */
    MORE,
    /** Bytes of the body: {@link #dataAddress()}, {@link #dataLength()}. */
    DATA,
    /** The end of the body; what follows is not part of it. */
    END,
    /** Not the chunked coding. */
    BAD
  }

  private enum State {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER,
    END_LF,
    ENDED
  }

  private static final int MAX_DIGITS = 15;
  private static final int MAX_EXTENSION = 1_024;
  private static final int MAX_TRAILERS = 8_192;

  private State state = State.SIZE;
  private long remaining;
  private int digits;
  private int overhead;
  private int consumed;
  private long dataAddress;
  private int dataLength;

  /** Creates a decoder at the beginning of a body. */
  public ChunkedDecoder() {}

  /** Starts again with another body. */
  public void reset() {
    state = State.SIZE;
    remaining = 0;
    digits = 0;
    overhead = 0;
  }

  /** How many of the bytes given the last call used. */
  public int consumed() {
    return consumed;
  }

  /** Where the data of the last call begins, inside what it was given. */
  public long dataAddress() {
    return dataAddress;
  }

  /** How long the data of the last call is, in bytes. */
  public int dataLength() {
    return dataLength;
  }

  /** Goes on with {@code length} bytes at {@code address}. */
  public Result read(long address, int length) {
    int i = 0;
    while (i < length && state != State.ENDED) {
      if (state == State.DATA) {
        dataAddress = address + i;
        dataLength = (int) Math.min(remaining, length - i);
        remaining -= dataLength;
        if (remaining == 0) {
          state = State.DATA_CR;
        }
        consumed = i + dataLength;
        return Result.DATA;
      }
      if (!step(Bytes.u8(address + i))) {
        consumed = i;
        return Result.BAD;
      }
      i++;
    }
    consumed = i;
    return state == State.ENDED ? Result.END : Result.MORE;
  }

  private boolean step(int c) {
    return switch (state) {
      case SIZE -> size(c);
      case EXTENSION -> extension(c);
      case SIZE_LF -> c == '\n' && sizeDone();
      case DATA_CR -> then(c == '\r', State.DATA_LF);
      case DATA_LF -> {
        digits = 0;
        overhead = 0;
        yield then(c == '\n', State.SIZE);
      }
      case TRAILER_START -> {
        state = c == '\r' ? State.END_LF : State.TRAILER;
        yield c == '\r' || trailer(c);
      }
      case TRAILER -> trailer(c);
      case END_LF -> then(c == '\n', State.ENDED);
      case DATA, ENDED -> throw new AssertionError(state);
    };
  }

  private boolean then(boolean right, State next) {
    state = next;
    return right;
  }

  private boolean size(int c) {
    int digit = Ascii.hex(c);
    if (digit >= 0) {
      remaining = remaining << 4 | digit;
      return ++digits <= MAX_DIGITS;
    }
    if (digits == 0) {
      return false;
    }
    state = c == '\r' ? State.SIZE_LF : State.EXTENSION;
    return c == '\r' || c == ';' || c == ' ' || c == '\t';
  }

  private boolean extension(int c) {
    if (c == '\r') {
      state = State.SIZE_LF;
      return true;
    }
    return c != '\n' && ++overhead <= MAX_EXTENSION;
  }

  private boolean sizeDone() {
    state = remaining == 0 ? State.TRAILER_START : State.DATA;
    overhead = 0;
    return true;
  }

  private boolean trailer(int c) {
    if (c == '\n') {
      state = State.TRAILER_START;
    }
    return ++overhead <= MAX_TRAILERS;
  }
}
