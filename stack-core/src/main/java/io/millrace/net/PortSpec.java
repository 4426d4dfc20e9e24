package io.millrace.net;

import io.millrace.spi.PortException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The name of a port: {@code scheme:target,key=value,key}.
 *
 * @param scheme which driver
 * @param target what it shall open
 * @param options in the order given; a key alone has the value {@code on}
 */
record PortSpec(String scheme, String target, Map<String, String> options) {
  static PortSpec parse(String text) {
    int colon = text.indexOf(':');
    if (colon <= 0) {
      throw new PortException(
          "'" + text + "' is not a port: write driver:target, for example tap:mr0 or pcap:in.pcap");
    }
    String[] parts = text.substring(colon + 1).split(",", -1);
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      String key = equals < 0 ? parts[i] : parts[i].substring(0, equals);
      if (key.isBlank()) {
        throw new PortException("'" + text + "' has an empty option");
      }
      if (!key.equals(key.strip())) {
        throw new PortException(
            "'" + text + "' has a space beside the option " + key.strip() + ": take it out");
      }
      if (options.put(key, equals < 0 ? "on" : parts[i].substring(equals + 1)) != null) {
        throw new PortException("'" + text + "' gives the option " + key + " twice");
      }
    }
    return new PortSpec(text.substring(0, colon), parts[0], options);
  }
}
