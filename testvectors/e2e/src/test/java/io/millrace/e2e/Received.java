package io.millrace.e2e;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;

/** Copies of what was lent. */
final class Received {
  private Received() {}

  static byte[] bytes(Buffer data) {
    byte[] copy = new byte[data.length()];
    Bytes.copyOut(data.address(), copy, 0, copy.length);
    return copy;
  }
}
