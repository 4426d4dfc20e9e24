package io.millrace.transport;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 1982: comparison of numbers that wrap. */
class SerialTest {
  @Property
  void whatIsAheadByLessThanHalfIsGreater(
      @ForAll int a, @ForAll @IntRange(min = 1, max = Integer.MAX_VALUE) int ahead) {
    int b = a + ahead;
    assertThat(Serial.lt(a, b)).isTrue();
    assertThat(Serial.le(a, b)).isTrue();
    assertThat(Serial.gt(b, a)).isTrue();
    assertThat(Serial.ge(b, a)).isTrue();
    assertThat(Serial.lt(b, a)).isFalse();
    assertThat(Serial.le(b, a)).isFalse();
    assertThat(Serial.gt(a, b)).isFalse();
    assertThat(Serial.ge(a, b)).isFalse();
    assertThat(Serial.max(a, b)).isEqualTo(b);
    assertThat(Serial.max(b, a)).isEqualTo(b);
    assertThat(Serial.min(a, b)).isEqualTo(a);
    assertThat(Serial.min(b, a)).isEqualTo(a);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 12345})
  void aNumberIsNeitherBeforeNorBehindItself(int a) {
    assertThat(Serial.lt(a, a)).isFalse();
    assertThat(Serial.gt(a, a)).isFalse();
    assertThat(Serial.le(a, a)).isTrue();
    assertThat(Serial.ge(a, a)).isTrue();
    assertThat(Serial.in(a, a, 0)).isFalse();
    assertThat(Serial.in(a, a, 1)).isTrue();
  }

  @Test
  void wrapsAround() {
    assertThat(Serial.lt(0xffff_fff0, 5)).isTrue();
    assertThat(Serial.max(0xffff_fff0, 5)).isEqualTo(5);
    assertThat(Serial.in(2, 0xffff_fffe, 5)).isTrue();
    assertThat(Serial.in(3, 0xffff_fffe, 5)).isFalse();
  }

  @Property
  void aWindowHoldsExactlyItsNumbers(
      @ForAll int from,
      @ForAll @IntRange(min = 0, max = Integer.MAX_VALUE) int size,
      @ForAll int value) {
    long distance = Integer.toUnsignedLong(value - from);
    assertThat(Serial.in(value, from, size)).isEqualTo(distance < size);
    assertThat(Serial.in(from - 1, from, size)).isFalse();
    assertThat(Serial.in(from + size, from, size)).isFalse();
    if (size > 0) {
      assertThat(Serial.in(from + size - 1, from, size)).isTrue();
    }
  }
}
