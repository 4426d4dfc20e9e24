package io.millrace.apps.http;

import io.millrace.buf.Bytes;

/**
 * The head of one HTTP/1.1 request (RFC 9112 §2.1), parsed in place: names and values stay where
 * they arrived.
 *
 * <p>Reused for every request of a connection; what it says is valid until the next one is parsed.
 * Allocates nothing.
 */
final class RequestHead {
  /** The most bytes a head may have. */
  static final int MAX_SIZE = 16_384;

  /**
   * The most bytes a request target may have (RFC 9112 §3 asks for at least 8000 in the request
   * line).
   */
  static final int MAX_TARGET = 8_192;

  private static final int MAX_FIELDS = 100;
  private static final int GET = 0x47455420;
  private static final int PUT = 0x50555420;

  private Method method = Method.UNKNOWN;
  private long target;
  private int targetLength;
  private int minorVersion;
  private boolean close;
  private boolean keepAlive;
  private long contentLength;
  private boolean chunked;
  private boolean expectContinue;
  private boolean hasHost;
  private boolean conditionalRange;
  private int rangeFields;
  private long rangeFirst;
  private long rangeLast;

  Method method() {
    return method;
  }

  /** Where the path begins; without the query, undecoded. */
  long target() {
    return target;
  }

  int targetLength() {
    return targetLength;
  }

  /** Whether the connection stays open behind the response (RFC 9112 §9.3). */
  boolean isPersistent() {
    return !close && (minorVersion >= 1 || keepAlive);
  }

  boolean isHttp10() {
    return minorVersion == 0;
  }

  /** The length of the body as told, or -1 if it was not. */
  long contentLength() {
    return contentLength;
  }

  boolean isChunked() {
    return chunked;
  }

  boolean hasBody() {
    return chunked || contentLength > 0;
  }

  /** Whether the client waits for "100 Continue" before it sends the body. */
  boolean expectsContinue() {
    return expectContinue && minorVersion >= 1;
  }

  /** Whether exactly one range of bytes is asked for, and without a condition. */
  boolean hasRange() {
    return rangeFields == 1 && !conditionalRange && (rangeFirst >= 0 || rangeLast >= 0);
  }

  /** The first byte asked for; -1 if the last {@link #rangeLast()} bytes are asked for. */
  long rangeFirst() {
    return rangeFirst;
  }

  /** The last byte asked for; -1 for "to the end". */
  long rangeLast() {
    return rangeLast;
  }

  /**
   * Parses a whole head: [at, end) ends with the empty line.
   *
   * @return 0, or the status of the response that refuses it
   */
  int parse(long at, long end) {
    reset();
    long lineEnd = lineEnd(at, end);
    if (lineEnd < 0) {
      return 400;
    }
    int status = requestLine(at, lineEnd);
    if (status != 0) {
      return status;
    }
    for (int fields = 0; ; fields++) {
      at = nextLine(lineEnd);
      lineEnd = lineEnd(at, end);
      if (lineEnd < 0) {
        return 400;
      }
      if (lineEnd == at) {
        return check();
      }
      if (fields == MAX_FIELDS) {
        return 431;
      }
      status = field(at, lineEnd);
      if (status != 0) {
        return status;
      }
    }
  }

  private void reset() {
    close = false;
    keepAlive = false;
    contentLength = -1;
    chunked = false;
    expectContinue = false;
    hasHost = false;
    conditionalRange = false;
    rangeFields = 0;
    rangeFirst = -1;
    rangeLast = -1;
  }

  /**
   * The end of the line at {@code at}, in front of CR LF or a bare LF (RFC 9112 §2.2); -1 if a
   * control character is in it.
   */
  private static long lineEnd(long at, long end) {
    long stop = Ascii.control(at, end);
    while (stop < end && Bytes.u8(stop) == '\t') {
      stop = Ascii.control(stop + 1, end);
    }
    if (stop == end) {
      return -1;
    }
    int c = Bytes.u8(stop);
    boolean ends = c == '\n' || (c == '\r' && stop + 1 < end && Bytes.u8(stop + 1) == '\n');
    return ends ? stop : -1;
  }

