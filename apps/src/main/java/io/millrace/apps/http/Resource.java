package io.millrace.apps.http;

import io.millrace.buf.Buffer;

/**
 * Content with its type, and the heads of the responses that carry all of it. <b>Thread:</b> the
 * shard's.
 */
final class Resource {
  /** Bodies up to this size in bytes are sent together with the head, in one piece. */
  private static final int INLINE = 2_048;

  private final String contentType;
  private final Content content;
  private final HeadTemplate persistent;
  private HeadTemplate persistent10;
  private HeadTemplate closing;

  Resource(String contentType, Content content) {
    this.contentType = contentType;
    this.content = content;
    this.persistent = template("");
  }

  private HeadTemplate template(String connection) {
    byte[] body = {};
    if (isInline() && content.size() > 0) {
      Buffer part = content.part(0);
      body = part.toByteArray();
    }
    return HeadTemplate.of(200, fields(content.size()) + connection, body);
  }

  /** The header fields of a response with {@code length} bytes of it. */
  private String fields(long length) {
    return "Content-Type: "
        + contentType
        + "\r\nAccept-Ranges: bytes\r\nContent-Length: "
        + length
        + "\r\n";
  }

  /** Whether the heads carry the body. */
  boolean isInline() {
    return content.size() <= INLINE;
  }

  /** The head for a request of that kind; see RFC 9112 §9.3 for when the connection persists. */
  HeadTemplate head(boolean keepOpen, boolean http10) {
    if (!keepOpen) {
      if (closing == null) {
        closing = template("Connection: close\r\n");
      }
      return closing;
    }
    if (!http10) {
      return persistent;
    }
    if (persistent10 == null) {
      persistent10 = template("Connection: keep-alive\r\n");
    }
    return persistent10;
  }

  /** The head of a response with bytes {@code first} to {@code last} of it (RFC 9110 §15.3.7). */
  HeadTemplate rangeHead(long first, long last, boolean keepOpen, boolean http10) {
    String range = "Content-Range: bytes " + first + "-" + last + "/" + content.size() + "\r\n";
    String connection =
        !keepOpen ? "Connection: close\r\n" : http10 ? "Connection: keep-alive\r\n" : "";
    return HeadTemplate.of(206, fields(last - first + 1) + range + connection, new byte[0]);
  }

  Content content() {
    return content;
  }
}
