package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/** What holds for every stream of bytes, however it is cut. */
class RequestReaderProperties {
  @Property(tries = 3_000)
  void anyCutGivesTheSame(
      @ForAll("streams") String stream, @ForAll @Size(max = 8) List<Integer> positions) {
    byte[] bytes = stream.getBytes(ISO_8859_1);
    int[] cuts =
        positions.stream().mapToInt(p -> Math.floorMod(p, bytes.length + 1)).sorted().toArray();
    assertThat(Pieces.events(bytes, cuts)).isEqualTo(Pieces.events(bytes));
  }

  @Property(tries = 300)
  void soDoesByteByByte(@ForAll("streams") String stream) {
    byte[] bytes = stream.getBytes(ISO_8859_1);
    int[] everywhere = java.util.stream.IntStream.range(0, bytes.length).toArray();
    assertThat(Pieces.events(bytes, everywhere)).isEqualTo(Pieces.events(bytes));
  }

  @Property(tries = 20_000)
  void garbageIsAnsweredAndNeverThrows(@ForAll @Size(max = 300) byte[] garbage) {
    assertThat(Pieces.events(garbage)).allMatch(event -> !event.isEmpty());
  }

  @Property(tries = 3_000)
  void whatIsReadIsWhatWasSent(@ForAll("requests") List<Sent> requests) {
    String stream = requests.stream().map(Sent::bytes).collect(Collectors.joining());
    List<String> expected = requests.stream().flatMap(sent -> sent.events().stream()).toList();
    assertThat(Pieces.events(stream)).isEqualTo(expected);
  }

  private record Sent(String path, String body, boolean chunked, boolean lineFeeds) {
    String bytes() {
      String head =
          (body == null ? "GET " : "PUT ")
              + path
              + " HTTP/1.1\r\nHost: a\r\n"
              + (body == null
                  ? ""
                  : chunked
                      ? "Transfer-Encoding: chunked\r\n"
                      : "Content-Length: " + body.length() + "\r\n")
              + "\r\n";
      String sent = lineFeeds ? head.replace("\r", "") : head;
      if (body == null) {
        return sent;
      }
      return sent + (chunked ? chunks() : body);
    }

    private String chunks() {
      StringBuilder chunks = new StringBuilder();
      for (int i = 0; i < body.length(); i += 7) {
        String chunk = body.substring(i, Math.min(body.length(), i + 7));
        chunks
            .append(Integer.toHexString(chunk.length()))
            .append("\r\n")
            .append(chunk)
            .append("\r\n");
      }
      return chunks + "0\r\n\r\n";
    }

    List<String> events() {
      if (body == null) {
        return List.of("GET " + path + " keep");
      }
      String head = "PUT " + path + " keep" + (chunked ? " chunked" : " length=" + body.length());
      return body.isEmpty() && !chunked ? List.of(head) : List.of(head, "body " + body);
    }
  }

  @Provide
  Arbitrary<List<Sent>> requests() {
    Arbitrary<String> paths =
        Arbitraries.strings().alpha().numeric().ofMaxLength(30).map(text -> "/" + text);
    Arbitrary<String> bodies = Arbitraries.strings().ascii().ofMaxLength(60).injectNull(0.5);
    return net.jqwik.api.Combinators.combine(
            paths, bodies, Arbitraries.of(true, false), Arbitraries.of(true, false))
        .as(Sent::new)
        .list()
        .ofMaxSize(6);
  }

  /**
   * Requests, and bits of requests in any order: most streams go wrong somewhere, each in its own
   * way.
   */
  @Provide
  Arbitrary<String> streams() {
    Arbitrary<String> bits =
        Arbitraries.of(
            "GET ",
            "PUT ",
            "HEAD ",
            "/",
            "/x?y",
            "http://h/",
            " HTTP/1.1",
            " HTTP/1.0",
            "\r\n",
            "\n",
            "\r",
            "Host: a\r\n",
            "Content-Length: 3\r\n",
            "Content-Length: 0\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Connection: close\r\n",
            "Range: bytes=1-2\r\n",
            "A:\tb\r\n",
            " ",
            ":",
            "3\r\nabc\r\n",
            "0\r\n\r\n",
            "abc",
            "\r\n\r\n",
            "\u0000",
            "\u00ff");
    Arbitrary<String> broken = bits.list().ofMaxSize(25).map(list -> String.join("", list));
    Arbitrary<String> whole =
        requests().map(list -> list.stream().map(Sent::bytes).collect(Collectors.joining()));
    return Arbitraries.frequencyOf(
        net.jqwik.api.Tuple.of(1, broken),
        net.jqwik.api.Tuple.of(1, whole),
        net.jqwik.api.Tuple.of(
            1, net.jqwik.api.Combinators.combine(whole, broken).as(String::concat)));
  }
}
