package io.millrace.capture;

import java.io.IOException;
import java.io.InputStream;

/**
 * A file's bytes in sequence, buffered, with the position that error messages name and the file's
 * byte order.
 */
final class CaptureInput {
  private final InputStream in;
  private final String name;
  private final byte[] buffer = new byte[1 << 16];
  private final byte[] word = new byte[4];
  private int at;
  private int end;
  private long consumed;
  private boolean bigEndian;

  CaptureInput(InputStream in, String name) {
    this.in = in;
    this.name = name;
  }

  void bigEndian(boolean big) {
    bigEndian = big;
  }

  /** Bytes read so far. */
  long position() {
    return consumed;
  }

  /** Whether there is not one byte more. */
  boolean atEnd() throws IOException {
    if (at < end) {
      return false;
    }
    at = 0;
    end = Math.max(0, in.read(buffer));
    return end == 0;
  }

  /** Reads exactly {@code count} bytes; {@code what} is named if the file ends before. */
  void read(byte[] to, int count, String what) throws IOException {
    read(to, count, what, 0);
  }

  /** The same; {@code number}, if it is not 0, is put behind {@code what}, but only if needed. */
  void read(byte[] to, int count, String what, long number) throws IOException {
    int done = 0;
    while (done < count) {
      if (atEnd()) {
        throw truncated(number == 0 ? what : what + ' ' + number);
      }
      int n = Math.min(count - done, end - at);
      System.arraycopy(buffer, at, to, done, n);
      at += n;
      consumed += n;
      done += n;
    }
  }

  void skip(long count, String what) throws IOException {
    long left = count;
    while (left > 0) {
      if (atEnd()) {
        throw truncated(what);
      }
      int n = (int) Math.min(left, end - at);
      at += n;
      consumed += n;
      left -= n;
    }
  }

  /** The next 4 bytes as an unsigned number in the file's order. */
  long u32(String what) throws IOException {
    read(word, 4, what);
    return u32(word, 0);
  }

  int u16(byte[] bytes, int index) {
    int first = bytes[index] & 0xff;
    int second = bytes[index + 1] & 0xff;
    return bigEndian ? first << 8 | second : second << 8 | first;
  }

  long u32(byte[] bytes, int index) {
    long first = u16(bytes, index);
    long second = u16(bytes, index + 2);
    return bigEndian ? first << 16 | second : second << 16 | first;
  }

  long i64(byte[] bytes, int index) {
    long first = u32(bytes, index);
    long second = u32(bytes, index + 4);
    return bigEndian ? first << 32 | second : second << 32 | first;
  }

  private IOException truncated(String what) {
    return new IOException(
        name + " is truncated: it ends at byte " + consumed + ", inside " + what);
  }

  /** The file cannot be what it says. */
  IOException damaged(long where, String what) {
    return new IOException(name + " is damaged at byte " + where + ": " + what);
  }

  /** The file is whole but not for us. */
  IOException refused(String why) {
    return new IOException(name + " " + why);
  }

  void close() throws IOException {
    in.close();
  }
}
