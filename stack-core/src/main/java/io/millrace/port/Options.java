package io.millrace.port;

import io.millrace.spi.PortException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;

/** Reads the decorators' options in the units that people write: percent, time, bit rate. */
final class Options {
  private static final String NUMBER = "[0-9]{1,12}(\\.[0-9]{1,9})?";
  private static final BigDecimal HOUR_NANOS = BigDecimal.valueOf(3_600_000_000_000L);
  private static final BigDecimal TERABIT = BigDecimal.valueOf(1_000_000_000_000L);

  private final Map<String, String> options;

  Options(Map<String, String> options) {
    this.options = options;
  }

  boolean has(String key) {
    return options.containsKey(key);
  }

  String text(String key) {
    return options.get(key);
  }

  /** A share as a number from 0 to 1; 0 if it is not given. */
  double percent(String key) {
    String text = options.get(key);
    if (text == null) {
      return 0;
    }
    if (text.matches(NUMBER + "%")) {
      double value = Double.parseDouble(text.substring(0, text.length() - 1));
      if (value <= 100) {
        return value / 100;
      }
    }
    throw wrong(key, "a percentage from 0% to 100%, for example 2%");
  }

  /** A time in nanoseconds, at most an hour; 0 if it is not given. */
  long duration(String key) {
    String text = options.get(key);
    if (text == null) {
      return 0;
    }
    if (text.matches(NUMBER + "(ns|us|ms|s)")) {
      int digits = text.endsWith("ns") ? 0 : text.endsWith("us") ? 3 : text.endsWith("ms") ? 6 : 9;
      BigDecimal nanos = number(text, digits == 9 ? 1 : 2).scaleByPowerOfTen(digits);
      if (nanos.compareTo(HOUR_NANOS) <= 0) {
        return nanos.setScale(0, RoundingMode.HALF_UP).longValueExact();
      }
    }
    throw wrong(key, "a time of at most an hour with its unit (ns, us, ms, s), for example 5ms");
  }

  /** A rate in bits per second, at least 1; 0 if it is not given. */
  long rate(String key) {
    String text = options.get(key);
    if (text == null) {
      return 0;
    }
    if (text.matches(NUMBER + "[kmg]?bit")) {
      int unit = "kmg".indexOf(text.charAt(text.length() - 4)) + 1;
      BigDecimal bits = number(text, unit == 0 ? 3 : 4).scaleByPowerOfTen(unit * 3);
      if (bits.compareTo(BigDecimal.ONE) >= 0 && bits.compareTo(TERABIT) <= 0) {
        return bits.longValue();
      }
    }
    throw wrong(
        key,
        "a rate from 1bit to 1000gbit with its unit (bit, kbit, mbit, gbit), for example 100mbit");
  }

  /** A whole number, or {@code otherwise} if it is not given. */
  long number(String key, long otherwise, long least, long most) {
    String text = options.get(key);
    if (text == null) {
      return otherwise;
    }
    if (text.matches("-?[0-9]{1,18}")) {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    }
    throw wrong(key, "a whole number from " + least + " to " + most);
  }

  /** Refuses {@code key} where {@code needed} is not given. */
  void needs(String key, String needed) {
    if (has(key) && !has(needed)) {
      throw new PortException("option " + key + " means nothing without the option " + needed);
    }
  }

  PortException wrong(String key, String give) {
    return new PortException("option " + key + "=" + options.get(key) + ": give " + give);
  }

  private static BigDecimal number(String text, int unitLength) {
    return new BigDecimal(text.substring(0, text.length() - unitLength));
  }
}
