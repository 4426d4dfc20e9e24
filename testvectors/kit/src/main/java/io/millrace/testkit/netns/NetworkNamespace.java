package io.millrace.testkit.netns;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/**
 * A network namespace of a test's own: an empty network stack of the kernel's, with the loopback
 * up.
 *
 * <pre>{@code
 * NetworkNamespace.assumeAvailable();
 * try (NetworkNamespace namespace = NetworkNamespace.create("tap")) {
 *   namespace.run("ip", "addr", "add", "10.0.0.1/24", "dev", "tap0");
 * }
 * }</pre>
 *
 * <p>Closing ends the processes that were started through it, and theirs, and removes the namespace
 * with its devices. <b>Thread:</b> one at a time.
 */
public final class NetworkNamespace implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final int SECONDS = 120;

  /** Null until it was tried, then empty, or the reason why there are no namespaces to be had. */
  private static String unavailable;

  private final String name;
  private final List<Process> started = new ArrayList<>();
  private boolean closed;

  private NetworkNamespace(String name) {
    this.name = name;
  }

  /** Why no namespace can be made here, in one sentence; empty if one can. Tried once. */
  public static synchronized String whyUnavailable() {
    if (unavailable == null) {
      try {
        create("probe").close();
        unavailable = "";
      } catch (IllegalStateException e) {
        unavailable = e.getMessage();
      }
    }
    return unavailable;
  }

  /** Skips the calling test where no namespace can be made, and prints why. */
  public static void assumeAvailable() {
    String reason = whyUnavailable();
    if (!reason.isEmpty()) {
      System.out.println("skipped: " + reason);
    }
    Assumptions.assumeTrue(reason.isEmpty(), reason);
  }

  /**
   * Makes a namespace.
   *
   * @param prefix what its name begins with, behind {@code millrace-}; a number that is free
   *     follows
   * @throws IllegalStateException with a sentence if it cannot be made
   */
  public static NetworkNamespace create(String prefix) {
    String name =
        "millrace-" + prefix + "-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    Outcome made;
    try {
      made = execute(List.of("ip", "netns", "add", name));
    } catch (UncheckedIOException e) {
      throw new IllegalStateException(
          "network namespaces need the tool 'ip': apt install iproute2", e);
    }
    if (made.exitCode != 0) {
      // 'ip' leaves its mount point behind when it may not mount.
      execute(List.of("ip", "netns", "del", name));
      throw new IllegalStateException(
          "no network namespace can be made; that needs root: " + made.output.strip());
    }
    NetworkNamespace namespace = new NetworkNamespace(name);
    namespace.run("ip", "link", "set", "lo", "up");
    return namespace;
  }

  /** The name that {@code ip netns} knows it by. */
  public String name() {
    return name;
  }

  /** The file that stands for it, for {@code setns(2)}. */
  public String path() {
    return "/run/netns/" + name;
  }

  /**
   * Runs a command in the namespace and waits for it, for two minutes at most.
   *
   * @return what it wrote to both its outputs
   * @throws IllegalStateException with its output if it fails or does not end
   */
  public String run(String... command) {
    Outcome outcome = execute(inside(command));
    if (outcome.exitCode != 0) {
      throw new IllegalStateException(
          String.join(" ", command) + ": exit code " + outcome.exitCode + ": " + outcome.output);
    }
    return outcome.output;
  }

  /** Starts a command in the namespace, which ends with the namespace at the latest. */
  public Process start(String... command) {
    try {
      Process process = new ProcessBuilder(inside(command)).redirectErrorStream(true).start();
      started.add(process);
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Turns IPv6 off in the namespace, so that the kernel sends nothing of its own accord. */
  public void withoutIpv6() {
    run("sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done");
  }

  private List<String> inside(String... command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
    all.addAll(List.of(command));
    return all;
  }

  private record Outcome(int exitCode, String output) {}

  private static Outcome execute(List<String> command) {
    Process process = null;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      Process running = process;
      Thread watch =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      if (!running.waitFor(SECONDS, TimeUnit.SECONDS)) {
                        end(running);
                      }
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      int exitCode = process.waitFor();
      watch.interrupt();
      return new Outcome(exitCode, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      end(process);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + command, e);
    }
  }

  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Process process : started) {
      end(process);
      process.onExit().join();
    }
    Outcome removed = execute(List.of("ip", "netns", "del", name));
    if (removed.exitCode != 0) {
      throw new IllegalStateException("ip netns del " + name + ": " + removed.output);
    }
  }
}
