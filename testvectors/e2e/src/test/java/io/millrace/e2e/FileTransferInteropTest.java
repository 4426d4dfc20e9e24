package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

/** Files by HTTP in all directions, over links and to kernels of different abilities. */
@Order(30)
class FileTransferInteropTest {
  private static final long LARGEST = Lab.FULL ? 1L << 30 : 32L << 20;

  static final List<Arguments> LINKS =
      Stream.of(
              new Sizes(Link.DEFAULT, 1, 1_000, 100_000, LARGEST),
              new Sizes(Link.PLAIN, 1, 1_000, 100_000, LARGEST / 4),
              new Sizes(Link.JUMBO, 1, 1_000, 100_000, LARGEST / 4),
              new Sizes(Link.PLAIN_JUMBO, 1, 1_000, 100_000, LARGEST / 4),
              new Sizes(Link.NO_OPTIONS, 1, 1_000, 100_000, LARGEST / 8),
              new Sizes(Link.TINY_SEGMENTS, 1, 1_000, 100_000, LARGEST / 64))
          .map(sizes -> Arguments.of(sizes.link, sizes))
          .toList();

  @TempDir static Path folder;

  private record Sizes(Link link, long... bytes) {
    @Override
    public String toString() {
      return String.format("1 to %,d bytes", bytes[bytes.length - 1]);
    }
  }

  @BeforeAll
  static void assume() {
    Lab.assume("curl", "ip");
  }

  @ParameterizedTest(name = "{0}, {1}")
  @FieldSource("LINKS")
  void arrive_as_they_were_sent(Link link, Sizes sizes) throws IOException {
    try (Lab lab = Lab.open(link)) {
      Transfers transfers = Transfers.start(lab, folder, 80);
      for (long size : sizes.bytes) {
        transfers.check(size);
      }
      if (link == Link.TINY_SEGMENTS) {
        long sent = lab.shard().counters().get(Counter.TCP_OUT_SEGS);
        assertThat(sent).isGreaterThan(sizes.bytes[sizes.bytes.length - 1] / 88);
      }
    }
  }
}
