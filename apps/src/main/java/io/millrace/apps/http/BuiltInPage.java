package io.millrace.apps.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The page that is served where no folder is given: what Millrace is. */
public final class BuiltInPage {
  private BuiltInPage() {}

  /** The page, in memory that stays. */
  public static HttpConfig.Page page() {
    try (InputStream in = BuiltInPage.class.getResourceAsStream("index.html")) {
      byte[] bytes = in.readAllBytes();
      return new HttpConfig.Page("text/html; charset=utf-8", inMemory(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A copy of {@code bytes} in memory that stays for as long as the program runs. */
  public static MemorySegment inMemory(byte[] bytes) {
    return Arena.global().allocateFrom(ValueLayout.JAVA_BYTE, bytes);
  }
}
