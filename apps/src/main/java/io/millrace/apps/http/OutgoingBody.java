package io.millrace.apps.http;

import io.millrace.buf.Buffer;
import io.millrace.tcp.TcpConnection;

/** The body of a response on its way to TCP, by reference, slice by slice. */
final class OutgoingBody {
  /** How a call of {@link #pump} ended. */
  enum Outcome {
    /** All of it is with TCP. */
    DONE,
    /** TCP is full: go on when it is writable. */
    BLOCKED,
    /** The file behind it is not there any more as it was: the response cannot be completed. */
    GONE
  }

  /** The most bytes handed to TCP at once. */
  private static final int SLICE = 256 << 10;

  private final HttpShard server;
  private Content content;
  private long at;
  private long end;

  OutgoingBody(HttpShard server) {
    this.server = server;
  }

  /** Bytes [from, to) of {@code content} are to be sent. */
  void begin(Content of, long from, long to) {
    of.retain();
    content = of;
    at = from;
    end = to;
  }

  /** Where it is in the content. */
  long at() {
    return at;
  }

  /** Hands it to TCP until it is full. */
  Outcome pump(TcpConnection to) {
    while (content != null && at != end) {
      // Looked at once per slice: reading a mapped file behind its end would fault.
      if (content.hasShrunk()) {
        return Outcome.GONE;
      }
      Buffer part = content.part(at);
      int offset = content.offsetInPart(at);
      int n = (int) Math.min(Math.min(SLICE, part.length() - offset), end - at);
      at += n;
      server.sent(n);
      if (!to.send(part, offset, n)) {
        return Outcome.BLOCKED;
      }
    }
    close();
    return Outcome.DONE;
  }

  /** Lets go of what is left. */
  void close() {
    if (content != null) {
      content.release();
      content = null;
    }
  }
}
