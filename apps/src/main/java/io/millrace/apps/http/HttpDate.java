package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The time of day as HTTP writes it (RFC 9110 §5.6.7), made anew at most once a second.
 * <b>Thread:</b> the shard's.
 */
final class HttpDate {
  /** The length of a date in bytes. */
  static final int LENGTH = 29;

  private static final long SECOND = 1_000_000_000L;
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

  private final InstantSource source;
  private byte[] text = new byte[LENGTH];
  private long second;
  private long madeAt;

  HttpDate(InstantSource source, long now) {
    this.source = source;
    make(now);
  }

  /** Looks at the clock if the last look is a second ago; {@code now} is the shard's time in ns. */
  void update(long now) {
    if (now - madeAt >= SECOND) {
      make(now);
    }
  }

  private void make(long now) {
    madeAt = now;
    var instant = source.instant();
    second = instant.getEpochSecond();
    text = FORMAT.format(instant.atOffset(ZoneOffset.UTC)).getBytes(US_ASCII);
  }

  /** The second that the text stands for, since 1970. */
  long second() {
    return second;
  }

  void copyTo(byte[] to, int at) {
    System.arraycopy(text, 0, to, at, LENGTH);
  }
}
