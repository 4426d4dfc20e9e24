package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.VethPair;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The Linux kernel in a network namespace of its own, one of our stacks, and a TAP or a veth
 * between them.
 *
 * <p>Closing checks that nothing threw in the stack, and removes everything.
 */
final class Lab implements AutoCloseable {
  static final String KERNEL = "10.99.0.1";
  static final String STACK = "10.99.0.2";
  static final IpAddress KERNEL_ADDRESS = IpAddress.parse(KERNEL);
  static final String DEVICE = "mre0";

  /** Whether the sizes of the long variants are asked for. */
  static final boolean FULL = "full".equals(System.getProperty("millrace.interop"));

  private static final Map<String, String> PACKAGES =
      Map.ofEntries(
          Map.entry("atk6-implementation6", "thc-ipv6"),
          Map.entry("ping", "iputils-ping"),
          Map.entry("nc", "netcat-openbsd"),
          Map.entry("nft", "nftables"),
          Map.entry("dnsmasq", "dnsmasq-base"),
          Map.entry("ssh", "openssh-client"),
          Map.entry("sshd", "openssh-server"),
          Map.entry("rdisc6", "ndisc6"),
          Map.entry("traceroute6", "traceroute"),
          Map.entry("kea-dhcp6", "kea-dhcp6-server"),
          Map.entry("ip", "iproute2"));

  /** The stack's end of a veth. */
  private static final String STACK_DEVICE = "mre1";

  private final NetworkNamespace namespace;

  /** Where the stack's end of a veth is; null with a TAP. */
  private final NetworkNamespace stackNamespace;

  private final VethPair veth;

  private final List<Process> started = new ArrayList<>();
  private final NetStack stack;

  private Lab(
      NetworkNamespace namespace, NetworkNamespace stackNamespace, VethPair veth, NetStack stack) {
    this.namespace = namespace;
    this.stackNamespace = stackNamespace;
    this.veth = veth;
    this.stack = stack;
  }

