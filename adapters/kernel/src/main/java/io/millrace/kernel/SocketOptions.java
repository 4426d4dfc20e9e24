package io.millrace.kernel;

import io.millrace.tcp.TcpConfig;
import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;

/** What a {@link TcpConfig} says to the kernel. */
final class SocketOptions {
  private static final long SECOND = 1_000_000_000L;

  private final TcpConfig config;

  SocketOptions(TcpConfig config) {
    this.config = config;
  }

  /** Prepares a new connection. */
  void apply(SocketChannel channel) throws IOException {
    if (config.noDelay()) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
    if (config.keepAlive()) {
      keepAlive(channel, true);
    }
  }

  /** Keep-alive, by the times of the configuration. */
  void keepAlive(SocketChannel channel, boolean on) throws IOException {
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, on);
    if (on) {
      seconds(channel, ExtendedSocketOptions.TCP_KEEPIDLE, config.keepAliveIdle());
      seconds(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, config.keepAliveInterval());
      channel.setOption(
          ExtendedSocketOptions.TCP_KEEPCOUNT, Math.min(config.keepAliveProbes(), 127));
    }
  }

  /** The kernel takes 1 to 32,767 seconds. */
  private static void seconds(SocketChannel channel, SocketOption<Integer> option, long nanos)
      throws IOException {
    channel.setOption(option, Math.clamp((nanos + SECOND - 1) / SECOND, 1, 32_767));
  }
}
