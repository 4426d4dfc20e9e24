package io.millrace.driver.afxdp;

import io.millrace.bpf.Bpf;
import io.millrace.bpf.BpfAssembler;
import io.millrace.bpf.BpfAssembler.Size;
import io.millrace.bpf.BpfException;
import io.millrace.os.Linux;
import io.millrace.spi.PortException;

/**
 * The program that the device's driver runs on each received packet, and the map from which it
 * takes the socket of the packet's queue. Goes with the process, however that ends. Cold.
 */
final class XdpProgram implements AutoCloseable {
  private static final int MULTI_BUFFER = 32;

  /** A program that asks the device's driver is for that device alone. */
  private static final int FOR_ONE_DEVICE = 64;

  private static final int IN_DRIVER = 4;
  private static final int IN_STACK = 2;

  /** Where the context says the number of the queue. */
  private static final int QUEUE_INDEX = 16;

  /** A register that survives calls. */
  private static final int CONTEXT = 6;

  private static final int XDP_PASS = 2;
  private static final int REDIRECT_MAP = 51;

  private final Bpf bpf = new Bpf();
  private final AfXdpOptions options;
  private final ReceiveMetadata metadata;
  private int sockets;
  private int copies = -1;
  private boolean generic;

  private XdpProgram(AfXdpOptions options, ReceiveMetadata metadata) {
    this.options = options;
    this.metadata = metadata;
  }

  /**
   * Loads the program and attaches it to the device, whose packets go on to the kernel until there
   * are sockets.
   *
   * @param metadata what is asked of the device's driver, or null if nothing is
   * @throws PortException if that cannot be; nothing is left behind then
   */
  static XdpProgram attach(
      AfXdpOptions options, ReceiveMetadata metadata, int device, boolean multiBuffer) {
    XdpProgram program = new XdpProgram(options, metadata);
    try {
      program.attach(device, program.load(device, multiBuffer), multiBuffer);
      return program;
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  private int load(int device, boolean multiBuffer) {
    try {
      sockets = bpf.map(Bpf.MAP_SOCKETS, 4, 4, options.firstQueue() + options.queues());
      if (options.only() != null) {
        copies = bpf.map(Bpf.MAP_RING, 0, 0, CopyRing.SIZE);
      }
      long[] code =
          options.only() == null
              ? everything()
              : SelectionProgram.of(options.only(), metadata, sockets, copies);
      int flags = multiBuffer ? MULTI_BUFFER : 0;
      return bpf.load(
          code,
          metadata == null
              ? new Bpf.Kind(Bpf.TYPE_XDP, Bpf.ATTACH_XDP, flags, 0)
              : new Bpf.Kind(Bpf.TYPE_XDP, Bpf.ATTACH_XDP, flags | FOR_ONE_DEVICE, device));
    } catch (BpfException e) {
      throw AfXdpError.notLoaded(options.device(), e);
    }
  }

  private void attach(int device, int loaded, boolean multiBuffer) {
    if (options.attach() != AfXdpOptions.Attach.GENERIC) {
      try {
        bpf.attach(loaded, device, Bpf.ATTACH_XDP, IN_DRIVER);
        return;
      } catch (BpfException e) {
        boolean without = e.error() == Linux.EOPNOTSUPP || e.error() == Linux.EINVAL;
        boolean must = options.attach() == AfXdpOptions.Attach.DRIVER || metadata != null;
        if (!without || must) {
          throw AfXdpError.notAttached(options, multiBuffer, e);
        }
      }
    }
    try {
      bpf.attach(loaded, device, Bpf.ATTACH_XDP, IN_STACK);
      generic = true;
    } catch (BpfException e) {
      throw AfXdpError.notAttached(options, multiBuffer, e);
    }
  }

  /** Every packet to the socket of its queue, or to the kernel where there is none. */
  private long[] everything() {
    BpfAssembler code = new BpfAssembler().moveRegister(CONTEXT, 1);
    redirect(code, metadata, sockets);
    return code.assemble();
  }

  /**
   * Writes the end of a program: the packet to the socket of its queue, or to the kernel where
   * there is none. Register 6 is the context.
   */
  static void redirect(BpfAssembler code, ReceiveMetadata metadata, int sockets) {
    if (metadata != null) {
      metadata.ask(code);
    }
    code.load(Size.WORD, 2, CONTEXT, QUEUE_INDEX)
        .map(1, sockets)
        .move(3, XDP_PASS)
        .call(REDIRECT_MAP)
        .exit();
  }

  /** Whether it runs in the kernel's stack because the device's driver cannot run it. */
  boolean isGeneric() {
    return generic;
  }

  /** From now on the packets of a queue go to a socket. */
  void redirect(int queue, XdpSocket socket) {
    bpf.put(sockets, queue, socket.fd());
  }

  /** The ring with copies of what the kernel keeps and we need, or -1 if everything is ours. */
  int copies() {
    return copies;
  }

  /** Detaches it: packets go to the kernel again. */
  @Override
  public void close() {
    bpf.close();
  }
}