  /** Skips the calling test, saying what is missing, where it cannot be run. */
  static void assume(String... tools) {
    NetworkNamespace.assumeAvailable();
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "there is no /dev/net/tun for a TAP device");
    assumeInstalled(tools);
  }

  /** The same for a test that needs nothing but these commands. */
  static void assumeInstalled(String... tools) {
    for (String tool : tools) {
      assumeTrue(
          isInstalled(tool),
          "'" + tool + "' is not installed: apt install " + PACKAGES.getOrDefault(tool, tool));
    }
  }

  static void assumeTrue(boolean condition, String reason) {
    if (!condition) {
      System.out.println("skipped: " + reason);
    }
    Assumptions.assumeTrue(condition, reason);
  }

  private static boolean isInstalled(String tool) {
    for (String folder :
        System.getenv().getOrDefault("PATH", "/usr/bin").split(File.pathSeparator, -1)) {
      if (Files.isExecutable(Path.of(folder, tool))) {
        return true;
      }
    }
    return false;
  }

  /** The kernel and a stack with default settings; needs {@link #assume}. */
  static Lab open() {
    return open(Link.DEFAULT);
  }

  /** The kernel and a stack on such a link, with what the stack is configured with. */
  static Lab open(Link link, Record... settings) {
    boolean tap = link.driver().equals("tap");
    NetworkNamespace namespace = NetworkNamespace.create("mre");
    NetworkNamespace stackNamespace = null;
    VethPair veth = null;
    try {
      if (!tap) {
        stackNamespace = NetworkNamespace.create("mre");
        veth = makeVeth(namespace, stackNamespace, link);
      }
      namespace.withoutIpv6();
      String port =
          tap
              ? "tap:%s,netns=%s,address=%s/24".formatted(DEVICE, namespace.path(), KERNEL)
              : "%s:%s,netns=%s".formatted(link.driver(), STACK_DEVICE, stackNamespace.path());
      NetStack.Builder builder =
          NetStack.builder()
              .port(link.options().isEmpty() ? port : port + "," + link.options(), STACK + "/24")
              .shards(link.shards())
              .gateway(KERNEL);
      for (Record setting : settings) {
        builder.with(setting);
      }
      NetStack stack = builder.start();
      try {
        for (String command : link.kernel()) {
          namespace.run("sh", "-c", command);
        }
        return new Lab(namespace, stackNamespace, veth, stack);
      } catch (RuntimeException e) {
        stack.close();
        throw e;
      }
    } catch (RuntimeException e) {
      namespace.close();
      if (stackNamespace != null) {
        stackNamespace.close();
      }
      throw e;
    }
  }

  private static VethPair makeVeth(NetworkNamespace kernel, NetworkNamespace stack, Link link) {
    VethPair veth = VethPair.create(kernel, DEVICE, stack, STACK_DEVICE, link.shards());
    stack.withoutIpv6();
    veth.left().address(KERNEL + "/24");
    return veth.mtu(link.mtu()).up();
  }

  /** The cable between the kernel, left, and the stack. */
  VethPair veth() {
    return veth;
  }

  /** The kernel's side, for what is put behind it. */
  NetworkNamespace namespace() {
    return namespace;
  }

  NetStack stack() {
    return stack;
  }

  Shard shard() {
    return stack.shard(0);
  }

  /** Runs a command on the kernel's side; returns what it printed. It must succeed. */
  String run(String... command) {
    Result result = attempt(command);
    assertThat(result.exitCode()).as("%s: %s", String.join(" ", command), result.output()).isZero();
    return result.output();
  }

  /**
   * How a command ended.
   *
   * @param output what it wrote to both its outputs
   */
  record Result(int exitCode, String output) {}

  /** Runs a command on the kernel's side, without an input. */
  Result attempt(String... command) {
    Process process = start(command);
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Result(exitCode(process), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a command on the kernel's side. It is ended with the lab at the latest. */
  Process start(String... command) {
    Process process = namespace.start(command);
    started.add(process);
    // Ends a command that hangs, so that those who read from it see its end.
    var _ =
        process
            .onExit()
            .orTimeout(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)
            .exceptionally(
                timedOut -> {
                  kill(process);
                  return process;
                });
    return process;
  }

  /** Waits for a command to end. */
  static int exitCode(Process process) {
    return Await.value(
            "the end of " + process.info().commandLine().orElse("a command"), process.onExit())
        .exitValue();
  }

  /** Ends a command and its children in the hardest way (SIGKILL). */
  static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /**
   * Starts a command whose input is these bytes. From a file: the end of a pipe is a signal of its
   * own beside its last bytes, and netcat sometimes heeds it first and loses them.
   */
  Process startWith(byte[] input, String... command) {
    try {
      Path file = Files.createTempFile("millrace-input", null);
      file.toFile().deleteOnExit();
      Files.write(file, input);
      List<String> all = new ArrayList<>();
      Collections.addAll(all, "sh", "-c", "input=$1; shift; exec \"$@\" <\"$input\"", "sh");
      all.add(file.toString());
      Collections.addAll(all, command);
      return start(all.toArray(String[]::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until something on the kernel's side listens to a port. */
  void awaitListener(String protocol, int port) {
    String filter = "sport = :" + port;
    Await.until(
        "a " + protocol + " listener on port " + port,
        () -> {
          String sockets = namespace.run("ss", "-H", "-n", "-a", "--" + protocol, filter);
          return !sockets.isBlank();
        });
  }

  /** Asserts that nothing that came has made the stack throw. */
  void assertNothingThrown() {
    assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions in the stack").isZero();
  }

  @Override
  public void close() {
    try {
      started.forEach(Lab::kill);
      stack.close();
    } finally {
      namespace.close();
      if (stackNamespace != null) {
        stackNamespace.close();
      }
    }
    assertNothingThrown();
  }
}
