package io.millrace.kernel;

import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.transport.ListenConfig;
import java.nio.channels.SocketChannel;

/**
 * Which shard an accepted connection lives on. The kernel chooses the shard that accepts it, and
 * that one decides by the listener's policy and gives the channel away.
 */
final class Placement {
  private final KernelTcp tcp;
  private final Shard shard;

  /** Open connections that this shard has accepted, by the shard that they live on. */
  private final int[] load;

  Placement(KernelTcp tcp) {
    this.tcp = tcp;
    this.shard = tcp.shard;
    this.load = new int[shard.group().size()];
  }

  /** A connection that this shard has accepted. */
  void place(ListenConfig config, int peerPort, SocketChannel channel) {
    if (load.length == 1) {
      tcp.accepted(config, channel, -1);
      return;
    }
    int self = shard.index();
    long candidates = shard.bindings().shardsOf(IpProtocol.TCP, config.port()) | 1L << self;
    int target = config.policy().choose(candidates, self, peerPort, load);
    load[target]++;
    shard.group().deliver(target, () -> of(target).accepted(config, channel, self));
  }

  /** A connection of this shard that {@code owner} has accepted is over. */
  void left(int owner) {
    int self = shard.index();
    shard.group().deliver(owner, () -> of(owner).placement().load[self]--);
  }

  private KernelTcp of(int index) {
    return (KernelTcp) Tcp.of(shard.group().shard(index));
  }
}
