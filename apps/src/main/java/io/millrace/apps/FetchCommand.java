package io.millrace.apps;

import io.millrace.apps.http.HttpFetch;
import io.millrace.ip.IpAddress;
import io.millrace.name.NameService.Families;
import io.millrace.net.NetStack;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Fetches a page over a stack of its own. */
@Command(
    name = "fetch",
    description = "Fetches a page or file by HTTP over a stack of its own.",
    footer = {
      "",
      "Example, with a web server of the kernel's on the other end:",
      "  sudo ./millrace fetch http://10.77.0.1:8000/ -o page.html --sha256"
    })
final class FetchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private StackOptions stackOptions;

  @Parameters(paramLabel = "URL", description = "What to fetch: http://host[:port]/path")
  private String url;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where to write it. Default: the standard output")
  private Path output;

  @Option(names = "--sha256", description = "Shows the SHA-256 of what came.")
  private boolean sha256;

  @Override
  public Integer call() throws IOException, InterruptedException {
    URI uri = parse(url);
    Path part = output == null ? null : output.resolveSibling(output.getFileName() + ".part");
    try {
      HttpFetch.Result result = fetch(uri, part);
      if (part != null) {
        Files.move(part, output, StandardCopyOption.REPLACE_EXISTING);
      }
      if (result.status() >= 400) {
        throw new Failure("the server answered with status " + result.status());
      }
      return 0;
    } finally {
      if (part != null) {
        Files.deleteIfExists(part);
      }
    }
  }

  private HttpFetch.Result fetch(URI uri, Path part) throws IOException, InterruptedException {
    MessageDigest digest = newDigest();
    PrintWriter err = spec.commandLine().getErr();
    try (OutputStream raw = open(part);
        OutputStream to = sha256 ? new DigestOutputStream(raw, digest) : raw;
        NetStack stack = stackOptions.start()) {
      AtomicLong received = new AtomicLong();
      CompletableFuture<HttpFetch.Result> fetching =
          start(stack, uri, Channels.newChannel(to), (bytes, total) -> received.lazySet(bytes));
      HttpFetch.Result result = await(fetching, received, err);
      double seconds = result.nanos() / 1e9;
      err.printf(
          "status %d, %,d bytes in %.3f s, %.3f Gbit/s%n",
          result.status(), result.bytes(), seconds, result.bytes() * 8 / 1e9 / seconds);
      if (sha256) {
        err.printf("SHA-256 %s%n", HexFormat.of().formatHex(digest.digest()));
      }
      return result;
    }
  }

  /** Lets the stack find and try the server's addresses, unless it has nobody to ask for them. */
  private CompletableFuture<HttpFetch.Result> start(
      NetStack stack, URI uri, WritableByteChannel to, HttpFetch.Progress progress)
      throws InterruptedException {
    var _ = stackOptions.awaitAddresses(stack);
    String host = uri.getHost().replaceAll("[\\[\\]]", "");
    int port = uri.getPort() < 0 ? 80 : uri.getPort();
    // RFC 6874 §4: a zone means nothing to the server.
    String field = uri.getAuthority().replaceFirst("%[^\\]]*", "");
    if (Hosts.literal(stack, host) == null && Hosts.canAsk(stack)) {
      return HttpFetch.get(stack, host, port, field, target(uri), to, progress);
    }
    IpAddress server = Hosts.resolve(stack, host, Families.BOTH);
    return HttpFetch.get(stack, server, port, field, target(uri), to, progress);
  }

  private static OutputStream open(Path part) {
    if (part == null) {
      // Closing it closes nothing: the program still has its standard output then.
      return new FileOutputStream(FileDescriptor.out) {
        @Override
        public void close() {}
      };
    }
    try {
      return Files.newOutputStream(part);
    } catch (IOException e) {
      throw new Failure(part + " cannot be written: " + e.getMessage(), e);
    }
  }

  private static HttpFetch.Result await(
      CompletableFuture<HttpFetch.Result> fetching, AtomicLong received, PrintWriter err)
      throws InterruptedException {
    for (int seconds = 1; ; seconds++) {
      try {
        return fetching.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        if (seconds > 1) {
          err.printf("  %,d bytes after %d s%n", received.get(), seconds);
        }
      } catch (ExecutionException e) {
        throw new Failure(e.getCause().getMessage(), e.getCause());
      }
    }
  }

  private URI parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw wrong("'" + text + "' is not a URL: " + e.getReason());
    }
    if ("https".equals(uri.getScheme())) {
      throw wrong("https is not there: Millrace has no TLS of its own; use http");
    }
    if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
      throw wrong("'" + text + "' is not of the form http://host[:port]/path");
    }
    return uri;
  }

  private picocli.CommandLine.ParameterException wrong(String sentence) {
    return new picocli.CommandLine.ParameterException(spec.commandLine(), sentence);
  }

  private static String target(URI uri) {
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
