package io.millrace.apps.http;

/**
 * Finds the bytes of a message's body in what arrives in pieces (RFC 9112 §6). Pure; allocates
 * nothing.
 *
 * <p>Begin with one of {@link #beginLength}, {@link #beginChunked}, {@link #beginUntilClose}, then
 * call {@link #read} with what is left of a piece; after each call, {@link #consumed()} bytes are
 * done with.
 */
final class BodyReader {
  private final ChunkedDecoder chunks = new ChunkedDecoder();
  private boolean chunked;
  private long remaining;
  private int consumed;
  private long address;
  private int length;

  /** A body of so many bytes. */
  void beginLength(long bytes) {
    chunked = false;
    remaining = bytes;
  }

  /** A body in chunks. */
  void beginChunked() {
    chunked = true;
    chunks.reset();
  }

  /** A body that only the end of the connection ends. */
  void beginUntilClose() {
    beginLength(Long.MAX_VALUE);
  }

  /** How many of the bytes given the last call used. */
  int consumed() {
    return consumed;
  }

  /** Where the body's bytes of the last call begin, inside what it was given. */
  long address() {
    return address;
  }

  /** How many they are. */
  int length() {
    return length;
  }

  /** Goes on with {@code count} bytes at {@code at}. */
  ChunkedDecoder.Result read(long at, int count) {
    if (chunked) {
      ChunkedDecoder.Result result = chunks.read(at, count);
      consumed = chunks.consumed();
      address = chunks.dataAddress();
      length = chunks.dataLength();
      return result;
    }
    consumed = (int) Math.min(count, remaining);
    if (remaining == 0) {
      return ChunkedDecoder.Result.END;
    }
    remaining -= consumed;
    address = at;
    length = consumed;
    return consumed == 0 ? ChunkedDecoder.Result.MORE : ChunkedDecoder.Result.DATA;
  }
}
