package io.millrace.driver.afxdp;

import io.millrace.buf.FramePool;
import io.millrace.flow.Toeplitz;
import io.millrace.os.Ethtool;
import io.millrace.os.NetworkDevice;
import io.millrace.os.ReceiveHash;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HexFormat;
import java.util.Objects;

/** A network interface whose packets come to us. */
final class AfXdpPort implements Port {
  private static final Logger LOG = System.getLogger("io.millrace.driver.afxdp");

  private final AfXdpOptions options;
  private final AfXdpMode mode;
  private final PortInfo info;
  private final int device;
  private final ReceiveMetadata metadata;
  private final XdpProgram program;
  private final XdpSocket[] sockets;
  private final LinkMonitor monitor;
  private final AfXdpQueue[] queues;
  private boolean closed;

  private AfXdpPort(
      AfXdpOptions options,
      AfXdpMode mode,
      PortInfo info,
      int device,
      ReceiveMetadata metadata,
      XdpProgram program,
      XdpSocket[] sockets,
      LinkMonitor monitor) {
    this.options = options;
    this.mode = mode;
    this.info = info;
    this.device = device;
    this.metadata = metadata;
    this.program = program;
    this.sockets = sockets;
    this.monitor = monitor;
    queues = new AfXdpQueue[info.queues()];
  }

  /** Opens the device in the calling thread's network namespace. */
  static AfXdpPort open(AfXdpOptions options) {
    try (NetworkDevice link = new NetworkDevice(options.device());
        Ethtool ethtool = new Ethtool(link)) {
      int index = link.index();
      if (index < 0) {
        throw AfXdpError.noDevice(options.device(), index);
      }
      if (link.isEthernet() != 1) {
        throw AfXdpError.notEthernet(options.device());
      }
      int mtu = link.mtu();
      boolean pieces = AfXdpMode.takesPieces(AfXdpMode.longest(mtu));
      int there = Math.max(1, ethtool.queues());
      int count = Math.min(options.queues(), there - options.firstQueue());
      if (count < 1) {
        throw AfXdpError.noQueue(options, there);
      }
      ReceiveMetadata metadata = ReceiveMetadata.of(options, index);
      XdpSocket[] sockets = new XdpSocket[count];
      XdpProgram program = null;
      try {
        for (int i = 0; i < count; i++) {
          sockets[i] = new XdpSocket(options.device());
        }
        program = XdpProgram.attach(options, metadata, index, pieces);
        AfXdpMode mode = XdpProbe.mode(options, index, mtu, program.isGeneric());
        PortInfo info =
            new PortInfo(
                "afxdp:" + options.device() + " (" + mode.describe() + ")",
                link.mac(),
                mtu,
                count,
                offloads(options, mode),
                mode.frameSize(),
                receiveHash(options, ethtool, count, there));
        report(options, info, link, ethtool, there);
        LinkMonitor monitor =
            LinkMonitor.start(options.device(), index, link.isUp() != 0, info.mtu());
        return new AfXdpPort(options, mode, info, index, metadata, program, sockets, monitor);
      } catch (RuntimeException e) {
        close(program, sockets);
        throw e;
      }
    }
  }

  private static int offloads(AfXdpOptions options, AfXdpMode mode) {
    return (mode.checksums() ? PortInfo.TX_CHECKSUM : 0)
        | (options.trust() ? PortInfo.RX_CHECKSUM : 0);
  }

  /** What decides a packet's queue, if that is known and only our queues get any. */
  private static Toeplitz receiveHash(AfXdpOptions options, Ethtool ethtool, int count, int there) {
    if (options.rssKey() != null) {
      return new Toeplitz(HexFormat.of().parseHex(options.rssKey()), count);
    }
    ReceiveHash hash = ethtool.receiveHash();
    return options.firstQueue() == 0 && count == there ? hash.toeplitz() : null;
  }