  private static long nextLine(long lineEnd) {
    return Bytes.u8(lineEnd) == '\r' ? lineEnd + 2 : lineEnd + 1;
  }

  private int requestLine(long at, long end) {
    long afterMethod = Ascii.find(' ', at, end);
    if (afterMethod == at || afterMethod == end) {
      return 400;
    }
    if (Bytes.i32(at) == GET) {
      method = Method.GET;
    } else if (!isToken(at, afterMethod)) {
      return 400;
    } else {
      method = method(at, afterMethod);
    }
    long from = afterMethod + 1;
    long to = Ascii.find(' ', from, end);
    if (to == from || to == end) {
      return 400;
    }
    int status = version(to + 1, end);
    if (status != 0) {
      return status;
    }
    return to - from > MAX_TARGET ? 414 : target(from, to);
  }

  private static boolean isToken(long at, long end) {
    for (; at < end; at++) {
      if (!Ascii.isToken(Bytes.u8(at))) {
        return false;
      }
    }
    return true;
  }

  /** Methods are case-sensitive (RFC 9110 §9.1). */
  private static Method method(long at, long end) {
    int length = (int) (end - at);
    int first = Bytes.i32(at);
    return switch (length) {
      case 3 -> first == PUT ? Method.PUT : Method.UNKNOWN;
      case 4 ->
          first == 0x48454144 ? Method.HEAD : first == 0x504f5354 ? Method.POST : Method.UNKNOWN;
      case 5 -> first == 0x54524143 && Bytes.u8(at + 4) == 'E' ? Method.OTHER : Method.UNKNOWN;
      case 6 -> first == 0x44454c45 && Bytes.u16(at + 4) == 0x5445 ? Method.OTHER : Method.UNKNOWN;
      case 7 ->
          (first == 0x4f505449 && Bytes.u16(at + 4) == 0x4f4e && Bytes.u8(at + 6) == 'S')
                  || (first == 0x434f4e4e && Bytes.u16(at + 4) == 0x4543 && Bytes.u8(at + 6) == 'T')
              ? Method.OTHER
              : Method.UNKNOWN;
      default -> Method.UNKNOWN;
    };
  }

  /** RFC 9112 §2.3: "HTTP/1." and a digit. */
  private int version(long at, long end) {
    if (end - at != 8 || Bytes.i32(at) != 0x48545450 || Bytes.u8(at + 4) != '/') {
      return 400;
    }
    int major = Bytes.u8(at + 5) - '0';
    int minor = Bytes.u8(at + 7) - '0';
    if (major < 0 || major > 9 || minor < 0 || minor > 9 || Bytes.u8(at + 6) != '.') {
      return 400;
    }
    minorVersion = minor;
    return major == 1 ? 0 : 505;
  }

  private int target(long at, long end) {
    if (Bytes.u8(at) != '/') {
      // RFC 9112 §3.2.2: a server accepts the absolute form, too.
      if (end - at < 8 || !Ascii.spells("http:", at, at + 5) || Bytes.u16(at + 5) != 0x2f2f) {
        return method == Method.OTHER ? 405 : method == Method.UNKNOWN ? 501 : 400;
      }
      long authorityEnd = at + 7;
      while (authorityEnd < end && Bytes.u8(authorityEnd) != '/' && Bytes.u8(authorityEnd) != '?') {
        authorityEnd++;
      }
      if (authorityEnd == at + 7 || authorityEnd == end || Bytes.u8(authorityEnd) == '?') {
        // No path in it: what is meant is "/", which is right there in front of the authority.
        target = at + 6;
        targetLength = 1;
        return authorityEnd == at + 7 ? 400 : 0;
      }
      at = authorityEnd;
    }
    target = at;
    targetLength = (int) (Ascii.find('?', at, end) - at);
    return 0;
  }

