package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A body that a client sends, of which only length and SHA-256 are kept. */
final class Upload {
  /** Tells a client that waits for it to go on (RFC 9110 §10.1.1). */
  static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1);

  private final MessageDigest digest = newDigest();
  private long length;

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  void add(long address, int count) {
    digest.update(Bytes.segment(address, count).asByteBuffer());
    length += count;
  }

  /** What is said about it; the last call. */
  Reply receipt() {
    return Reply.text(HexFormat.of().formatHex(digest.digest()) + " " + length + "\n");
  }
}
