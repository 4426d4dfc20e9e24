package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {
  private static final String HOST = "\r\nHost: a\r\n\r\n";

  @Nested
  class Understands {
    @Test
    void aRequest() {
      assertThat(Pieces.events("GET /x HTTP/1.1" + HOST)).containsExactly("GET /x keep");
    }

    @Test
    void aHeadOfWhichNothingIsMissingInAnyOtherCase() {
      assertThat(Pieces.events("GET / HTTP/1.1\r\nhOsT:a\r\ncOnNeCtIoN: \t Close \t\r\n\r\n"))
          .containsExactly("GET / close");
    }

    @Test
    void requestsThatFollowEachOther() {
      assertThat(
              Pieces.events(
                  "GET /1 HTTP/1.1" + HOST + "HEAD /2 HTTP/1.1" + HOST + "GET /3 HTTP/1.0\r\n\r\n"))
          .containsExactly("GET /1 keep", "HEAD /2 keep", "GET /3 close");
    }

    @Test
    void emptyLinesInFrontOfARequest() {
      assertThat(Pieces.events("\r\n\r\nGET / HTTP/1.1" + HOST + "\n\r\nGET /2 HTTP/1.1" + HOST))
          .containsExactly("GET / keep", "GET /2 keep");
    }

    @Test
    void bareLineFeeds() {
      assertThat(Pieces.events("GET / HTTP/1.1\nHost: a\n\n")).containsExactly("GET / keep");
    }

    @ParameterizedTest
    @CsvSource({
      "HTTP/1.1, '', keep",
      "HTTP/1.1, close, close",
      "HTTP/1.1, 'upgrade, close', close",
      "HTTP/1.1, 'closed', keep",
      "HTTP/1.0, '', close",
      "HTTP/1.0, Keep-Alive, keep",
      "HTTP/1.0, 'keep-alive, close', close",
    })
    void whetherTheConnectionPersists(String version, String value, String answer) {
      String field = value.isEmpty() ? "" : "Connection: " + value + "\r\n";
      assertThat(Pieces.events("GET / " + version + "\r\nHost: a\r\n" + field + "\r\n"))
          .containsExactly("GET / " + answer);
    }

    @Test
    void theTargetWithoutItsQuery() {
      assertThat(Pieces.events("GET /a%20b?c=/d HTTP/1.1" + HOST))
          .containsExactly("GET /a%20b keep");
    }

    @ParameterizedTest
    @CsvSource({
      "http://host/x?y, /x",
      "HTTP://host:80/, /",
      "http://host, /",
      "http://host?q, /",
    })
    void theAbsoluteForm(String target, String path) {
      assertThat(Pieces.events("GET " + target + " HTTP/1.1" + HOST))
          .containsExactly("GET " + path + " keep");
    }

    @Test
    void aBodyOfKnownLength() {
      assertThat(
              Pieces.events(
                  "PUT /sink HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\n\r\nhelloGET / HTTP/1.1"
                      + HOST))
          .containsExactly("PUT /sink keep length=5", "body hello", "GET / keep");
    }

    @Test
    void aBodyOfNoBytes() {
      assertThat(
              Pieces.events(
                  "PUT /s HTTP/1.1\r\nContent-Length: 0" + HOST + "GET / HTTP/1.1" + HOST))
          .containsExactly("PUT /s keep length=0", "GET / keep");
    }

    @Test
    void aBodyInChunks() {
      assertThat(
              Pieces.events(
                  "POST /s HTTP/1.1\r\nTransfer-Encoding: chunked"
                      + HOST
                      + "3\r\n"
                      + "abc\r\n"
                      + "0A;ext=\"x\"\r\n"
                      + "0123456789\r\n"
                      + "0\r\n"
                      + "Trailer: x\r\n\r\n"
                      + "GET / HTTP/1.1"
                      + HOST))
          .containsExactly("POST /s keep chunked", "body abc0123456789", "GET / keep");
    }

    @Test
    void thatTheClientWaitsForContinue() {
      assertThat(
              Pieces.events(
                  "PUT /s HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-Continue" + HOST + "x"))
          .containsExactly("PUT /s keep length=1 expects-continue", "body x");
    }

    @ParameterizedTest
    @CsvSource({
      "bytes=0-0, ' range=0..0'",
      "bytes=5-9, ' range=5..9'",
      "bytes=5-, ' range=5..-1'",
      "bytes=-5, ' range=-1..5'",
      "Bytes=1-2, ' range=1..2'",
      "'bytes=0-1,4-5', ''",
      "bytes=9-5, ''",
      "bytes=-, ''",
      "bytes=a-b, ''",
      "lines=1-2, ''",
      "bytes=, ''",
      "bytes=99999999999999999999-, ''",
    })
    void oneRangeAndIgnoresWhatIsNone(String value, String answer) {
      assertThat(Pieces.events("GET / HTTP/1.1\r\nRange: " + value + HOST))
          .containsExactly("GET / keep" + answer);
    }

    @Test
    void noRangeUnderACondition() {
      assertThat(Pieces.events("GET / HTTP/1.1\r\nIf-Range: \"e\"\r\nRange: bytes=0-1" + HOST))
          .containsExactly("GET / keep");
    }

    @ParameterizedTest
    @CsvSource({
      "OPTIONS, OTHER",
      "DELETE, OTHER",
      "TRACE, OTHER",
      "CONNECT, OTHER",
      "get, UNKNOWN",
      "BREW, UNKNOWN",
      "X, UNKNOWN"
    })
    void theMethod(String method, String answer) {
      assertThat(Pieces.events(method + " / HTTP/1.1" + HOST)).containsExactly(answer + " / keep");
    }
  }

  @Nested
  class Refuses {
    @ParameterizedTest
    @ValueSource(
        strings = {
          "GET /\r\n\r\n",
          "GET  / HTTP/1.1" + HOST,
          "GET / HTTP/1.1 " + HOST,
          "GET / http/1.1" + HOST,
          "GET / HTTP/1.x" + HOST,
          "GET x HTTP/1.1" + HOST,
          "GET http:///x HTTP/1.1" + HOST,
          "G@T / HTTP/1.1" + HOST,
          "GET /\r/ HTTP/1.1" + HOST,
          "GET /\u0000 HTTP/1.1" + HOST,
          "GET / HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a" + HOST,
          "GET / HTTP/1.1\r\nName : x" + HOST,
          "GET / HTTP/1.1\r\n: x" + HOST,
          "GET / HTTP/1.1\r\nno colon" + HOST,
          "GET / HTTP/1.1\r\nA: b\r\n folded" + HOST,
          "GET / HTTP/1.1\r\nA: b\rc" + HOST,
          "GET / HTTP/1.1\r\nA: b\u0000c" + HOST,
          "GET / HTTP/1.1\r\nA: b\u007fc" + HOST,
          "PUT / HTTP/1.1\r\nContent-Length: -1" + HOST,
          "PUT / HTTP/1.1\r\nContent-Length: 1 2" + HOST,
          "PUT / HTTP/1.1\r\nContent-Length: 9999999999999999999" + HOST,
          "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2" + HOST,
          "PUT / HTTP/1.1\r\nContent-Length:" + HOST,
          "\u0016\u0003\u0001 a TLS hello",
        })
    void whatIsMalformed(String request) {
      assertThat(Pieces.events(request)).containsExactly("bad 400");
    }

    @Test
    void bothWaysToTellALength() {
      assertThat(
              Pieces.events(
                  "PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked" + HOST))
          .containsExactly("bad 400");
    }

    @Test
    void chunksInHttp10() {
      assertThat(Pieces.events("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"))
          .containsExactly("bad 400");
    }

    @Test
    void codingsThatItDoesNotKnow() {
      assertThat(Pieces.events("PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked" + HOST))
          .containsExactly("bad 501");
    }

    @Test
    void expectationsThatItDoesNotKnow() {
      assertThat(Pieces.events("PUT / HTTP/1.1\r\nExpect: rain" + HOST)).containsExactly("bad 417");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/2.0", "HTTP/0.9"})
    void otherMajorVersions(String version) {
      assertThat(Pieces.events("GET / " + version + HOST)).containsExactly("bad 505");
    }

    @Test
    void aTargetThatIsTooLong() {
      String path = "/" + "x".repeat(RequestHead.MAX_TARGET);
      assertThat(Pieces.events("GET " + path + " HTTP/1.1" + HOST)).containsExactly("bad 414");
    }

    @Test
    void aRequestLineThatDoesNotEnd() {
      assertThat(Pieces.events("GET /" + "x".repeat(RequestHead.MAX_SIZE)))
          .containsExactly("bad 414");
    }

    @Test
    void aHeadThatIsTooLong() {
      assertThat(Pieces.events("GET / HTTP/1.1\r\nA: " + "x".repeat(RequestHead.MAX_SIZE) + HOST))
          .containsExactly("bad 431");
    }

    @Test
    void tooManyFields() {
      assertThat(Pieces.events("GET / HTTP/1.1\r\n" + "A: b\r\n".repeat(101) + HOST.substring(2)))
          .containsExactly("bad 431");
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "x\r\n",
          "\r\n",
          ";\r\n",
          "-1\r\n",
          "3\r\nabcd\r\n0\r\n\r\n",
          "3\nabc",
          "1\r\na0\r\n\r\n",
          "ffffffffffffffff\r\n",
        })
    void chunksThatAreNone(String body) {
      assertThat(Pieces.events("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked" + HOST + body))
          .startsWith("PUT / keep chunked")
          .contains("bad 400");
    }

    @Test
    void chunkExtensionsWithoutEnd() {
      assertThat(
              Pieces.events(
                  "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked" + HOST + "1;" + "x".repeat(2_000)))
          .containsExactly("PUT / keep chunked", "bad 400");
    }

    @Test
    void trailersWithoutEnd() {
      assertThat(
              Pieces.events(
                  "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked"
                      + HOST
                      + "0\r\n"
                      + "A: b\r\n".repeat(2_000)))
          .containsExactly("PUT / keep chunked", "bad 400");
    }
  }

  @Test
  void theLargestHeadIsAccepted() {
    String start = "GET / HTTP/1.1\r\nA: ";
    String request =
        start + "x".repeat(RequestHead.MAX_SIZE - start.length() - HOST.length()) + HOST;
    assertThat(request).hasSize(RequestHead.MAX_SIZE);
    assertThat(Pieces.events(request)).containsExactly("GET / keep");
    assertThat(Pieces.events(request.getBytes(ISO_8859_1), 10_000)).containsExactly("GET / keep");
  }

  @Test
  void withoutMemoryForAnotherSplitHeadItSaysSo() {
    HeadBlocks blocks = new HeadBlocks(1);
    byte[] request = ("GET / HTTP/1.1" + HOST).getBytes(ISO_8859_1);
    Pieces first = new Pieces(blocks);
    Pieces second = new Pieces(blocks);
    first.feed(request, 0, 5);
    second.feed(request, 0, 5);
    first.feed(request, 5, request.length);
    assertThat(first.end()).containsExactly("GET / keep");
    assertThat(second.end()).containsExactly("bad 503");
    assertThat(blocks.inUse()).isZero();
  }
}
