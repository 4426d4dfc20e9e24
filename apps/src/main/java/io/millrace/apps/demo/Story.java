package io.millrace.apps.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.apps.CounterTable;
import io.millrace.apps.Failure;
import io.millrace.apps.http.HttpFetch;
import io.millrace.apps.http.HttpServer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What the demo does, told as it happens. */
final class Story {
  private static final String KERNEL = "10.77.0.1";
  private static final String OURS = "10.77.0.2";
  private static final String TAP = "tap:mr0,address=" + KERNEL + "/24";
  private static final String URL = "http://" + OURS;
  private static final int LINES = 6;

  private final PrintWriter out;
  private final Path capture;
  private final int seconds;
  private final int connections;
  private final DemoPages pages = new DemoPages();

  Story(PrintWriter out, Path capture, int seconds, int connections) {
    this.out = out;
    this.capture = capture;
    this.seconds = seconds;
    this.connections = connections;
  }

  // ---- the kernel on the other end ----

  /** The server on a TAP in the namespace that this process is in; the client is the kernel. */
  void withKernel(String namespace) throws IOException, InterruptedException {
    KernelClient client = new KernelClient();
    try (NetStack stack = start(TAP + ",capture=" + capture, OURS)) {
      HttpServer.listen(stack, 80, pages.config());
      say("1  Two TCP/IP stacks, one wire: the TAP device mr0");
      out.printf(
          "     the kernel    %-10s  in a network namespace of its own (%s)%n", KERNEL, namespace);
      out.printf(
          "     Millrace      %-10s  this process, in Java: a web server on port 80%n", OURS);
      ping();
      pageByKernel(client);
      filesByKernel(client);
      say("5  What Millrace has seen");
      count(stack);
    }
    told();
    try (NetStack stack = start(TAP, OURS)) {
      HttpServer.listen(stack, 80, pages.config());
      say("6  How fast, without the capture (kernel and load share this machine's CPUs)");
      warmUp(
          () -> new KernelLoad(new InetSocketAddress(OURS, 80), connections, "/").run(1, n -> {}));
      KernelClient.Answer large = client.drain(URL + DemoPages.LARGE);
      rate("one download of 256 MiB", 256L << 20, large.seconds());
      KernelLoad load = new KernelLoad(new InetSocketAddress(OURS, 80), connections, "/");
      told(load.run(seconds, this::second));
      count(stack);
    }
  }

  private void ping() throws InterruptedException {
    if (KernelClient.find("ping").isEmpty()) {
      say("2  ping: not installed here (apt install iputils-ping), left out");
      return;
    }
    say("2  The kernel's ping");
    try {
      String answer =
          new String(
              KernelClient.run(new byte[0], List.of("ping", "-c", "3", "-i", "0.2", OURS)), UTF_8);
      answer
          .lines()
          .filter(line -> line.contains("bytes from") || line.contains("packets"))
          .forEach(this::quote);
    } catch (IOException e) {
      out.printf("     %s%n", e.getMessage());
    }
  }

  private void pageByKernel(KernelClient client) throws IOException, InterruptedException {
    String how =
        client.isCurl()
            ? "curl "
            : "Java's client on kernel sockets (curl is not installed: apt install curl), ";
    say("3  The page, fetched by the kernel: " + how + URL + "/");
    KernelClient.Answer page = client.get(URL + "/");
    show(page.body());
    out.printf("     (%,d bytes in %.1f ms)%n", page.body().length, page.seconds() * 1e3);
  }

  private void filesByKernel(KernelClient client) throws IOException, InterruptedException {
    say("4  A file of 4 MiB, both ways");
    KernelClient.Answer down = client.get(URL + DemoPages.FILE);
    compare("down", DemoPages.sha256(down.body()), down.seconds());
    KernelClient.Answer up = client.put(URL + "/sink", pages.file());
    compare("up", new String(up.body(), UTF_8).replaceFirst(" .*\n", ""), up.seconds());
  }

  // ---- a wire in memory ----

