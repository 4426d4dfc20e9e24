package io.millrace.port;

import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The options of a port's name that are not the driver's: they wrap the port, or say how the stack
 * uses it.
 *
 * <p>{@code vlan=N} puts the interface on an 802.1Q network.
 */
public final class PortDecorators {
  private static final Set<String> OURS = Set.of("vlan");

  private PortDecorators() {}

  /** The options that are left for the driver. */
  public static Map<String, String> driverOptions(Map<String, String> all) {
    Map<String, String> rest = new LinkedHashMap<>(all);
    rest.keySet().removeAll(OURS);
    return rest;
  }

  /** The 802.1Q network of the option {@code vlan}, 0 if there is none. */
  public static int vlan(Map<String, String> options) {
    String text = options.get("vlan");
    if (text == null) {
      return 0;
    }
    if (text.matches("[0-9]{1,4}")) {
      int vlan = Integer.parseInt(text);
      if (vlan >= 1 && vlan <= 4094) {
        return vlan;
      }
    }
    throw new PortException("option vlan=" + text + ": give a network number from 1 to 4094");
  }

  /** Wraps {@code port} as the options say. */
  public static Port apply(Port port, Map<String, String> options) {
    return port;
  }
}
