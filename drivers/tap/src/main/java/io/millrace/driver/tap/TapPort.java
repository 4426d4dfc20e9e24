package io.millrace.driver.tap;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.buf.FramePool;
import io.millrace.os.Linux;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Objects;

/** An open TAP device. */
final class TapPort implements Port {
  private static final int OFFLOADS =
      PortInfo.TX_CHECKSUM
          | PortInfo.TX_SEGMENT_TCP4
          | PortInfo.TX_SEGMENT_TCP6
          | PortInfo.RX_CHECKSUM
          | PortInfo.RX_LARGE;

  private static final int UDP_OFFLOADS = PortInfo.TX_SEGMENT_UDP4 | PortInfo.TX_SEGMENT_UDP6;

  private final TapDevice device;
  private final PortInfo info;
  private final boolean offload;
  private final TapQueue[] queues;
  private boolean closed;

  private TapPort(TapDevice device, PortInfo info, boolean offload) {
    this.device = device;
    this.info = info;
    this.offload = offload;
    queues = new TapQueue[info.queues()];
  }

  /** Opens the device in the calling thread's network namespace. */
  static TapPort open(TapOptions options) {
    try (KernelLink link = new KernelLink(options.device())) {
      TapDevice device = TapDevice.open(options, link);
      try {
        configure(options, link);
        PortInfo info =
            new PortInfo(
                "tap:" + options.device(),
                mac(options, link),
                link.mtu(),
                options.queues(),
                offloads(options, device),
                0,
                options.queues() > 1 ? TapSteering.install(device, options) : null);
        if (options.persist()) {
          device.persist(options);
        }
        return new TapPort(device, info, options.offload());
      } catch (RuntimeException e) {
        device.close();
        throw e;
      }
    }
  }

  private static int offloads(TapOptions options, TapDevice device) {
    if (!options.offload()) {
      return 0;
    }
    return device.segmentsUdp() ? OFFLOADS | UDP_OFFLOADS : OFFLOADS;
  }

  private static void configure(TapOptions options, KernelLink link) {
    if (options.mtu() != 0 && options.mtu() != link.mtu()) {
      require(options, "the MTU", link.mtu(options.mtu()));
    }
    if (options.address() != null) {
      require(options, "the address", link.address(options.address()));
    }
    if (options.up()) {
      require(options, "the state", link.up(true));
    }
    if (link.mtu() < 68) {
      throw new PortException(
          "the device " + options.device() + " has an MTU of less than 68 bytes; give mtu=1500");
    }
  }

  private static void require(TapOptions options, String what, int result) {
    if (result < 0) {
      throw TapError.notSet(options.device(), what, result);
    }
  }

  private static long mac(TapOptions options, KernelLink link) {
    long kernels = link.mac();
    if (options.mac() == 0) {
      long own = defaultMac(options.device());
      return own == kernels ? own ^ 1 : own;
    }
    if (options.mac() == kernels) {
      throw new PortException(
          "the option mac is the kernel's own link address on "
              + options.device()
              + "; ours must be another one");
    }
    return options.mac();
  }

  /** Forty bits of a hash, in the range of locally administered addresses of single stations. */
  private static long defaultMac(String device) {
    String seed = bootId() + ' ' + namespace() + ' ' + device;
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(seed.getBytes(UTF_8));
      return 0x0200_0000_0000L | ByteBuffer.wrap(hash).getLong() >>> 24;
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static String bootId() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      return ""; // Without /proc the address is the same after a restart: no harm.
    }
  }

  private static String namespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    } catch (IOException e) {
      return "";
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
    queues[index] = new TapQueue(new Linux(), device.fd(index), pool, info.mtu(), offload);
    return queues[index];
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    device.close();
    for (TapQueue queue : queues) {
      if (queue != null) {
        queue.close();
      }
    }
  }
}
