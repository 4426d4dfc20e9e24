package io.millrace.driver.afxdp;

import io.millrace.flow.Toeplitz;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;

/**
 * The options of an AF_XDP port, see {@link AfXdpDriver}.
 *
 * @param queues how many are wanted; the device may have fewer
 * @param firstQueue the device's queue that is our first
 * @param ring entries of each ring
 * @param transmitChecksums whether checksums of packets to be sent are left to the device
 * @param trust whether checksums of received packets are vouched for
 * @param busyPoll the most time that a system call looks for packets, microseconds; 0 if the kernel
 *     looks for them of its own accord
 * @param busyPollBudget packets per call
 * @param only what comes to us, or null if everything
 * @param rssKey the key of the device's Toeplitz hash as hexadecimal digits, or null if it is asked
 *     for it
 * @param hints whether the device's driver is asked what it knows of received packets
 * @param netns null if not given
 */
record AfXdpOptions(
    String device,
    int queues,
    int firstQueue,
    Mode mode,
    Attach attach,
    int ring,
    boolean transmitChecksums,
    boolean trust,
    int busyPoll,
    int busyPollBudget,
    Selection only,
    String rssKey,
    boolean hints,
    String netns) {
  /** Whether packets are copied between the device's memory and ours. */
  enum Mode {
    AUTO,
    ZEROCOPY,
    COPY
  }

  /** Where the program runs. */
  enum Attach {
    AUTO,
    DRIVER,
    GENERIC
  }

  private static final Set<String> KNOWN =
      Set.of(
          "queues",
          "first-queue",
          "mode",
          "attach",
          "ring",
          "txcsum",
          "rxcsum",
          "busy-poll",
          "busy-poll-budget",
          "only",
          "rss-key",
          "hints",
          "netns");

  private static final int MOST_QUEUES = 256;
  private static final int LARGEST_RING = 32_768;
  private static final int SMALLEST_RING = 64;
  private static final int LONGEST_NAME = 15;

  static AfXdpOptions of(PortConfig config) {
    config.allow(KNOWN);
    AfXdpOptions options =
        new AfXdpOptions(
            device(config.target()),
            (int) config.number("queues", config.queues(), 1, MOST_QUEUES),
            (int) config.number("first-queue", 0, 0, 4095),
            choice(config, "mode", Mode.class),
            choice(config, "attach", Attach.class),
            ring(config),
            config.flag("txcsum", false) && config.offload(),
            trust(config),
            busyPoll(config),
            (int) config.number("busy-poll-budget", 64, 1, 65_535),
            config.option("only", null) == null ? null : Selection.parse(config.option("only", "")),
            rssKey(config),
            config.flag("hints", false),
            config.option("netns", null));
    if (options.hints && options.attach == Attach.GENERIC) {
      throw new PortException(
          "option hints=on needs the program in the device's driver: leave attach=generic out");
    }
    return options;
  }

  private static String device(String name) {
    if (name.isEmpty()) {
      throw new PortException(
          "the network interface has no name: write, for example, afxdp:eth1; 'ip link' lists"
              + " them");
    }
    if (name.length() > LONGEST_NAME) {
      throw new PortException(
          "'" + name + "' is too long for a network interface: a name has at most 15 characters");
    }
    return name;
  }

  private static <E extends Enum<E>> E choice(PortConfig config, String key, Class<E> type) {
    String text = config.option(key, "auto");
    for (E value : type.getEnumConstants()) {
      if (word(value).equals(text)) {
        return value;
      }
    }
    throw new PortException(
        "option "
            + key
            + "="
            + text
            + ": give "
            + String.join(
                ", ", Arrays.stream(type.getEnumConstants()).map(AfXdpOptions::word).toList()));
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static int ring(PortConfig config) {
    int size = (int) config.number("ring", 2048, SMALLEST_RING, LARGEST_RING);
    if (Integer.bitCount(size) != 1) {
      throw new PortException("option ring=" + size + ": give a power of two from 64 to 32768");
    }
    return size;
  }

  private static boolean trust(PortConfig config) {
    String text = config.option("rxcsum", "verify");
    return switch (text) {
      case "verify" -> false;
      case "trust" -> true;
      default -> throw new PortException("option rxcsum=" + text + ": give verify or trust");
    };
  }

  private static int busyPoll(PortConfig config) {
    String text = config.option("busy-poll", "off");
    return switch (text) {
      case "off" -> 0;
      case "on" -> 20;
      default -> (int) config.number("busy-poll", 0, 1, 1000);
    };
  }

  private static String rssKey(PortConfig config) {
    String text = config.option("rss-key", null);
    if (text == null) {
      return null;
    }
    try {
      String digits = text.replace(":", "");
      if (HexFormat.of().parseHex(digits).length >= Toeplitz.KEY_SIZE) {
        return digits;
      }
    } catch (IllegalArgumentException e) {
      // Said below, in the same words.
    }
    throw new PortException(
        "option rss-key=" + text + ": give at least 40 bytes as hexadecimal digits");
  }
}
