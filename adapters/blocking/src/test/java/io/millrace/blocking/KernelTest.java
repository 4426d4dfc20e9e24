package io.millrace.blocking;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.futures.Datagram;
import io.millrace.futures.FutureTcp;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same calls on the kernel's sockets, over loopback. */
class KernelTest {
  private static final String HOST = "127.0.0.1";

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void echo(BlockingConnection c) throws IOException {
    byte[] data = new byte[4_096];
    int n;
    while ((n = c.read(data)) >= 0) {
      c.write(data, 0, n);
    }
  }

  private static void run(ThreadKind kind, NetStack stack, Code code) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    kind.start(
        stack.shard(0),
        () -> {
          try {
            code.run();
            done.complete(null);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    Await.value(done);
  }

  private interface Code {
    void run() throws Exception;
  }

  @ParameterizedTest
  @EnumSource
  void a_program_runs_on_the_kernels_sockets_as_it_is(ThreadKind kind) throws IOException {
    int port = freePort();
    try (NetStack stack = NetStack.builder().port("kernel:").start()) {
      run(
          kind,
          stack,
          () ->
              assertThatThrownBy(() -> BlockingTcp.connect(stack, HOST, port))
                  .isInstanceOf(ConnectException.class));
      BlockingServer server = BlockingTcp.serve(stack, port, KernelTest::echo);
      run(
          kind,
          stack,
          () -> {
            try (BlockingConnection c = BlockingTcp.connect(stack, HOST, port)) {
              byte[] data = "hello, kernel".repeat(1_000).getBytes(UTF_8);
              c.write(data);
              byte[] answer = new byte[data.length];
              c.readFully(answer);
              assertThat(answer).isEqualTo(data);
              c.readTimeout(Duration.ofMillis(10));
              assertThatThrownBy(() -> c.read(answer)).isInstanceOf(SocketTimeoutException.class);
              c.readTimeout(Duration.ZERO);
              c.shutdownOutput();
              assertThat(c.read(answer)).isEqualTo(-1);
            }
          });
      byte[] echoed =
          Await.value(
              FutureTcp.connect(stack, HOST, port)
                  .thenCompose(
                      c -> c.write("future".getBytes(UTF_8)).thenCompose(_ -> c.readFully(6))));
      assertThat(new String(echoed, UTF_8)).isEqualTo("future");
      server.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void datagrams_go_over_the_kernels_sockets(ThreadKind kind) {
    try (NetStack stack = NetStack.builder().port("kernel:").start()) {
      run(
          kind,
          stack,
          () -> {
            try (BlockingUdpSocket one = BlockingUdp.bind(stack, 0);
                BlockingUdpSocket two = BlockingUdp.bind(stack, 0)) {
              one.send("hello".getBytes(UTF_8), IpAddress.parse(HOST), two.localPort());
              Datagram came = two.receive();
              assertThat(new String(came.data(), UTF_8)).isEqualTo("hello");
              assertThat(came.port()).isEqualTo(one.localPort());
            }
          });
    }
  }
}
