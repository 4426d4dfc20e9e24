package io.millrace.spi;

import io.millrace.link.Ethernet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a port is asked to be.
 *
 * @param target what stands between the colon and the first comma: a device, a file, a wire
 * @param options the {@code key=value} pairs behind it, in order; a key without value has the value
 *     {@code on}
 * @param queues the number of queues wanted, one per shard, at least 1
 * @param offload whether the port may merge and segment packets; if not, every frame must be one
 *     packet as it is on the wire, and the driver must ask the device for no such thing
 */
public record PortConfig(String target, Map<String, String> options, int queues, boolean offload) {
  /** Copies the options. */
  public PortConfig {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    if (queues < 1) {
      throw new IllegalArgumentException("a port has at least one queue");
    }
  }

  /** A port that may merge and segment packets. */
  public PortConfig(String target, Map<String, String> options, int queues) {
    this(target, options, queues, true);
  }

  /** The option's value, or {@code otherwise} if it is not given. */
  public String option(String key, String otherwise) {
    return options.getOrDefault(key, otherwise);
  }

  /**
   * The option as a whole number.
   *
   * @throws PortException if it is not one between {@code least} and {@code most}
   */
  public long number(String key, long otherwise, long least, long most) {
    String text = options.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    throw new PortException(
        given(key, text) + ": give a whole number from " + least + " to " + most);
  }

  /** How a person wrote it, who may have left out the value. */
  private static String given(String key, String text) {
    return text.equals("on") ? "option " + key + " without a value" : "option " + key + "=" + text;
  }

  /**
   * The option as a switch: {@code on} or {@code off}.
   *
   * @throws PortException if it is something else
   */
  public boolean flag(String key, boolean otherwise) {
    String text = options.get(key);
    if (text == null) {
      return otherwise;
    }
    return switch (text) {
      case "on" -> true;
      case "off" -> false;
      default -> throw new PortException("option " + key + "=" + text + ": give on or off");
    };
  }

  /**
   * The option as the link address of one station: six pairs of hexadecimal digits, {@code
   * 02:00:00:00:00:01}.
   *
   * @return it in the low 48 bits
   * @throws PortException if it is none, or all zero, or a group address (its first byte is odd)
   */
  public long mac(String key, long otherwise) {
    String text = options.get(key);
    if (text == null) {
      return otherwise;
    }
    if (text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
      long mac = Long.parseLong(text.replace(":", ""), 16);
      if (mac != 0 && !Ethernet.isGroup(mac)) {
        return mac;
      }
    }
    throw new PortException(given(key, text) + ": give a link address such as 02:00:00:00:00:01");
  }

  /**
   * Refuses options that the driver does not know.
   *
   * @throws PortException naming the first unknown one and those that there are
   */
  public void allow(Set<String> known) {
    for (String key : options.keySet()) {
      if (!known.contains(key)) {
        throw new PortException(
            "unknown option "
                + key
                + (known.isEmpty()
                    ? "; there are none"
                    : "; known are " + String.join(", ", known.stream().sorted().toList())));
      }
    }
  }
}
