package io.millrace.driver.tap;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import io.millrace.ip.IpPrefix;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;

/**
 * The kernel's side of a device: what {@code ip link} and {@code ip address} set, through interface
 * ioctls (netdevice(7)). Cold; one thread at a time, in the device's network namespace when it is
 * made.
 *
 * <pre>
 *  struct ifreq, 40 bytes:
 *   0                          16                               40
 *  +--------------------------+--------------------------------+
 *  | name, zero at the end    | flags | mtu | sockaddr | data  |
 *  +--------------------------+--------------------------------+
 * </pre>
 */
final class KernelLink implements AutoCloseable {
  /** What a name stands for. */
  enum Kind {
    /** No device. */
    NONE,
    /** A TAP. */
    TAP,
    /** Something else: a card, a bridge, a TUN. */
    OTHER
  }

  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;

  private static final int GET_FLAGS = 0x8913;
  private static final int SET_FLAGS = 0x8914;
  private static final int GET_ADDRESS = 0x8915;
  private static final int SET_ADDRESS = 0x8916;
  private static final int GET_NETMASK = 0x891b;
  private static final int SET_NETMASK = 0x891c;
  private static final int GET_MTU = 0x8921;
  private static final int SET_MTU = 0x8922;
  private static final int GET_HARDWARE_ADDRESS = 0x8927;
  private static final int ETHTOOL = 0x8946;
  private static final int ETHTOOL_DRIVER_INFO = 3;

  private static final int FLAG_UP = 1;
  private static final int VALUE = 16;

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofConfined();
  private final String device;
  private final long request;
  private final long driverInfo;
  private final int socket;

  KernelLink(String device) {
    this.device = device;
    request = arena.allocate(40, 8).address();
    driverInfo = arena.allocate(196, 8).address();
    socket = linux.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }

  private int call(int number) {
    if (socket < 0) {
      return socket;
    }
    Bytes.fill(request, VALUE, 0);
    byte[] name = device.getBytes(US_ASCII);
    Bytes.copyIn(name, 0, request, name.length);
    return linux.ioctl(socket, number, request);
  }

  Kind kind() {
    if (call(GET_FLAGS) < 0) {
      return Kind.NONE;
    }
    // struct ethtool_drvinfo: command u32, driver[32], version[32], firmware[32], bus[32], ...
    Bytes.put32Native(driverInfo, ETHTOOL_DRIVER_INFO);
    Bytes.put64Native(request + VALUE, driverInfo);
    boolean tap = call(ETHTOOL) >= 0 && text(driverInfo + 4).equals("tun");
    return tap && text(driverInfo + 100).equals("tap") ? Kind.TAP : Kind.OTHER;
  }

  private static String text(long at) {
    return Bytes.segment(at, 32).getString(0, US_ASCII);
  }

  /** The kernel's link address in the low 48 bits, or a negated errno. */
  long mac() {
    int result = call(GET_HARDWARE_ADDRESS);
    return result < 0 ? result : Bytes.i64(request + VALUE) & 0xffff_ffff_ffffL;
  }

  /** The MTU in bytes, or a negated errno. */
  int mtu() {
    int result = call(GET_MTU);
    return result < 0 ? result : Bytes.i32Native(request + VALUE);
  }

  /** Sets the MTU; 0, or a negated errno. */
  int mtu(int bytes) {
    Bytes.put64Native(request + VALUE, bytes);
    return call(SET_MTU);
  }

  /** Sets the IPv4 address and its netmask in place of the one before; 0, or a negated errno. */
  int address(IpPrefix prefix) {
    int address = prefix.address().v4Bits();
    int mask = prefix.v4Mask();
    if (has(GET_ADDRESS, address) && has(GET_NETMASK, mask)) {
      return 0;
    }
    int result = set(SET_ADDRESS, address);
    return result < 0 ? result : set(SET_NETMASK, mask);
  }

  // struct sockaddr_in: family u16, port u16, address u32 in network order, 8 zeros.

  private boolean has(int number, int bits) {
    Bytes.put64Native(request + VALUE, AF_INET);
    return call(number) >= 0 && Bytes.i32(request + VALUE + 4) == bits;
  }

  private int set(int number, int bits) {
    Bytes.put64Native(request + VALUE, AF_INET);
    Bytes.put32(request + VALUE + 4, bits);
    Bytes.put64Native(request + VALUE + 8, 0);
    return call(number);
  }

  /** Switches the device on or off; 0, or a negated errno. */
  int up(boolean on) {
    int result = call(GET_FLAGS);
    if (result < 0) {
      return result;
    }
    int flags = Bytes.u16Native(request + VALUE);
    int wanted = on ? flags | FLAG_UP : flags & ~FLAG_UP;
    if (wanted == flags) {
      return 0;
    }
    Bytes.put16Native(request + VALUE, wanted);
    return call(SET_FLAGS);
  }

  @Override
  public void close() {
    if (socket >= 0) {
      linux.close(socket);
    }
    arena.close();
  }
}
