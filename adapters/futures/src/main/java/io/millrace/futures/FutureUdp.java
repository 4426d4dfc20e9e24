package io.millrace.futures;

import io.millrace.futures.op.Calls;
import io.millrace.futures.op.DatagramSocket;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** UDP with futures, for any thread. A socket lives on one shard and receives what comes there. */
public final class FutureUdp {
  private FutureUdp() {}

  /**
   * Binds a socket to a port on all addresses.
   *
   * @param port 1 to 65535, or 0 for one that outsiders cannot guess (RFC 6056)
   * @return fails with what {@link io.millrace.udp.Udp#bind(IpAddress, int,
   *     io.millrace.udp.UdpHandler)} throws
   */
  public static CompletableFuture<FutureUdpSocket> bind(NetStack stack, int port) {
    return open(Shards.choose(stack), null, port, null, 0);
  }

  /**
   * Binds a socket to a port on one address, on all of IPv4 ({@link IpAddress#ANY_V4}), or on a
   * group. On {@code kernel:} only a socket of IPv4 hears groups of IPv4.
   *
   * @param port as above
   * @return fails as above
   */
  public static CompletableFuture<FutureUdpSocket> bind(NetStack stack, IpAddress local, int port) {
    return open(Shards.choose(stack), local, port, null, 0);
  }

  /**
   * Binds a socket to a port that the stack chooses, and connects it to a peer: it receives from
   * nobody else, and {@code receive} fails with {@link java.net.PortUnreachableException} when the
   * peer says that nobody listens there.
   *
   * @return fails with what {@link io.millrace.udp.UdpSocket#connect} throws
   */
  public static CompletableFuture<FutureUdpSocket> connect(
      NetStack stack, IpAddress remote, int port) {
    return open(Shards.choose(stack), null, 0, remote, port);
  }

  private static CompletableFuture<FutureUdpSocket> open(
      Shard shard, IpAddress local, int port, IpAddress remote, int remotePort) {
    CompletableFuture<FutureUdpSocket> answer = new CompletableFuture<>();
    Calls.surely(
        shard,
        () -> {
          try {
            answer.complete(
                new FutureUdpSocket(DatagramSocket.bind(shard, local, port, remote, remotePort)));
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    if (shard.isClosed()) {
      answer.completeExceptionally(new IOException("the stack is closed"));
    }
    return answer;
  }
}
