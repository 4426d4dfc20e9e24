package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.udp.SendResult;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel in a network namespace, one of our stacks, a TAP device between them, and IPv6 on it.
 * Closing removes everything and checks that nothing threw in the stack.
 */
final class Ipv6Lab implements AutoCloseable {
  static final String KERNEL = "2001:db8:97::1";
  static final String STACK = "2001:db8:97::2";
  static final String DEVICE = "mrus0";

  private final NetworkNamespace kernel;
  private final NetStack stack;
  private final List<Process> started = new ArrayList<>();

  private Ipv6Lab(NetworkNamespace kernel, NetStack stack) {
    this.kernel = kernel;
    this.stack = stack;
  }

  /**
   * Starts both; needs {@link Lab#assume}.
   *
   * @param options of the port, each with a comma in front
   * @param on where the kernel has its address: the TAP device, or a bridge that it is made part of
   */
  static Ipv6Lab open(String options, String on, String... commands) {
    NetworkNamespace kernel = NetworkNamespace.create("mrus");
    try {
      NetStack stack =
          NetStack.builder()
              .port("tap:%s,netns=%s%s".formatted(DEVICE, kernel.path(), options), STACK + "/64")
              .gateway(KERNEL)
              .with(Ipv6Autoconf.defaults().withDadTransmits(0))
              .start();
      try {
        for (String command : commands) {
          kernel.run("sh", "-c", command);
        }
        kernel.run("ip", "address", "add", KERNEL + "/64", "dev", on, "nodad");
        kernel.run("ip", "link", "set", DEVICE, "up");
        kernel.run("ip", "link", "set", on, "up");
        Await.until(
            "the kernel's addresses are its own",
            () -> {
              String all = kernel.run("ip", "-6", "address", "show", "dev", on);
              return all.contains("fe80:") && !all.contains("tentative");
            });
        return new Ipv6Lab(kernel, stack);
      } catch (RuntimeException e) {
        stack.close();
        throw e;
      }
    } catch (RuntimeException e) {
      kernel.close();
      throw e;
    }
  }

  NetworkNamespace kernel() {
    return kernel;
  }

  NetStack stack() {
    return stack;
  }

  Shard shard() {
    return stack.shard(0);
  }

  /** Starts a Python program on the kernel's side and waits until it says that it is ready. */
  Process python(String program, String... arguments) throws java.io.IOException {
    List<String> command = new ArrayList<>(List.of("python3", "-c", program));
    command.addAll(List.of(arguments));
    Process process = kernel.start(command.toArray(String[]::new));
    started.add(process);
    assertThat(process.inputReader().readLine()).isEqualTo("ready");
    return process;
  }

  SendResult send(UdpSocket socket, String to, int port, byte[] bytes) {
    return Await.ask(
        shard(),
        () -> {
          MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, bytes.length));
          memory.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
          WrappedBuffer data = WrappedBuffer.of(memory.asSlice(0, bytes.length));
          return socket.sendTo(IpAddress.parse(to), port, data, 0, bytes.length);
        });
  }

  @Override
  public void close() {
    try {
      started.forEach(Lab::kill);
      stack.close();
    } finally {
      kernel.close();
    }
    assertThat(stack.count(Counter.EXCEPTIONS)).as("exceptions in the stack").isZero();
  }
}
