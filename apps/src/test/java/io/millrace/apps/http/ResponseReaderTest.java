package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseReaderTest {
  private final ResponseReader reader = new ResponseReader();
  private final StringBuilder seen = new StringBuilder();

  /** What the reader says about {@code bytes}, given in pieces of at most {@code piece} bytes. */
  private String read(byte[] bytes, int piece) {
    for (int from = 0; from < bytes.length; from += piece) {
      int length = Math.min(piece, bytes.length - from);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(length);
        MemorySegment.copy(bytes, from, memory, ValueLayout.JAVA_BYTE, 0, length);
        if (!feed(memory.address(), length)) {
          return seen.toString();
        }
      }
    }
    return seen.toString();
  }

  private boolean feed(long address, int length) {
    int at = 0;
    while (true) {
      ResponseReader.Event event = reader.read(address + at, length - at);
      at += reader.consumed();
      switch (event) {
        case MORE -> {
          return true;
        }
        case HEAD ->
            seen.append(reader.status()).append(reader.isPersistent() ? " keep " : " close ");
        case BODY -> {
          byte[] body = new byte[reader.bodyLength()];
          Bytes.copyOut(reader.bodyAddress(), body, 0, body.length);
          seen.append(new String(body, ISO_8859_1));
        }
        case END -> {
          seen.append('.');
          return false;
        }
        case BAD -> {
          seen.append("bad");
          return false;
        }
      }
    }
  }

  private String read(String text) {
    return read(text.getBytes(ISO_8859_1), Integer.MAX_VALUE);
  }

  @Test
  void aBodyOfKnownLength() {
    assertThat(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd")).isEqualTo("200 keep abc.");
  }

  @Test
  void aBodyInChunks() {
    assertThat(
            read(
                "HTTP/1.1 200 OK\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n"
                    + "2\r\n"
                    + "ab\r\n"
                    + "1\r\n"
                    + "c\r\n"
                    + "0\r\n\r\n"))
        .isEqualTo("200 keep abc.");
  }

  @Test
  void aBodyThatEndsWithTheConnection() {
    assertThat(read("HTTP/1.1 200 OK\r\n\r\nabc")).isEqualTo("200 close abc");
    assertThat(reader.endOfStream()).isTrue();
  }

  @Test
  void aBodyThatBreaksOff() {
    assertThat(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")).isEqualTo("200 keep abc");
    assertThat(reader.endOfStream()).isFalse();
  }

  @Test
  void interimResponsesBeforeTheRealOne() {
    assertThat(
            read(
                "HTTP/1.1 100 Continue\r\n\r\n"
                    + "HTTP/1.1 204 No Content\r\n"
                    + "Connection: close\r\n\r\n"))
        .isEqualTo("100 keep 204 close .");
  }

  @Test
  void noBodyBehindAHead() {
    reader.reset(true);
    assertThat(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")).isEqualTo("200 keep .");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/2 200\r\n\r\n",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n"
      })
  void refusesWhatIsNoResponse(String text) {
    assertThat(read(text)).isEqualTo("bad");
  }

  @Property(tries = 500)
  void piecesDoNotMatter(@ForAll @IntRange(min = 1, max = 60) int piece) {
    String text = "HTTP/1.0 404 No\nConnection: keep-alive\nContent-Length: 10\n\n0123456789";
    assertThat(new ResponseReaderTest().read(text.getBytes(ISO_8859_1), piece))
        .isEqualTo("404 keep 0123456789.");
  }

  @Property(tries = 5_000)
  void garbageNeverThrows(@ForAll @Size(max = 200) byte[] garbage) {
    assertThat(new ResponseReaderTest().read(garbage, Integer.MAX_VALUE)).isNotNull();
  }
}
