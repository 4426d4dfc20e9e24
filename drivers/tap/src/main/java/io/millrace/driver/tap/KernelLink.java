package io.millrace.driver.tap;

import io.millrace.buf.Bytes;
import io.millrace.ip.IpPrefix;
import io.millrace.os.Ethtool;
import io.millrace.os.NetworkDevice;

/**
 * The kernel's side of a TAP: what {@code ip link} and {@code ip address} set. Cold; one thread at
 * a time, in the device's network namespace when it is made.
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

  private static final int GET_ADDRESS = 0x8915;
  private static final int SET_ADDRESS = 0x8916;
  private static final int GET_NETMASK = 0x891b;
  private static final int SET_NETMASK = 0x891c;

  private final NetworkDevice device;
  private final Ethtool ethtool;

  KernelLink(String name) {
    device = new NetworkDevice(name);
    ethtool = new Ethtool(device);
  }

  Kind kind() {
    if (device.index() < 0) {
      return Kind.NONE;
    }
    boolean tap = ethtool.driver().equals("tun") && ethtool.bus().equals("tap");
    return tap ? Kind.TAP : Kind.OTHER;
  }

  /** The kernel's link address in the low 48 bits, or a negated errno. */
  long mac() {
    return device.mac();
  }

  /** The MTU in bytes, or a negated errno. */
  int mtu() {
    return device.mtu();
  }

  /** Sets the MTU; 0, or a negated errno. */
  int mtu(int bytes) {
    return device.mtu(bytes);
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
    Bytes.put64Native(device.value(), AF_INET);
    return device.request(number) >= 0 && Bytes.i32(device.value() + 4) == bits;
  }

  private int set(int number, int bits) {
    Bytes.put64Native(device.value(), AF_INET);
    Bytes.put32(device.value() + 4, bits);
    Bytes.put64Native(device.value() + 8, 0);
    return device.request(number);
  }

  /** Switches the device on or off; 0, or a negated errno. */
  int up(boolean on) {
    return device.up(on);
  }

  @Override
  public void close() {
    ethtool.close();
    device.close();
  }
}