  /** Server and client are two stacks of this process. */
  void inMemory() throws IOException, InterruptedException {
    out.println("So the client is a second Millrace stack, over a wire in memory.");
    IpAddress server = IpAddress.parse(OURS);
    try (NetStack stack = start("mem:demo,capture=" + capture, OURS);
        NetStack client = start("mem:demo", KERNEL)) {
      HttpServer.listen(stack, 80, pages.config());
      say("1  Two TCP/IP stacks in this process, one wire between them");
      out.printf(
          "     client        %-10s%n     server        %-10s  a web server on port 80%n",
          KERNEL, OURS);
      say("2  The page, fetched by the client: " + URL + "/");
      show(fetch(client, server, "/").body());
      say("3  A file of 4 MiB");
      KernelClient.Answer down = fetch(client, server, DemoPages.FILE);
      compare("down", DemoPages.sha256(down.body()), down.seconds());
      say("4  What the server's stack has seen");
      count(stack);
    }
    told();
    try (NetStack stack = start("mem:demo", OURS);
        NetStack client = start("mem:demo", KERNEL)) {
      HttpServer.listen(stack, 80, pages.config());
      say("5  How fast, without the capture (two threads on this machine's CPUs)");
      warmUp(() -> new StackLoad(client, server, connections, "/").run(1, n -> {}));
      long started = System.nanoTime();
      get(client, server, DemoPages.LARGE, OutputStream.nullOutputStream());
      rate("one download of 256 MiB", 256L << 20, (System.nanoTime() - started) / 1e9);
      told(new StackLoad(client, server, connections, "/").run(seconds, this::second));
      count(stack);
    }
  }

  private static KernelClient.Answer fetch(NetStack client, IpAddress server, String target)
      throws InterruptedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    long started = System.nanoTime();
    get(client, server, target, body);
    return new KernelClient.Answer(body.toByteArray(), (System.nanoTime() - started) / 1e9);
  }

  private static void get(NetStack client, IpAddress server, String target, OutputStream to)
      throws InterruptedException {
    try {
      HttpFetch.get(client, server, 80, OURS, target, Channels.newChannel(to), (bytes, total) -> {})
          .get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new Failure("fetching " + target + ": " + e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new Failure("fetching " + target + " takes more than a minute", e);
    }
  }

  // ---- telling ----

  private static NetStack start(String port, String address) {
    return NetStack.builder().port(port, address + "/24").start();
  }

  private void say(String title) {
    out.printf("%n%s%n", title);
    out.flush();
  }

  private void quote(String line) {
    out.printf("     %s%n", line);
  }

  /** The page as a person would read it. */
  private void show(byte[] html) {
    String text = new String(html, UTF_8);
    Optional<String> body = text.lines().skip(1).reduce((a, b) -> a + "\n" + b);
    String plain =
        body.orElse("").replaceAll("(?s)<(style|title|svg).*?</\\1>", "").replaceAll("<[^>]*>", "");
    plain
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .limit(LINES)
        .forEach(line -> out.printf("     | %s%n", line));
  }

  private void compare(String direction, String sum, double time) {
    String verdict =
        sum.equals(pages.fileSha256()) ? "the same" : "NOT THE SAME as sent: " + pages.fileSha256();
    out.printf(
        "     %-5s SHA-256 %s...  %s  (%.0f ms)%n",
        direction, sum.substring(0, 16), verdict, time * 1e3);
    if (!sum.equals(pages.fileSha256())) {
      throw new Failure("the file did not arrive as it was sent");
    }
  }

  private void rate(String what, long bytes, double time) {
    out.printf("     %-28s %8.2f Gbit/s%n", what, bytes * 8 / 1e9 / time);
    out.flush();
  }

  private void second(long requests) {
    out.printf("     %-28s %,8d requests/s ...%n", connections + " connections", requests);
    out.flush();
  }

  private void told(LoadResult load) {
    out.printf(
        "     %-28s %,8.0f requests/s, half within %.0f µs, 99 %% within %.0f µs, %,d errors%n",
        "all together",
        load.requests() / load.seconds(),
        load.medianMicros(),
        load.p99Micros(),
        load.errors());
  }

  private void count(NetStack stack) {
    CounterTable.of(stack).lines().forEach(line -> out.printf("   %s%n", line));
    out.flush();
  }

  private void told() {
    out.printf("%n     Every packet of it is in %s: open it with Wireshark.%n", capture);
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void warmUp(Work work) throws IOException, InterruptedException {
    out.printf("     (one second for the JVM to warm up)%n");
    out.flush();
    work.run();
  }
}
