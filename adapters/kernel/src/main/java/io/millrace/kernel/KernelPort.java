package io.millrace.kernel;

import io.millrace.net.Shard;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.ShardSockets;
import io.millrace.spi.SocketPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

/** The port: a selector for each shard. */
final class KernelPort implements SocketPort {
  /** Large frames are for datagrams of up to 64 KiB. */
  private static final int OFFLOADS = PortInfo.RX_LARGE;

  private static final int MTU = 1500;

  private final PortInfo info;
  private final List<Selector> selectors = new ArrayList<>();

  KernelPort(int shards) {
    info = new PortInfo("kernel:", 0, MTU, shards, OFFLOADS);
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public ShardSockets sockets(Shard shard) {
    try {
      Selector selector = Selector.open();
      selectors.add(selector);
      return new KernelShard(shard, selector);
    } catch (IOException e) {
      throw new PortException("the kernel gives no selector: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    IOException failure = null;
    for (Selector selector : selectors) {
      try {
        // Lets go of the channels that were closed while they were registered with it.
        selector.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw new UncheckedIOException("a selector could not be closed", failure);
    }
  }
}
