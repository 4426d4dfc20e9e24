package io.millrace.blocking;

import io.millrace.futures.op.Calls;
import io.millrace.futures.op.DatagramSocket;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** UDP in plain blocking code. A socket lives on one shard and receives what comes there. */
public final class BlockingUdp {
  private BlockingUdp() {}

  /**
   * Binds a socket to a port on all addresses. On a thread that a shard of the stack carries, the
   * socket lives on that shard.
   *
   * @param port 1 to 65535, or 0 for one that outsiders cannot guess (RFC 6056)
   * @throws RuntimeException as {@link io.millrace.udp.Udp#bind(IpAddress, int,
   *     io.millrace.udp.UdpHandler)} does
   */
  public static BlockingUdpSocket bind(NetStack stack, int port) {
    return open(stack, null, port, null, 0);
  }

  /**
   * Binds a socket to a port on one address, on all of IPv4 ({@link IpAddress#ANY_V4}), or on a
   * group. On {@code kernel:} only a socket of IPv4 hears groups of IPv4.
   *
   * @param port as above
   * @throws RuntimeException as above
   */
  public static BlockingUdpSocket bind(NetStack stack, IpAddress local, int port) {
    return open(stack, local, port, null, 0);
  }

  /**
   * Binds a socket to a port that the stack chooses, and connects it to a peer: it receives from
   * nobody else, and {@code receive} throws {@link java.net.PortUnreachableException} when the peer
   * says that nobody listens there.
   *
   * @throws RuntimeException as {@link io.millrace.udp.UdpSocket#connect} does
   */
  public static BlockingUdpSocket connect(NetStack stack, IpAddress remote, int port) {
    return open(stack, null, 0, remote, port);
  }

  private static BlockingUdpSocket open(
      NetStack stack, IpAddress local, int port, IpAddress remote, int remotePort) {
    Shard shard = BlockingTcp.choose(stack);
    Call.checkMayWait(shard);
    CompletableFuture<BlockingUdpSocket> answer = new CompletableFuture<>();
    Calls.surely(
        shard,
        () -> {
          try {
            answer.complete(
                new BlockingUdpSocket(DatagramSocket.bind(shard, local, port, remote, remotePort)));
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    if (shard.isClosed()) {
      answer.completeExceptionally(new IllegalStateException("the stack is closed"));
    }
    try {
      return answer.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }
}
