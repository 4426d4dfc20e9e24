package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Bytes;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Reads the response to one request from a stream of bytes that arrives in pieces (RFC 9112 §4,
 * §6). Pure: bytes in, events out.
 *
 * <p>Call {@link #read} until it says MORE or END; after each call, {@link #consumed()} bytes are
 * done with. {@link #reset} makes it ready for the next response of a connection.
 */
public final class ResponseReader {
  /** What a call found. */
  public enum Event {
    /** All bytes given are used up; more are needed. */
    MORE,
    /** The head: {@link #status()}, {@link #contentLength()}. */
    HEAD,
    /** Bytes of the body: {@link #bodyAddress()}, {@link #bodyLength()}. */
    BODY,
    /** The response is complete. */
    END,
    /** Not a response of HTTP/1. */
    BAD
  }

  private enum State {
    HEAD,
    BODY,
    UNTIL_CLOSE,
    ENDED
  }

  private static final int MAX_HEAD = 65_536;

  private final BodyReader body = new BodyReader();
  private State state = State.HEAD;
  private boolean noBody;
  private byte[] head = new byte[512];
  private int headLength;
  private int consumed;
  private int status;
  private boolean keepOpen;
  private long contentLength;

  /** Creates a reader in front of the first response. */
  public ResponseReader() {}

  /**
   * Starts with the next response; {@code toHead} says that it has no body whatever its length
   * says.
   */
  public void reset(boolean toHead) {
    state = State.HEAD;
    noBody = toHead;
    headLength = 0;
  }

  /** The status code, 100 to 999. */
  public int status() {
    return status;
  }

  /** The length of the body as told, or -1 if it was not. */
  public long contentLength() {
    return contentLength;
  }

  /** Whether another request may follow on the connection. */
  public boolean isPersistent() {
    return keepOpen;
  }

  /** The head in characters. */
  public String head() {
    return new String(head, 0, headLength, ISO_8859_1);
  }

  /** How many of the bytes given the last call used. */
  public int consumed() {
    return consumed;
  }

  /** Where the body's bytes of the last call begin. */
  public long bodyAddress() {
    return body.address();
  }

  /** How many they are. */
  public int bodyLength() {
    return body.length();
  }

  /** The peer has closed; whether the response is complete with that. */
  public boolean endOfStream() {
    if (state == State.UNTIL_CLOSE) {
      state = State.ENDED;
    }
    return state == State.ENDED;
  }

  /** Goes on with {@code length} bytes at {@code address}. */
  public Event read(long address, int length) {
    consumed = 0;
    return switch (state) {
      case HEAD -> readHead(address, length);
      case BODY, UNTIL_CLOSE -> readBody(address, length);
      case ENDED -> Event.END;
    };
  }

  private Event readHead(long address, int length) {
    for (int i = 0; i < length; i++) {
      int c = Bytes.u8(address + i);
      if (headLength == head.length) {
        if (headLength == MAX_HEAD) {
          return Event.BAD;
        }
        head = Arrays.copyOf(head, 2 * headLength);
      }
      head[headLength++] = (byte) c;
      if (c == '\n' && endsHead()) {
        consumed = i + 1;
        return parse() ? Event.HEAD : Event.BAD;
      }
    }
    consumed = length;
    return Event.MORE;
  }

  private boolean endsHead() {
    int n = headLength;
    return (n >= 2 && head[n - 2] == '\n')
        || (n >= 3 && head[n - 2] == '\r' && head[n - 3] == '\n');
  }

  private boolean parse() {
    List<String> lines = head().lines().toList();
    if (lines.isEmpty() || !lines.getFirst().matches("HTTP/1\\.[0-9] [1-9][0-9][0-9]( .*)?")) {
      return false;
    }
    String first = lines.getFirst();
    keepOpen = first.charAt(7) != '0';
    status = Integer.parseInt(first.substring(9, 12));
    contentLength = -1;
    boolean chunked = false;
    for (String line : lines.subList(1, lines.size())) {
      if (line.isEmpty()) {
        continue;
      }
      int colon = line.indexOf(':');
      if (colon <= 0) {
        return false;
      }
      String value = line.substring(colon + 1).strip().toLowerCase(Locale.ROOT);
      switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "content-length" -> {
          if (!value.matches("[0-9]{1,18}")) {
            return false;
          }
          contentLength = Long.parseLong(value);
        }
        case "transfer-encoding" -> chunked = value.equals("chunked");
        case "connection" ->
            keepOpen = !value.contains("close") && (keepOpen || value.contains("keep-alive"));
        default -> {}
      }
    }
    begin(chunked);
    return true;
  }

  /** RFC 9112 §6.3: what tells the length of the body. */
  private void begin(boolean chunked) {
    if (status < 200 && status != 101) {
      // An interim response: the real one follows.
      headLength = 0;
    } else if (noBody || status == 204 || status == 304) {
      state = State.ENDED;
    } else if (chunked) {
      state = State.BODY;
      body.beginChunked();
    } else if (contentLength >= 0) {
      state = State.BODY;
      body.beginLength(contentLength);
    } else {
      state = State.UNTIL_CLOSE;
      keepOpen = false;
      body.beginUntilClose();
    }
  }

  private Event readBody(long address, int length) {
    ChunkedDecoder.Result result = body.read(address, length);
    consumed = body.consumed();
    return switch (result) {
      case MORE -> Event.MORE;
      case DATA -> Event.BODY;
      case END -> {
        state = State.ENDED;
        yield Event.END;
      }
      case BAD -> Event.BAD;
    };
  }
}