  private static void report(
      AfXdpOptions options, PortInfo info, NetworkDevice link, Ethtool ethtool, int there) {
    LOG.log(
        Level.INFO,
        "{0}: {1}, MTU {2}",
        info.name(),
        info.queues() == 1 ? "1 queue" : info.queues() + " queues",
        Integer.toString(info.mtu()));
    String device = options.device();
    if (link.isUp() == 0) {
      LOG.log(
          Level.WARNING,
          "{0} is switched off: nothing comes or goes until ''ip link set {0} up''",
          device);
    }
    if (info.queues() < there) {
      LOG.log(
          Level.WARNING,
          "{0} has {1} queues and {2} of them are ours: packets of the others go to the kernel;"
              + " ''ethtool -L {0} combined {2}'' (for a veth: rx {2} tx {2}) leaves no others",
          device,
          there,
          info.queues());
    }
    if (!options.trust() && ethtool.driver().equals("veth")) {
      LOG.log(
          Level.INFO,
          "{0} is a veth: its peer''s kernel leaves out checksums and they do not verify; switch"
              + " that off with ''ethtool -K PEER tx off'', or give the port rxcsum=trust",
          device);
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
    checkSize(pool.frameSize());
    XdpSocket socket = sockets[index];
    int number = options.firstQueue() + index;
    int chunk = AfXdpMode.chunk(pool.frameSize());
    long size = pool.region().size();
    socket.register(
        pool.region(),
        mode.zeroCopy() ? size / chunk * chunk : size,
        chunk,
        mode.zeroCopy() ? 0 : XdpSocket.UNALIGNED,
        mode.checksums() ? TransmitMetadata.SIZE : 0);
    if (options.busyPoll() != 0) {
      socket.preferBusyPoll(options.busyPoll(), options.busyPollBudget());
    }
    AfXdpQueue queue = makeQueue(index, pool);
    queues[index] = queue;
    int result = socket.bind(device, number, bindFlags());
    if (result < 0) {
      throw AfXdpError.notBound(options.device(), number, result);
    }
    program.redirect(number, socket);
    return queue;
  }

  /** The first queue gets what the kernel keeps and we need as well. */
  private AfXdpQueue makeQueue(int index, FramePool pool) {
    XdpSocket socket = sockets[index];
    if (index != 0 || program.copies() < 0) {
      return new AfXdpQueue(socket, pool, null, metadata, socket.fd(), options, mode);
    }
    CopyRing copies = new CopyRing(options.device(), program.copies());
    return new AfXdpQueue(
        socket, pool, copies, metadata, socket.readableWith(program.copies()), options, mode);
  }

  private void checkSize(int frameSize) {
    boolean fits =
        mode.zeroCopy()
            ? frameSize == mode.frameSize()
            : frameSize >= Math.max(AfXdpMode.SMALLEST_CHUNK, mode.frameSize());
    if (!fits) {
      throw new PortException(
          options.device()
              + " needs frames of "
              + (mode.zeroCopy() ? "" : "at least ")
              + Math.max(AfXdpMode.SMALLEST_CHUNK, mode.frameSize())
              + " bytes, and the pool has frames of "
              + frameSize);
    }
  }

  private int bindFlags() {
    return XdpSocket.NEED_WAKEUP
        | (mode.zeroCopy() ? XdpSocket.ZERO_COPY : XdpSocket.COPY)
        | (mode.multiBuffer() ? XdpSocket.MULTI_BUFFER : 0);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    monitor.close();
    close(program, sockets);
    for (AfXdpQueue queue : queues) {
      if (queue != null) {
        queue.close();
      }
    }
  }

  /** The program first: packets go to the kernel again before there is no socket to take them. */
  private static void close(XdpProgram program, XdpSocket[] sockets) {
    if (program != null) {
      program.close();
    }
    for (XdpSocket socket : sockets) {
      if (socket != null) {
        socket.close();
      }
    }
  }
}
