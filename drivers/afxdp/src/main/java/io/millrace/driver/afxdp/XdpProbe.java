package io.millrace.driver.afxdp;

import io.millrace.buf.Region;
import io.millrace.spi.PortException;

/** Finds out, with a socket that is closed again, what the device and the kernel can do. Cold. */
final class XdpProbe {
  private static final int FRAMES = 64;

  private XdpProbe() {}

  /**
   * How the device is to be used.
   *
   * @param index the device's, in the calling thread's network namespace
   * @throws PortException if an option asks for what is not there
   */
  static AfXdpMode mode(AfXdpOptions options, int index, int mtu, boolean generic) {
    int longest = AfXdpMode.longest(mtu);
    boolean pieces = AfXdpMode.takesPieces(longest);
    boolean zeroCopy = zeroCopy(options, index, pieces, generic);
    return new AfXdpMode(generic, zeroCopy, pieces, options.transmitChecksums(), longest);
  }

  private static boolean zeroCopy(
      AfXdpOptions options, int index, boolean pieces, boolean generic) {
    boolean must = options.mode() == AfXdpOptions.Mode.ZEROCOPY;
    if (options.mode() == AfXdpOptions.Mode.COPY || (generic || pieces) && !must) {
      return false;
    }
    if (pieces) {
      throw AfXdpError.tooLongForZeroCopy(options.device(), AfXdpMode.LARGEST_MTU);
    }
    try (Region region = Region.allocate((long) FRAMES * AfXdpMode.LARGEST_CHUNK, false);
        XdpSocket socket = new XdpSocket(options.device())) {
      socket.register(region, region.size(), AfXdpMode.LARGEST_CHUNK, 0, 0);
      socket.rings(FRAMES);
      int result =
          socket.bind(index, options.firstQueue(), XdpSocket.ZERO_COPY | XdpSocket.NEED_WAKEUP);
      if (result < 0 && must) {
        throw AfXdpError.noZeroCopy(options.device(), result);
      }
      return result >= 0;
    }
  }
}