  private int field(long at, long end) {
    long colon = at;
    while (colon < end && Ascii.isToken(Bytes.u8(colon))) {
      colon++;
    }
    // RFC 9112 §5.1 and §5.2: no space in front of the colon, no folded lines.
    if (colon == at || colon == end || Bytes.u8(colon) != ':') {
      return 400;
    }
    long value = Ascii.skipBlank(colon + 1, end);
    long valueEnd = Ascii.trimBlank(value, end);
    return switch ((int) (colon - at)) {
      case 4 -> Ascii.spells("host", at, colon) ? host() : 0;
      case 5 -> Ascii.spells("range", at, colon) ? range(value, valueEnd) : 0;
      case 6 -> Ascii.spells("expect", at, colon) ? expect(value, valueEnd) : 0;
      case 8 -> Ascii.spells("if-range", at, colon) ? ifRange() : 0;
      case 10 -> Ascii.spells("connection", at, colon) ? connection(value, valueEnd) : 0;
      case 14 -> Ascii.spells("content-length", at, colon) ? contentLength(value, valueEnd) : 0;
      case 17 ->
          Ascii.spells("transfer-encoding", at, colon) ? transferEncoding(value, valueEnd) : 0;
      default -> 0;
    };
  }

  private int host() {
    // RFC 9112 §3.2: one of them, not two.
    int status = hasHost ? 400 : 0;
    hasHost = true;
    return status;
  }

  private int expect(long at, long end) {
    expectContinue = Ascii.spells("100-continue", at, end);
    return expectContinue ? 0 : 417;
  }

  private int connection(long at, long end) {
    while (at < end) {
      long comma = Ascii.find(',', at, end);
      long from = Ascii.skipBlank(at, comma);
      long to = Ascii.trimBlank(from, comma);
      close |= Ascii.spells("close", from, to);
      keepAlive |= Ascii.spells("keep-alive", from, to);
      at = comma + 1;
    }
    return 0;
  }

  /**
   * RFC 9110 §13.1.5: we give no validators, so the condition never holds and the range is ignored.
   */
  private int ifRange() {
    conditionalRange = true;
    return 0;
  }

  private int contentLength(long at, long end) {
    long value = Ascii.number(at, end);
    if (value < 0 || (contentLength >= 0 && contentLength != value)) {
      // RFC 9112 §6.3: two different lengths are an attack or an error.
      return 400;
    }
    contentLength = value;
    return 0;
  }

  private int transferEncoding(long at, long end) {
    if (chunked) {
      return 400;
    }
    chunked = Ascii.spells("chunked", at, end);
    return chunked ? 0 : 501;
  }

  /**
   * {@code bytes=first-last}, {@code bytes=first-} or {@code bytes=-count}; anything else is as if
   * it were not there.
   */
  private int range(long at, long end) {
    rangeFields++;
    if (end - at < 8 || !Ascii.spells("bytes=", at, at + 6)) {
      return 0;
    }
    long dash = Ascii.find('-', at + 6, end);
    if (dash == end) {
      return 0;
    }
    long first = Ascii.number(at + 6, dash);
    long last = Ascii.number(dash + 1, end);
    boolean noFirst = dash == at + 6;
    boolean noLast = dash + 1 == end;
    if (first < 0 != noFirst || last < 0 != noLast || (noFirst && noLast)) {
      return 0;
    }
    if (noFirst || noLast || first <= last) {
      rangeFirst = first;
      rangeLast = last;
    }
    return 0;
  }

  private int check() {
    if (minorVersion >= 1 && !hasHost) {
      return 400;
    }
    // RFC 9112 §6.1 and §6.3: both lengths, or chunks in HTTP/1.0, are how requests are smuggled.
    return chunked && (contentLength >= 0 || minorVersion == 0) ? 400 : 0;
  }
}
