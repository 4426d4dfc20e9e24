package io.millrace.driver.tap;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import io.millrace.link.VirtioHeader;
import io.millrace.os.Linux;
import io.millrace.spi.PortException;
import java.lang.foreign.Arena;

/**
 * The descriptors of a TAP device, one per queue (Linux, Documentation/networking/tuntap.rst).
 * Cold.
 */
final class TapDevice implements AutoCloseable {
  private static final int SET_IFF = 0x4004_54ca;
  private static final int SET_PERSIST = 0x4004_54cb;
  private static final int SET_STEERING = 0x8004_54e0;
  private static final int SET_OFFLOAD = 0x4004_54d0;
  private static final int SET_HEADER_SIZE = 0x4004_54d8;

  private static final int IFF_TAP = 0x0002;
  private static final int IFF_MULTI_QUEUE = 0x0100;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;

  /** What we take uncomputed and uncut: checksums, TCP over IPv4, over IPv6, and both with ECN. */
  private static final int OFFLOADS = 1 | 2 | 4 | 8;

  /** And merged datagrams of UDP over both families: from Linux 6.2 on. */
  private static final int OFFLOADS_UDP = 0x20 | 0x40;

  private final Linux linux = new Linux();
  private final int[] fds;
  private int count;
  private boolean segmentsUdp;

  private TapDevice(int queues) {
    fds = new int[queues];
  }

  /**
   * Opens the device with all its queues; makes it if it does not exist.
   *
   * @throws PortException if that cannot be; nothing is left behind then
   */
  static TapDevice open(TapOptions options, KernelLink link) {
    TapDevice device = new TapDevice(options.queues());
    try {
      for (int i = 0; i < options.queues(); i++) {
        device.attach(options, link);
      }
      device.offer(options);
      return device;
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  private void attach(TapOptions options, KernelLink link) {
    int fd = linux.open("/dev/net/tun", Linux.O_RDWR | Linux.O_NONBLOCK | Linux.O_CLOEXEC);
    if (fd < 0) {
      throw TapError.noTun(fd);
    }
    fds[count++] = fd;
    int flags = IFF_TAP | IFF_NO_PI | (options.offload() ? IFF_VNET_HDR : 0);
    boolean several = options.queues() > 1;
    int result = setInterface(fd, options.device(), several ? flags | IFF_MULTI_QUEUE : flags);
    if (result == -Linux.EINVAL && !several) {
      // A device that was made for several queues takes a single one as one of them.
      result = setInterface(fd, options.device(), flags | IFF_MULTI_QUEUE);
    }
    if (result < 0) {
      throw TapError.notAttached(options, result, link.kind());
    }
  }

  private int setInterface(int fd, String device, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long request = arena.allocate(40, 8).address();
      byte[] name = device.getBytes(US_ASCII);
      Bytes.copyIn(name, 0, request, name.length);
      Bytes.put16Native(request + 16, flags);
      return linux.ioctl(fd, SET_IFF, request);
    }
  }

  private void offer(TapOptions options) {
    int fd = fds[0];
    if (options.offload()) {
      try (Arena arena = Arena.ofConfined()) {
        long size = arena.allocate(4, 4).address();
        Bytes.put32Native(size, VirtioHeader.SIZE);
        require(options, "the size of the packets' header", linux.ioctl(fd, SET_HEADER_SIZE, size));
      }
    }
    if (options.offload() && linux.ioctl(fd, SET_OFFLOAD, OFFLOADS | OFFLOADS_UDP) >= 0) {
      segmentsUdp = true;
      return;
    }
    // Also when there are none: a device that stayed may have some from its last user.
    int offloads = options.offload() ? OFFLOADS : 0;
    require(options, "the offloads", linux.ioctl(fd, SET_OFFLOAD, offloads));
  }

  /** Whether this kernel takes and gives merged datagrams of UDP. */
  boolean segmentsUdp() {
    return segmentsUdp;
  }

  private static void require(TapOptions options, String what, int result) {
    if (result < 0) {
      throw TapError.notSet(options.device(), what, result);
    }
  }

  /** Leaves the device there when its last descriptor is closed. */
  void persist(TapOptions options) {
    require(options, "the persistence", linux.ioctl(fds[0], SET_PERSIST, 1));
  }

  /** Has a program, by its descriptor, choose the queue of each packet; negative if refused. */
  int steer(int program) {
    try (Arena arena = Arena.ofConfined()) {
      long value = arena.allocate(4, 4).address();
      Bytes.put32Native(value, program);
      return linux.ioctl(fds[0], SET_STEERING, value);
    }
  }

  int fd(int queue) {
    return fds[queue];
  }

  @Override
  public void close() {
    while (count > 0) {
      linux.close(fds[--count]);
    }
  }
}
