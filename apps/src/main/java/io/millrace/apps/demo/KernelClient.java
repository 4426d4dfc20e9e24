package io.millrace.apps.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A web client on the kernel's own TCP: curl where it is installed, else Java's. Child processes
 * are in the namespace that this process is in.
 */
final class KernelClient {
  private static final int TIMEOUT_SECONDS = 30;

  /** What came back, and how long it took. */
  static final class Answer {
    private final byte[] body;
    private final double seconds;

    Answer(byte[] body, double seconds) {
      this.body = body;
      this.seconds = seconds;
    }

    byte[] body() {
      return body;
    }

    double seconds() {
      return seconds;
    }
  }

  private final boolean curl = find("curl").isPresent();

  boolean isCurl() {
    return curl;
  }

  /** The program of that name on the path. */
  static Optional<Path> find(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      Path file = Path.of(folder, program);
      if (!folder.isEmpty() && Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  Answer get(String url) throws IOException, InterruptedException {
    long started = System.nanoTime();
    byte[] body = curl ? curl(new byte[0], url) : read(open(url));
    return new Answer(body, (System.nanoTime() - started) / 1e9);
  }

  /** Fetches and throws away; the answer's body is empty. */
  Answer drain(String url) throws IOException, InterruptedException {
    long started = System.nanoTime();
    if (curl) {
      curl(new byte[0], "-o", "/dev/null", url);
    } else {
      try (InputStream in = open(url).getInputStream()) {
        in.transferTo(OutputStream.nullOutputStream());
      }
    }
    return new Answer(new byte[0], (System.nanoTime() - started) / 1e9);
  }

  Answer put(String url, byte[] upload) throws IOException, InterruptedException {
    long started = System.nanoTime();
    byte[] body;
    if (curl) {
      body = curl(upload, "-T", "-", url);
    } else {
      HttpURLConnection connection = open(url);
      connection.setDoOutput(true);
      connection.setRequestMethod("PUT");
      connection.setFixedLengthStreamingMode(upload.length);
      try (OutputStream to = connection.getOutputStream()) {
        to.write(upload);
      }
      body = read(connection);
    }
    return new Answer(body, (System.nanoTime() - started) / 1e9);
  }

  private static HttpURLConnection open(String url) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_SECONDS * 1000);
    connection.setReadTimeout(TIMEOUT_SECONDS * 1000);
    return connection;
  }

  private static byte[] read(HttpURLConnection connection) throws IOException {
    try (InputStream in = connection.getInputStream()) {
      return in.readAllBytes();
    }
  }

  private static byte[] curl(byte[] input, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "curl", "-q", "-sS", "-f", "--noproxy", "*", "--max-time", "" + TIMEOUT_SECONDS));
    command.addAll(List.of(arguments));
    return run(input, command);
  }

  /** Runs a program, feeds it and returns what it writes. */
  static byte[] run(byte[] input, List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread feeder =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (OutputStream to = process.getOutputStream()) {
                    to.write(input);
                  } catch (IOException e) {
                    // It ended without reading all: its exit code says whether that is wrong.
                  }
                });
    byte[] output;
    try (InputStream in = process.getInputStream()) {
      output = in.readAllBytes();
    }
    feeder.join();
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    if (process.waitFor() != 0) {
      throw new IOException(
          command.get(0)
              + " failed: "
              + new String(output, java.nio.charset.StandardCharsets.UTF_8).strip());
    }
    return output;
  }
}
