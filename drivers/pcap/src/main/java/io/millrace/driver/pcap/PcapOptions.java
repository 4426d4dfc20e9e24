package io.millrace.driver.pcap;

import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;

/**
 * The options of a replay, see {@link PcapDriver}.
 *
 * @param out null if not given
 * @param mac 0 if not given
 */
record PcapOptions(Path in, boolean timed, int loops, Path out, long mac, boolean trust, int mtu) {
  private static final Set<String> KNOWN = Set.of("timing", "loop", "out", "mac", "trust", "mtu");

  static PcapOptions of(PortConfig config) {
    config.allow(KNOWN);
    if (config.target().isEmpty()) {
      throw new PortException("the capture has no name: write, for example, pcap:in.pcap");
    }
    String out = config.option("out", null);
    return new PcapOptions(
        path(config.target()),
        timed(config.option("timing", "none")),
        (int) config.number("loop", 1, 1, Integer.MAX_VALUE),
        out == null ? null : path(out),
        config.mac("mac", 0),
        config.flag("trust", false),
        (int) config.number("mtu", 1500, 68, 65_535));
  }

  private static boolean timed(String timing) {
    return switch (timing) {
      case "original" -> true;
      case "none" -> false;
      default -> throw new PortException("option timing=" + timing + ": give original or none");
    };
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new PortException("'" + text + "' cannot be the name of a file", e);
    }
  }
}
