package io.millrace.kernel;

import io.millrace.ip.IpAddress;
import java.net.InetSocketAddress;

/** Between our addresses and those of java.net. The last one in each direction is remembered. */
final class SocketAddresses {
  private InetSocketAddress lastIn;
  private IpAddress lastInAddress;

  private InetSocketAddress lastOut;
  private long lastHi;
  private long lastLo;

  /** Ours; {@code from} is resolved. */
  IpAddress from(InetSocketAddress from) {
    if (!from.equals(lastIn)) {
      lastInAddress = IpAddress.of(from.getAddress());
      lastIn = from;
    }
    return lastInAddress;
  }

  /** That of java.net. */
  InetSocketAddress to(long hi, long lo, int port) {
    InetSocketAddress last = lastOut;
    if (last == null || lastLo != lo || lastHi != hi || last.getPort() != port) {
      last = new InetSocketAddress(new IpAddress(hi, lo).toInetAddress(), port);
      lastOut = last;
      lastHi = hi;
      lastLo = lo;
    }
    return last;
  }

  /** To bind to: every address if it is null or unspecified in both families. */
  static InetSocketAddress local(IpAddress address, int port) {
    return address == null || (address.hi() | address.lo()) == 0
        ? new InetSocketAddress(port)
        : new InetSocketAddress(address.toInetAddress(), port);
  }
}
