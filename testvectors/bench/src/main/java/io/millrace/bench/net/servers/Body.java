package io.millrace.bench.net.servers;

import java.util.Arrays;

/** The body that every server sends. */
public final class Body {
  private Body() {}

  /** A body of {@code size} bytes of text. */
  public static byte[] of(int size) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) 'm');
    return bytes;
  }
}
