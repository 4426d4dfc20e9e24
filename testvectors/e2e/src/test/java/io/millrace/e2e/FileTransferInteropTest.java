package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

/** Files by HTTP in all directions, over links and to kernels of different abilities. */
@Order(30)
class FileTransferInteropTest {
  private static final long LARGEST = Lab.FULL ? 1L << 30 : 32L << 20;

  static final List<Arguments> LINKS =
      List.of(
          Arguments.of(Link.DEFAULT, LARGEST),
          Arguments.of(Link.PLAIN, LARGEST / 4),
          Arguments.of(Link.JUMBO, LARGEST / 4),
          Arguments.of(Link.PLAIN_JUMBO, LARGEST / 4),
          Arguments.of(Link.XDP, 2 * LARGEST),
          Arguments.of(Link.XDP_GENERIC, LARGEST / 16),
          Arguments.of(Link.XDP_JUMBO, LARGEST / 2),
          Arguments.of(Link.XDP_TRUST, LARGEST / 2),
          Arguments.of(Link.XDP_TWO_QUEUES, LARGEST / 2),
          Arguments.of(Link.PACKET, LARGEST),
          Arguments.of(Link.PACKET_PLAIN, LARGEST / 4),
          Arguments.of(Link.PACKET_TWO_QUEUES, LARGEST / 2),
          Arguments.of(Link.NO_OPTIONS, LARGEST / 8),
          Arguments.of(Link.TINY_SEGMENTS, LARGEST / 64),
          Arguments.of(Link.SMALL_BUFFERS, LARGEST / 64),
          Arguments.of(Link.ECN, LARGEST / 64));

  @TempDir static Path folder;

  @BeforeAll
  static void assume() {
    Lab.assume("curl", "ip");
  }

  @ParameterizedTest(name = "{0}, 1 to {1} bytes")
  @FieldSource("LINKS")
  void arrive_as_they_were_sent(Link link, long largest) throws IOException {
    try (Lab lab = Lab.open(link)) {
      Transfers transfers = Transfers.start(lab, folder, 80);
      transfers.check(1);
      transfers.check(1_000);
      transfers.check(100_000);
      transfers.check(largest);
      if (link.equals(Link.TINY_SEGMENTS)) {
        long sent = lab.shard().counters().get(Counter.TCP_OUT_SEGS);
        assertThat(sent).isGreaterThan(largest / 88);
      }
    }
  }

  /** The reader takes a tenth of a second for what is sent in a millisecond. */
  @Test
  void arrive_at_a_slow_reader_whose_window_closes() throws IOException {
    try (Lab lab = Lab.open()) {
      Transfers transfers = Transfers.start(lab, folder, 80);
      transfers.checkSlowDownload(5_000_000, "3M");
    }
  }
}
