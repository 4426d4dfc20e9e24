package io.millrace.driver.afpacket;

import io.millrace.buf.FramePool;
import io.millrace.flow.Toeplitz;
import io.millrace.os.NetworkDevice;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.Objects;

/** An interface with a packet socket per queue. */
final class AfPacketPort implements Port {
  private static final int OFFLOADS =
      PortInfo.TX_CHECKSUM
          | PortInfo.TX_SEGMENT_TCP4
          | PortInfo.TX_SEGMENT_TCP6
          | PortInfo.RX_CHECKSUM
          | PortInfo.RX_LARGE;

  /** What is left of 65,535 behind an Ethernet header. */
  private static final int MOST_MTU = 65_521;

  private final PacketSocket[] sockets;
  private final PortInfo info;
  private final boolean offload;
  private final AfPacketQueue[] queues;
  private boolean closed;

  private AfPacketPort(PacketSocket[] sockets, PortInfo info, boolean offload) {
    this.sockets = sockets;
    this.info = info;
    this.offload = offload;
    queues = new AfPacketQueue[sockets.length];
  }

  /** Opens the interface in the calling thread's network namespace. */
  static AfPacketPort open(AfPacketOptions options) {
    try (NetworkDevice device = new NetworkDevice(options.device())) {
      check(device);
      PacketSocket[] sockets = new PacketSocket[options.queues()];
      try {
        for (int i = 0; i < sockets.length; i++) {
          sockets[i] = PacketSocket.open(options, device);
        }
        boolean up = device.isUp() == 1;
        Toeplitz rss = sockets.length == 1 ? null : Fanout.join(sockets, options, up);
        PortInfo info =
            new PortInfo(
                "afpacket:" + options.device(),
                options.mac() == 0 ? device.mac() : options.mac(),
                Math.min(device.mtu(), MOST_MTU),
                sockets.length,
                options.offload() ? OFFLOADS : 0,
                0,
                rss);
        return new AfPacketPort(sockets, info, options.offload());
      } catch (RuntimeException e) {
        close(sockets);
        throw e;
      }
    }
  }

  private static void check(NetworkDevice device) {
    int ethernet = device.isEthernet();
    if (ethernet < 0) {
      throw PacketError.noDevice(device.name(), ethernet);
    }
    if (ethernet == 0) {
      throw PacketError.notEthernet(device.name());
    }
    if (device.mtu() < 68) {
      throw new PortException(
          "the interface " + device.name() + " has an MTU of less than 68 bytes");
    }
  }

  private static void close(PacketSocket[] sockets) {
    for (PacketSocket socket : sockets) {
      if (socket != null) {
        socket.close();
      }
    }
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    Objects.checkIndex(index, queues.length);
    if (queues[index] != null || closed) {
      throw new IllegalStateException(
          info.name() + ": queue " + index + " has been given away already");
    }
    PacketSocket socket = sockets[index];
    LinkWatch watch = new LinkWatch(socket, info.name(), index == 0);
    queues[index] = new AfPacketQueue(socket, pool, watch, info.name(), info.mtu(), offload);
    return queues[index];
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    close(sockets);
    for (AfPacketQueue queue : queues) {
      if (queue != null) {
        queue.close();
      }
    }
  }
}
