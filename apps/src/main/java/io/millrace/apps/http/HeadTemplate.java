package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * The head of a response, made once and sent many times; only the date is patched. A small body
 * stands right behind it. <b>Thread:</b> the shard's.
 */
final class HeadTemplate {
  private static final String DATE = "Date: ";

  private final byte[] bytes;
  private final int headLength;
  private final int dateAt;
  private long dated = Long.MIN_VALUE;

  private HeadTemplate(byte[] bytes, int headLength, int dateAt) {
    this.bytes = bytes;
    this.headLength = headLength;
    this.dateAt = dateAt;
  }

  /**
   * Makes a head.
   *
   * @param status such as 200
   * @param fields whole lines, each with CR LF
   * @param body follows the head in {@link #bytes()}; may be empty
   */
  static HeadTemplate of(int status, String fields, byte[] body) {
    String start =
        "HTTP/1.1 " + status + " " + Status.phrase(status) + "\r\nServer: Millrace\r\n" + DATE;
    String head = start + " ".repeat(HttpDate.LENGTH) + "\r\n" + fields + "\r\n";
    byte[] all = new byte[head.length() + body.length];
    System.arraycopy(head.getBytes(ISO_8859_1), 0, all, 0, head.length());
    System.arraycopy(body, 0, all, head.length(), body.length);
    return new HeadTemplate(all, head.length(), start.length());
  }

  /** Puts the date in, unless it is there already. */
  void date(HttpDate date) {
    if (dated != date.second()) {
      date.copyTo(bytes, dateAt);
      dated = date.second();
    }
  }

  byte[] bytes() {
    return bytes;
  }

  int headLength() {
    return headLength;
  }
}
