package io.millrace.bench.net.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Bytes;
import java.util.Locale;

/**
 * Finds the end of responses of status 200 with a Content-Length, in a stream that arrives in
 * pieces. One server's responses to one request are equally long, so the first one is read field by
 * field, and of those that arrive like it only the status is looked at.
 *
 * <p>One per connection; {@link Known} is shared by the connections to a server.
 */
final class ResponseCounter {
  /** The length of a server's responses, head included; 0 before the first. */
  static final class Known {
    private int length;
  }

  private static final int LONGEST_HEAD = 4_096;

  /** " 200" in the status line, at offset 8. */
  private static final int STATUS_OK = 0x20323030;

  private final Known known;
  private byte[] head;
  private int headLength;
  private long remaining = -1;

  ResponseCounter(Known known) {
    this.known = known;
  }

  /** In front of the next response. */
  void reset() {
    headLength = 0;
    remaining = -1;
  }

  /**
   * Reads on; at most one response may be outstanding.
   *
   * @return 1 if that completes the response, 0 if more is to come, -1 if it is not what was
   *     expected
   */
  int read(long address, int length) {
    if (length == known.length && remaining < 0 && headLength == 0) {
      return Bytes.i32(address + 8) == STATUS_OK ? 1 : -1;
    }
    return readSlowly(address, length);
  }

  private int readSlowly(long address, int length) {
    int at = 0;
    while (remaining < 0 && at < length) {
      if (head == null) {
        head = new byte[LONGEST_HEAD];
      }
      if (headLength == LONGEST_HEAD) {
        return -1;
      }
      head[headLength++] = (byte) Bytes.u8(address + at++);
      if (endsHead() && !parse()) {
        return -1;
      }
    }
    if (remaining < 0) {
      return 0;
    }
    remaining -= length - at;
    if (remaining == 0) {
      reset();
      return 1;
    }
    return remaining > 0 ? 0 : -1;
  }

  private boolean endsHead() {
    int n = headLength;
    return n > 3 && head[n - 1] == '\n' && head[n - 2] == '\r' && head[n - 3] == '\n';
  }

  private boolean parse() {
    String text = new String(head, 0, headLength, ISO_8859_1).toLowerCase(Locale.ROOT);
    String field = "\r\ncontent-length:";
    int from = text.indexOf(field);
    if (!text.startsWith("http/1.1 200 ") || from < 0) {
      return false;
    }
    from += field.length();
    remaining = Long.parseLong(text.substring(from, text.indexOf('\r', from)).strip());
    known.length = (int) Math.min(Integer.MAX_VALUE, headLength + remaining);
    return true;
  }
}
