package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.http.BuiltInPage;
import io.millrace.apps.http.HttpConfig;
import io.millrace.apps.http.HttpServer;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The Linux kernel in a network namespace of its own, one of our stacks, and a TAP between them
 * over which both speak IPv4 and IPv6. The stack serves a page on port 80 and echoes datagrams on
 * port 7, over both.
 *
 * <p>Closing checks that nothing threw in the stack, and removes everything.
 */
final class DualStackLab implements AutoCloseable {
  static final String DEVICE = "mrd0";
  static final String KERNEL = "2001:db8:97::1";
  static final String STACK = "2001:db8:97::2";
  static final String KERNEL_V4 = "10.97.0.1";
  static final String STACK_V4 = "10.97.0.2";
  static final int ECHO_PORT = 7;

  private final NetworkNamespace kernel;
  private final NetStack stack;

  private DualStackLab(NetworkNamespace kernel, NetStack stack) {
    this.kernel = kernel;
    this.stack = stack;
  }

  /**
   * The kernel and a stack; needs {@link Lab#assume}.
   *
   * @param options of the port, each with a comma in front
   * @param settings what the stack is configured with
   */
  static DualStackLab open(String options, Record... settings) {
    return open(options, List.of(), settings);
  }

  /** The same with a choice of addresses besides those that are given, such as {@code auto}. */
  static DualStackLab open(String options, List<String> choices, Record... settings) {
    List<String> addresses = new ArrayList<>(List.of(STACK + "/64", STACK_V4 + "/24"));
    addresses.addAll(choices);
    NetworkNamespace kernel = NetworkNamespace.create("mrd");
    NetStack stack = null;
    try {
      String port = "tap:%s,netns=%s%s".formatted(DEVICE, kernel.path(), options);
      NetStack.Builder builder =
          NetStack.builder()
              .port(port, addresses.toArray(String[]::new))
              .with(Ipv6Autoconf.defaults().withDadTransmits(0))
              .gateway(KERNEL)
              .gateway(KERNEL_V4);
      for (Record setting : settings) {
        builder.with(setting);
      }
      stack = builder.start();
      DualStackLab lab = new DualStackLab(kernel, stack);
      lab.start();
      return lab;
    } catch (RuntimeException | IOException e) {
      if (stack != null) {
        stack.close();
      }
      kernel.close();
      throw e instanceof RuntimeException known ? known : new UncheckedIOException((IOException) e);
    }
  }

  private void start() throws IOException {
    kernel.run("ip", "address", "add", KERNEL + "/64", "dev", DEVICE, "nodad");
    kernel.run("ip", "address", "add", KERNEL_V4 + "/24", "dev", DEVICE);
    kernel.run("ip", "link", "set", DEVICE, "up");
    HttpServer.listen(stack, 80, HttpConfig.defaults().withPage("/", BuiltInPage.page()));
    shard().execute(() -> Udp.of(shard()).bind(ECHO_PORT, DualStackLab::echo));
    Await.until(
        "the kernel's link-local address",
        () ->
            !kernelLinkLocal().isEmpty()
                && !kernel.run("ip", "-6", "address").contains("tentative"));
  }

  private static void echo(UdpSocket socket, Frame data, long hi, long lo, int port) {
    if (port != 0) { // 0: the sender wants no answer
      socket.sendTo(hi, lo, port, data);
    }
  }

  NetStack stack() {
    return stack;
  }

  Shard shard() {
    return stack.shard(0);
  }

  /** The kernel's side. */
  NetworkNamespace kernel() {
    return kernel;
  }

  /** The kernel's link-local address; empty if it has none yet. */
  String kernelLinkLocal() {
    for (String word : kernel.run("ip", "-6", "address", "show", "dev", DEVICE).split("\\s+")) {
      if (word.startsWith("fe80:")) {
        return word.substring(0, word.indexOf('/'));
      }
    }
    return "";
  }

  /** The stack's link-local address, without a zone. */
  String linkLocal() {
    return Await.ask(
            shard(),
            () ->
                shard().ipv6().addresses().stream()
                    .map(IpPrefix::address)
                    .filter(each -> Ipv6Scope.isLinkLocal(each.hi()))
                    .findFirst()
                    .orElseThrow())
        .toInetAddress()
        .getHostAddress();
  }

  /** An address of the kernel's as the stack writes it, zone included. */
  IpAddress onOurLink(String address) {
    return stack.address(address + "%" + DEVICE);
  }

  /** Runs a command on the kernel's side; returns what it printed. It must succeed. */
  String run(String... command) {
    Lab.Result result = attempt(command);
    assertThat(result.exitCode()).as("%s: %s", String.join(" ", command), result.output()).isZero();
    return result.output();
  }

  /** Runs a command on the kernel's side, for a minute or so at most. */
  Lab.Result attempt(String... command) {
    List<String> bounded = new ArrayList<>(List.of("timeout", "-s", "KILL", "170"));
    bounded.addAll(List.of(command));
    Process process = kernel.start(bounded.toArray(String[]::new));
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Lab.Result(Lab.exitCode(process), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asserts that a page and an echoed datagram come from the stack as if nothing had been. */
  void assertServes() {
    assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions in the stack").isZero();
    for (String host : List.of("[" + STACK + "]", STACK_V4)) {
      String page = run("curl", "-g", "-q", "-sS", "-f", "-m", "60", "http://" + host + "/");
      assertThat(page).as("the page from %s", host).contains("</html>");
    }
  }

  /** The frames that are in the stack's pool. */
  int freeFrames() {
    return Await.ask(shard(), () -> shard().pool().available());
  }

  @Override
  public void close() {
    try {
      stack.close();
    } finally {
      kernel.close();
    }
    assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions in the stack").isZero();
  }
}
