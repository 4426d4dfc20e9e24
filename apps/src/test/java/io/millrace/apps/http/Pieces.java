package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.millrace.buf.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a request reader its bytes in pieces, each in memory of its own, and writes down what it
 * says.
 */
final class Pieces {
  private final RequestReader reader;
  private final List<String> events = new ArrayList<>();
  private final StringBuilder body = new StringBuilder();

  Pieces(HeadBlocks blocks) {
    reader = new RequestReader(blocks);
  }

  /**
   * The events of {@code bytes}, cut at the positions given; the bodies' pieces are put together.
   */
  static List<String> events(byte[] bytes, int... cuts) {
    HeadBlocks blocks = new HeadBlocks(1);
    Pieces pieces = new Pieces(blocks);
    int from = 0;
    for (int cut : cuts) {
      pieces.feed(bytes, from, cut);
      from = cut;
    }
    pieces.feed(bytes, from, bytes.length);
    List<String> all = pieces.end();
    if (blocks.inUse() != 0) {
      throw new AssertionError("a block was not given back");
    }
    return all;
  }

  static List<String> events(String text) {
    return events(text.getBytes(ISO_8859_1));
  }

  void feed(byte[] bytes, int from, int to) {
    // Memory of exactly the right size: reading behind it is found by the memory checks of the
    // JVM's own copy.
    try (Arena arena = Arena.ofConfined()) {
      int length = to - from;
      MemorySegment piece = arena.allocate(Math.max(1, length));
      MemorySegment.copy(bytes, from, piece, ValueLayout.JAVA_BYTE, 0, length);
      int at = 0;
      while (!isBad()) {
        RequestReader.Event event = reader.read(piece.address() + at, length - at);
        at += reader.consumed();
        if (at > length) {
          throw new AssertionError("more consumed than given");
        }
        note(event);
        if (event == RequestReader.Event.MORE) {
          if (at != length) {
            throw new AssertionError("asks for more and has not used all");
          }
          return;
        }
      }
    }
  }

  private boolean isBad() {
    return !events.isEmpty() && events.getLast().startsWith("bad");
  }

  private void note(RequestReader.Event event) {
    switch (event) {
      case MORE -> {}
      case HEAD -> {
        events.add(words(reader.head()));
        reader.releaseHead();
      }
      case BODY -> {
        byte[] part = new byte[reader.bodyLength()];
        Bytes.copyOut(reader.bodyAddress(), part, 0, part.length);
        body.append(new String(part, ISO_8859_1));
      }
      case END -> {
        events.add("body " + body);
        body.setLength(0);
      }
      case BAD -> events.add("bad " + reader.status());
    }
  }

  private static String words(RequestHead head) {
    byte[] target = new byte[head.targetLength()];
    Bytes.copyOut(head.target(), target, 0, target.length);
    StringBuilder words = new StringBuilder();
    words.append(head.method()).append(' ').append(new String(target, ISO_8859_1));
    words.append(head.isPersistent() ? " keep" : " close");
    if (head.isChunked()) {
      words.append(" chunked");
    }
    if (head.contentLength() >= 0) {
      words.append(" length=").append(head.contentLength());
    }
    if (head.hasRange()) {
      words.append(" range=").append(head.rangeFirst()).append("..").append(head.rangeLast());
    }
    if (head.expectsContinue()) {
      words.append(" expects-continue");
    }
    return words.toString();
  }

  List<String> end() {
    if (!body.isEmpty()) {
      events.add("partial " + body);
    }
    reader.close();
    return events;
  }
}
