package io.millrace.buf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** CRC32c over off-heap memory: the known check value, and the JDK's own over arrays. */
class Crc32cTest {
  @Test
  void theCheckValueOfTheCatalogue() {
    try (Region region = Region.allocate(4_096, false)) {
      byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
      Bytes.copyIn(digits, 0, region.address() + 7, digits.length);
      assertThat(new Crc32c(region).compute(region.address() + 7, 9)).isEqualTo(0xe306_9283);
    }
  }

  @Test
  void thirtyTwoZeroBytesAsInRfc3720() {
    try (Region region = Region.allocate(4_096, false)) {
      assertThat(new Crc32c(region).compute(region.address(), 32)).isEqualTo(0x8a91_36aa);
    }
  }

  @Property(tries = 300)
  void agreesWithTheJdk(
      @ForAll @Size(max = 500) byte[] bytes, @ForAll @IntRange(min = 0, max = 9) int at) {
    try (Region region = Region.allocate(4_096, false)) {
      Crc32c crc = new Crc32c(region);
      Bytes.copyIn(bytes, 0, region.address() + at, bytes.length);
      CRC32C expected = new CRC32C();
      expected.update(bytes);
      for (int again = 0; again < 2; again++) {
        assertThat(crc.compute(region.address() + at, bytes.length))
            .isEqualTo((int) expected.getValue());
      }
    }
  }

  @Test
  void memoryOutsideOfTheRegionIsRefused() {
    try (Region region = Region.allocate(4_096, false)) {
      Crc32c crc = new Crc32c(region);
      assertThatThrownBy(() -> crc.compute(region.address() + 4_090, 7))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
