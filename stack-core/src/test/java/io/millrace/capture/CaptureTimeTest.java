package io.millrace.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Time stamps of every resolution against arithmetic of any precision. */
class CaptureTimeTest {
  @Property
  void agreesWithExactArithmetic(
      @ForAll long units, @ForAll @IntRange(min = 0, max = 255) int resolution) {
    BigDecimal seconds = new BigDecimal(new BigInteger(Long.toUnsignedString(units)));
    int exponent = resolution & 0x7f;
    BigDecimal exact =
        resolution < 0x80
            ? seconds.scaleByPowerOfTen(9 - exponent)
            : seconds
                .scaleByPowerOfTen(9)
                .divide(new BigDecimal(BigInteger.ONE.shiftLeft(exponent)));
    BigInteger floor = exact.setScale(0, RoundingMode.FLOOR).toBigInteger();
    // Resolutions finer than 10^-27 s are of no clock; they all read as zero.
    long expected =
        resolution < 0x80 && exponent > 27
            ? 0
            : floor.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact();
    assertThat(CaptureTime.nanos(units, resolution, 0)).isEqualTo(expected);
  }

  @Property
  void anOffsetMovesTheTimeAndNeverWraps(@ForAll long units, @ForAll long offset) {
    long nanos = CaptureTime.nanos(units, 9, offset);
    BigInteger exact =
        BigInteger.valueOf(units < 0 ? Long.MAX_VALUE : units)
            .add(BigInteger.valueOf(offset).multiply(BigInteger.valueOf(1_000_000_000)));
    if (exact.bitLength() <= 63) {
      boolean productFits =
          BigInteger.valueOf(offset).multiply(BigInteger.valueOf(1_000_000_000)).bitLength() <= 63;
      assertThat(nanos).isEqualTo(productFits ? exact.longValueExact() : Long.MIN_VALUE);
    } else {
      assertThat(nanos).isEqualTo(offset < 0 ? Long.MIN_VALUE : Long.MAX_VALUE);
    }
  }
}
