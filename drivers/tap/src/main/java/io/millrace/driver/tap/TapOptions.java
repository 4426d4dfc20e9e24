package io.millrace.driver.tap;

import io.millrace.ip.IpPrefix;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Set;

/**
 * The options of a TAP port, see {@link TapDriver}.
 *
 * @param address the kernel's, or null
 * @param mtu 0 if not given
 * @param netns null if not given
 * @param mac 0 if not given
 */
record TapOptions(
    String device,
    IpPrefix address,
    boolean up,
    int mtu,
    boolean offload,
    int queues,
    String netns,
    long mac,
    boolean persist) {
  private static final Set<String> KNOWN =
      Set.of("address", "up", "mtu", "offload", "queues", "netns", "mac", "persist");

  /** A maximum of the kernel's (MAX_TAP_QUEUES). */
  private static final int MOST_QUEUES = 256;

  /** What is left of 65,535 behind an Ethernet header. */
  private static final int MOST_MTU = 65_521;

  /** The kernel's IFNAMSIZ without the zero at the end. */
  private static final int LONGEST_NAME = 15;

  static TapOptions of(PortConfig config) {
    config.allow(KNOWN);
    IpPrefix address = address(config.option("address", null));
    return new TapOptions(
        device(config.target()),
        address,
        config.flag("up", address != null),
        (int) config.number("mtu", 0, 68, MOST_MTU),
        config.flag("offload", true) && config.offload(),
        (int) config.number("queues", config.queues(), 1, MOST_QUEUES),
        config.option("netns", null),
        config.mac("mac", 0),
        config.flag("persist", false));
  }

  private static String device(String name) {
    if (name.isEmpty()) {
      throw new PortException("the TAP device has no name: write, for example, tap:mr0");
    }
    if (name.length() > LONGEST_NAME) {
      throw new PortException(
          "'" + name + "' is too long for a device: a name has at most 15 characters");
    }
    // What the kernel refuses (dev_valid_name), and % because it would choose a name itself.
    if (!name.matches("[!-~&&[^/:%]]+") || name.equals(".") || name.equals("..")) {
      throw new PortException("'" + name + "' cannot be the name of a device");
    }
    return name;
  }

  private static IpPrefix address(String text) {
    if (text == null) {
      return null;
    }
    IpPrefix prefix;
    try {
      prefix = IpPrefix.parse(text);
    } catch (IllegalArgumentException e) {
      throw new PortException(
          "option address=" + text + ": give an IPv4 address and its length, 10.0.0.1/24", e);
    }
    if (!prefix.address().isV4()) {
      throw new PortException(
          "option address=" + text + ": give an IPv4 address and its length, 10.0.0.1/24");
    }
    return prefix;
  }
}
