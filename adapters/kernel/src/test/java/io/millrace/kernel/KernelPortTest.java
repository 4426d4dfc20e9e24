package io.millrace.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.spi.PortException;
import io.millrace.tcp.Tcp;
import io.millrace.time.ShardClock;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import org.junit.jupiter.api.Test;

/** What the port {@code kernel:} is, and with what it cannot be combined. */
class KernelPortTest {
  private static void assertRefused(NetStack.Builder builder, String words) {
    assertThatThrownBy(builder::start)
        .isInstanceOf(PortException.class)
        .hasMessageContaining(words);
  }

  private static NetStack.Builder builder(String port) {
    return NetStack.builder().driven(ShardClock.system()).port(port);
  }

  private static NetStack start() {
    return builder("kernel:").start();
  }

  @Test
  void a_shard_has_the_kernels_transports_and_no_interface() {
    try (NetStack stack = start()) {
      assertThat(Tcp.of(stack.shard(0))).isInstanceOf(KernelTcp.class);
      assertThat(Udp.of(stack.shard(0))).isInstanceOf(KernelUdp.class);
      assertThat(stack.shard(0).interfaceCount()).isZero();
      assertThat(stack.ports()).extracting(each -> each.name()).containsExactly("kernel:");
    }
  }

  @Test
  void it_has_neither_a_target_nor_options() {
    assertRefused(builder("kernel:eth0"), "kernel: alone");
    assertRefused(builder("kernel:,fast"), "unknown option fast");
  }

  @Test
  void it_is_a_stacks_only_port() {
    assertRefused(builder("kernel:").port("kernel:"), "a stack has it alone");
  }

  @Test
  void there_are_no_frames_to_capture_or_to_lose() {
    assertRefused(builder("kernel:,loss=1%"), "no frames");
    assertRefused(builder("kernel:,capture=/nowhere/x.pcapng"), "no frames");
  }

  @Test
  void addresses_and_routes_are_the_kernels() {
    assertRefused(NetStack.builder().port("kernel:", "127.0.0.1/8"), "take out 127.0.0.1");
    assertRefused(builder("kernel:").gateway("10.0.0.1"), "addresses and routes of their own");
  }

  @Test
  void a_port_of_another_process_is_taken() throws java.io.IOException {
    try (NetStack stack = start();
        java.net.ServerSocket other = new java.net.ServerSocket(0)) {
      assertThatThrownBy(
              () -> Tcp.of(stack.shard(0)).listen(null, other.getLocalPort(), c -> null, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("cannot listen on port " + other.getLocalPort());
    }
  }

  @Test
  void what_java_net_cannot_say_is_refused_in_words() {
    try (NetStack stack = start()) {
      UdpSocket socket = Udp.of(stack.shard(0)).bind(0, (s, data, hi, lo, port) -> {});
      assertThatThrownBy(() -> socket.hopLimit(5))
          .isInstanceOf(UnsupportedOperationException.class);
      IpAddress local = IpAddress.parse("127.0.0.1");
      var nothing = io.millrace.buf.WrappedBuffer.of(java.lang.foreign.Arena.ofAuto().allocate(1));
      assertThatThrownBy(
              () ->
                  socket.sendFrom(local.hi(), local.lo(), local.hi(), local.lo(), 9, nothing, 0, 1))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("bind one to 127.0.0.1");
      assertThat(socket.trafficClass(0x28).dontFragment(true).allowBroadcast(true))
          .isSameAs(socket);
      assertThat(socket.sendTo(local, 9, nothing, 0, 1)).isEqualTo(SendResult.SENT);
    }
  }
}
