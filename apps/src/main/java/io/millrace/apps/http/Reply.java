package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * A response that is made for one request: errors, redirects, statistics, receipts.
 *
 * @param status the status code
 * @param contentType of the body
 * @param fields further header fields, whole lines with CR LF
 * @param body the text
 */
record Reply(int status, String contentType, String fields, String body) {
  private static final String TEXT = "text/plain; charset=utf-8";

  static Reply text(String body) {
    return new Reply(200, TEXT, "", body);
  }

  static Reply json(String body) {
    return new Reply(200, "application/json", "", body);
  }

  static Reply error(int status, String fields) {
    return new Reply(status, TEXT, fields, status + " " + Status.phrase(status) + "\n");
  }

  /** The bytes of the head. */
  HeadTemplate head(boolean keepOpen, boolean http10, boolean withBody) {
    byte[] bytes = body.getBytes(UTF_8);
    String connection =
        !keepOpen ? "Connection: close\r\n" : http10 ? "Connection: keep-alive\r\n" : "";
    return HeadTemplate.of(
        status,
        "Content-Type: "
            + contentType
            + "\r\nContent-Length: "
            + bytes.length
            + "\r\n"
            + fields
            + connection,
        withBody ? bytes : new byte[0]);
  }
}
