package io.millrace.bench.net.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class ResponseCounterTest {
  private static final String RESPONSE =
      "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 5\r\n\r\nhello";

  private final ResponseCounter.Known known = new ResponseCounter.Known();
  private final ResponseCounter counter = new ResponseCounter(known);

  private int read(String piece) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = piece.getBytes(ISO_8859_1);
      MemorySegment segment = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
      return counter.read(segment.address(), bytes.length);
    }
  }

  @Test
  void aResponseInOnePieceIsCompleteAndSoIsTheNextLikeIt() {
    assertThat(read(RESPONSE)).isEqualTo(1);
    assertThat(read(RESPONSE)).isEqualTo(1);
  }

  @Test
  void aResponseMayComeInPiecesCutAnywhere() {
    for (int cut = 1; cut < RESPONSE.length(); cut++) {
      assertThat(read(RESPONSE.substring(0, cut))).isZero();
      assertThat(read(RESPONSE.substring(cut))).isEqualTo(1);
    }
  }

  @Test
  void anotherStatusIsNotWhatWasExpectedHoweverItIsFound() {
    String notFound = RESPONSE.replace("200 OK", "404 OK");
    assertThat(read(notFound)).isEqualTo(-1);
    counter.reset();
    assertThat(read(RESPONSE)).isEqualTo(1);
    assertThat(read(notFound)).isEqualTo(-1);
  }

  @Test
  void moreThanOneResponseIsNotWhatWasExpected() {
    assertThat(read(RESPONSE + "x")).isEqualTo(-1);
  }
}
