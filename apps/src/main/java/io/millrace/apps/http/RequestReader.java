package io.millrace.apps.http;

import io.millrace.buf.Bytes;
import java.lang.foreign.MemorySegment;

/**
 * Finds requests in a stream of bytes that arrives in pieces (RFC 9112). Pure: bytes in, events
 * out.
 *
 * <p>Call {@link #read} with what is left of a piece until it says {@link Event#MORE}; after each
 * call, {@link #consumed()} bytes are done with. A head that lies in one piece is parsed where it
 * is; only one that is split is copied together, in a block that {@link #releaseHead} gives back.
 * The events of a request are HEAD, then, if it has a body, any number of BODY and one END. After
 * BAD the stream cannot be read on. <b>Thread:</b> the shard's. Allocates nothing.
 */
final class RequestReader {
  /** What a call found. */
  enum Event {
    /** All bytes given are used up; more are needed. */
    MORE,
    /** The head of a request: {@link #head()}. */
    HEAD,
    /** Bytes of its body: {@link #bodyAddress()}, {@link #bodyLength()}. */
    BODY,
    /** The end of its body. */
    END,
    /** No request: answer with {@link #status()} and close. */
    BAD
  }

  private enum State {
    HEAD,
    BODY,
    BROKEN
  }

  private final RequestHead head = new RequestHead();
  private final BodyReader body = new BodyReader();
  private final HeadBlocks blocks;
  private State state = State.HEAD;

  /** Holds the beginning of a head whose end has not come; null if there is none. */
  private MemorySegment block;

  private int inBlock;
  private int consumed;
  private int status;

  RequestReader(HeadBlocks blocks) {
    this.blocks = blocks;
  }

  /** The request of the last HEAD; its target is readable until the next call. */
  RequestHead head() {
    return head;
  }

  int consumed() {
    return consumed;
  }

  int status() {
    return status;
  }

  long bodyAddress() {
    return body.address();
  }

  int bodyLength() {
    return body.length();
  }

  /** Whether the stream may end here: between two requests. */
  boolean isBetweenRequests() {
    return state == State.HEAD && inBlock == 0;
  }

  /** The head has been dealt with: its memory may serve another connection. */
  void releaseHead() {
    if (inBlock == 0) {
      giveBlock();
    }
  }

  /** Gives back what is held; the last call. */
  void close() {
    giveBlock();
    state = State.BROKEN;
  }

  /** Goes on with {@code length} bytes at {@code address}. */
  Event read(long address, int length) {
    return switch (state) {
      case HEAD -> readHead(address, length);
      case BODY -> readBody(address, length);
      case BROKEN -> bad(400, length);
    };
  }

  private Event readHead(long address, int length) {
    int start = 0;
    if (inBlock == 0) {
      // RFC 9112 §2.2: ignore empty lines in front of the request line.
      while (start < length
          && (Bytes.u8(address + start) == '\r' || Bytes.u8(address + start) == '\n')) {
        start++;
      }
      if (start == length) {
        consumed = length;
        return Event.MORE;
      }
      // What begins so is no HTTP at all, such as TLS: do not wait for its end.
      if (!Ascii.isToken(Bytes.u8(address + start))) {
        return bad(400, length);
      }
      int most = Math.min(length - start, RequestHead.MAX_SIZE);
      long end = headEnd(address + start, address + start, address + start + most);
      if (end != 0) {
        return headDone(address + start, end, (int) (end - address));
      }
    }
    return copyHead(address + start, start, length);
  }

  /** Adds to the block, whose head was not complete. */
  private Event copyHead(long from, int start, int length) {
    if (block == null) {
      block = blocks.take();
      if (block == null) {
        return bad(503, length);
      }
    }
    int room = RequestHead.MAX_SIZE - inBlock;
    int n = Math.min(length - start, room);
    long base = block.address();
    Bytes.copy(from, base + inBlock, n);
    long searchFrom = base + Math.max(0, inBlock - 3);
    long end = headEnd(base, searchFrom, base + inBlock + n);
    if (end != 0) {
      int used = (int) (end - base) - inBlock;
      inBlock = 0;
      return headDone(base, end, start + used);
    }
    inBlock += n;
    if (inBlock == RequestHead.MAX_SIZE) {
      boolean inFirstLine = Ascii.find('\n', base, base + inBlock) == base + inBlock;
      return bad(inFirstLine ? 414 : 431, length);
    }
    consumed = length;
    return Event.MORE;
  }

  /**
   * Behind the empty line that ends a head, or 0: the search begins at {@code at}, the head at
   * {@code start}.
   */
  private static long headEnd(long start, long at, long end) {
    for (long lf = Ascii.find('\n', at, end); lf < end; lf = Ascii.find('\n', lf + 1, end)) {
      if (lf > start && Bytes.u8(lf - 1) == '\n') {
        return lf + 1;
      }
      if (lf > start + 1 && Bytes.u8(lf - 1) == '\r' && Bytes.u8(lf - 2) == '\n') {
        return lf + 1;
      }
    }
    return 0;
  }

  private Event headDone(long from, long end, int used) {
    consumed = used;
    int refused = head.parse(from, end);
    if (refused != 0) {
      return bad(refused, used);
    }
    if (head.isChunked()) {
      state = State.BODY;
      body.beginChunked();
    } else if (head.contentLength() > 0) {
      state = State.BODY;
      body.beginLength(head.contentLength());
    }
    return Event.HEAD;
  }

  private Event readBody(long address, int length) {
    ChunkedDecoder.Result result = body.read(address, length);
    consumed = body.consumed();
    return switch (result) {
      case MORE -> Event.MORE;
      case DATA -> Event.BODY;
      case END -> {
        state = State.HEAD;
        yield Event.END;
      }
      case BAD -> bad(400, length);
    };
  }

  private Event bad(int code, int length) {
    consumed = length;
    status = code;
    state = State.BROKEN;
    giveBlock();
    return Event.BAD;
  }

  private void giveBlock() {
    if (block != null) {
      blocks.give(block);
      block = null;
      inBlock = 0;
    }
  }
}
