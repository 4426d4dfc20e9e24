package io.millrace.apps;

import io.millrace.ip.AddressChoice;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.util.function.Supplier;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * From the words of a command line to values, with the sentence of the value's own parser if they
 * are wrong.
 */
final class Converters {
  private Converters() {}

  /** An address with its network, {@code 10.0.0.2/24}, or a word for how to get one. */
  static final class PortAddress implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (AddressChoice.of(text) == null) {
        checked(() -> IpPrefix.parse(text));
      }
      return text;
    }
  }

  /** {@code 10.0.0.1} or {@code 2001:db8::1}. */
  static final class Address implements ITypeConverter<IpAddress> {
    @Override
    public IpAddress convert(String text) {
      return checked(() -> IpAddress.parse(text));
    }
  }

  private static <T> T checked(Supplier<T> parser) {
    try {
      return parser.get();
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** A transport port, 1 to 65535. */
  static final class TransportPort implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (text.matches("[0-9]{1,5}")) {
        int port = Integer.parseInt(text);
        if (port >= 1 && port <= 65_535) {
          return port;
        }
      }
      throw new TypeConversionException("'" + text + "' is not a port number from 1 to 65535");
    }
  }

  /** A number of at least one. */
  static final class Positive implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      if (text.matches("[0-9]{1,18}") && !text.matches("0+")) {
        return Long.parseLong(text);
      }
      throw new TypeConversionException("'" + text + "' is not a whole number of at least 1");
    }
  }

  /** A number of bytes: {@code 128K}; K, M and G are powers of 1024. */
  static final class Size implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      return scaled(text, 1_024, "bytes, such as 1000, 128K or 10M");
    }
  }

  /** A number of bits per second: {@code 100M}; K, M and G are powers of 1000. */
  static final class Rate implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      return scaled(text, 1_000, "bits per second, such as 500K, 100M or 1G");
    }
  }

  private static long scaled(String text, int step, String what) {
    if (!text.matches("[0-9]{1,12}(\\.[0-9]{1,6})?[kKmMgG]?")) {
      throw new TypeConversionException("'" + text + "' is not a number of " + what);
    }
    int last = text.length() - 1;
    int power = "kmg".indexOf(Character.toLowerCase(text.charAt(last))) + 1;
    double number = Double.parseDouble(power == 0 ? text : text.substring(0, last));
    return (long) (number * Math.pow(step, power));
  }
}
