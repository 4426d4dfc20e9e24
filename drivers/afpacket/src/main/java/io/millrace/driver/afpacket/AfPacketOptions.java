package io.millrace.driver.afpacket;

import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Set;

/**
 * The options of a port, see {@link AfPacketDriver}.
 *
 * @param predictable whether flows are divided by the hash of network cards
 * @param ring slots per queue; 0 if not given
 * @param mac 0 if not given
 * @param netns null if not given
 */
record AfPacketOptions(
    String device,
    boolean offload,
    int queues,
    boolean predictable,
    int ring,
    long mac,
    boolean promiscuous,
    boolean bypass,
    String netns) {
  private static final Set<String> KNOWN =
      Set.of("offload", "queues", "fanout", "ring", "mac", "promiscuous", "bypass", "netns");

  /** A maximum of the kernel's for sockets in one group (PACKET_FANOUT_MAX). */
  private static final int MOST_QUEUES = 256;

  static final int LEAST_RING = 64;
  private static final int MOST_RING = 65_536;

  static AfPacketOptions of(PortConfig config) {
    config.allow(KNOWN);
    if (config.target().isEmpty()) {
      throw new PortException("the interface has no name: write, for example, afpacket:eth1");
    }
    return new AfPacketOptions(
        config.target(),
        config.flag("offload", true) && config.offload(),
        (int) config.number("queues", config.queues(), 1, MOST_QUEUES),
        predictable(config.option("fanout", "toeplitz")),
        ring(config),
        config.mac("mac", 0),
        config.flag("promiscuous", false),
        config.flag("bypass", true),
        config.option("netns", null));
  }

  private static boolean predictable(String fanout) {
    return switch (fanout) {
      case "toeplitz" -> true;
      case "hash" -> false;
      default -> throw new PortException("option fanout=" + fanout + ": give toeplitz or hash");
    };
  }

  private static int ring(PortConfig config) {
    int slots = (int) config.number("ring", 0, LEAST_RING, MOST_RING);
    if (Integer.bitCount(slots) > 1) {
      throw new PortException(
          "option ring=" + slots + ": give a power of two, for example " + LEAST_RING * 64);
    }
    return slots;
  }
}
