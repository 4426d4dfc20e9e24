package io.millrace.apps.demo;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** What the demo's server serves: the page, a small file, a large one. */
final class DemoPages {
  static final String FILE = "/4MiB.bin";
  static final String LARGE = "/256MiB.bin";
  private static final int FILE_SIZE = 4 << 20;
  private static final long LARGE_SIZE = 256L << 20;

  private final byte[] file = new byte[FILE_SIZE];
  private final HttpConfig config;

  DemoPages() {
    new Random(25).nextBytes(file);
    MemorySegment large = Arena.global().allocate(LARGE_SIZE, 4096);
    config =
        HttpConfig.defaults()
            .withPage("/", BuiltInPage.page())
            .withPage(
                FILE, new HttpConfig.Page("application/octet-stream", BuiltInPage.inMemory(file)))
            .withPage(LARGE, new HttpConfig.Page("application/octet-stream", large));
  }

  HttpConfig config() {
    return config;
  }

  byte[] file() {
    return file;
  }

  String fileSha256() {
    return sha256(file);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
