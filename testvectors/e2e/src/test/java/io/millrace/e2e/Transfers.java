package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpFetch;
import io.millrace.apps.http.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Files of random bytes on their way between curl or a web server on the kernel's side and ours,
 * and their digests at both ends.
 */
final class Transfers {
  private static final int KERNEL_PORT = 8000;

  private final Lab lab;
  private final Path folder;

  /** The SHA-256 of the files, by size. */
  private final Map<Long, String> digests = new HashMap<>();

  private final String ours;

  private Transfers(Lab lab, Path folder, int port) {
    this.lab = lab;
    this.folder = folder;
    this.ours = "http://" + Lab.STACK + ":" + port + "/";
  }

  /** Starts a web server on each side, ours on {@code port}; both serve {@code folder}. */
  static Transfers start(Lab lab, Path folder, int port) throws IOException {
    HttpServer.listen(lab.stack(), port, HttpConfig.defaults().withRoot(folder));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    lab.start(
        java.toString(),
        "-Xmx64m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-m",
        "jdk.httpserver",
        "-b",
        Lab.KERNEL,
        "-p",
        "" + KERNEL_PORT,
        "-d",
        folder.toString(),
        "-o",
        "none");
    lab.awaitListener("tcp", KERNEL_PORT);
    return new Transfers(lab, folder, port);
  }

  /** Sends a file of that size in every way there is, and compares digests. */
  void check(long size) throws IOException {
    String digest = digests.computeIfAbsent(size, this::make);
    assertThat(downloadWithCurl(size, "100G"))
        .as("curl from us, %,d bytes", size)
        .isEqualTo(digest);
    assertThat(uploadWithCurl(size)).as("curl to us, %,d bytes", size).contains(digest);
    checkFetch(size);
  }

  /** The same, for our client and the kernel's server only. */
  void checkFetch(long size) {
    String digest = digests.computeIfAbsent(size, this::make);
    assertThat(fetch(size)).as("we from the kernel, %,d bytes", size).isEqualTo(digest);
  }

  private String name(long size) {
    return size + ".bin";
  }

  private String make(long size) {
    Path file = folder.resolve(name(size));
    MessageDigest digest = sha256();
    SplittableRandom random = new SplittableRandom(size);
    byte[] piece = new byte[1 << 16];
    try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), digest)) {
      for (long left = size; left > 0; left -= piece.length) {
        random.nextBytes(piece);
        out.write(piece, 0, (int) Math.min(left, piece.length));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** From us to a curl that takes {@code rate} bytes a second. */
  void checkSlowDownload(long size, String rate) throws IOException {
    String digest = digests.computeIfAbsent(size, this::make);
    assertThat(downloadWithCurl(size, rate)).isEqualTo(digest);
  }

  private String downloadWithCurl(long size, String rate) throws IOException {
    Process curl = lab.start("curl", "-q", "-sS", "-f", "--limit-rate", rate, ours + name(size));
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(curl.getInputStream(), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    assertThat(Lab.exitCode(curl)).as("curl's exit code").isZero();
    return HexFormat.of().formatHex(digest.digest());
  }

  private String uploadWithCurl(long size) {
    return lab.run(
        "curl", "-q", "-sS", "-f", "-T", folder.resolve(name(size)).toString(), ours + "sink");
  }

  private String fetch(long size) {
    MessageDigest digest = sha256();
    var to = new DigestOutputStream(OutputStream.nullOutputStream(), digest);
    HttpFetch.Result result =
        Await.value(
            "a page from the kernel",
            HttpFetch.get(
                lab.stack(),
                Lab.KERNEL_ADDRESS,
                KERNEL_PORT,
                Lab.KERNEL,
                "/" + name(size),
                Channels.newChannel(to),
                (bytes, total) -> {}));
    assertThat(result.status()).isEqualTo(200);
    assertThat(result.bytes()).isEqualTo(size);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
