package io.millrace.net;

import io.millrace.ip.AddressChoice;
import io.millrace.ip.IpPrefix;
import io.millrace.port.PortDecorators;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.SocketPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * A port of the stack to be.
 *
 * @param spec its name, or null if it is open already
 * @param opened the port if it is
 * @param addresses ours on it
 * @param choices other ways to get some
 */
record PortRequest(
    PortSpec spec, Port opened, List<IpPrefix> addresses, List<AddressChoice> choices) {
  /** Sorts what stands in the place of addresses: prefixes, and words such as {@code dhcp}. */
  static PortRequest of(PortSpec spec, Port opened, String... addresses) {
    List<IpPrefix> prefixes = new ArrayList<>();
    List<AddressChoice> choices = new ArrayList<>();
    for (String each : addresses) {
      AddressChoice choice = AddressChoice.of(each);
      if (choice == null) {
        prefixes.add(prefix(each));
      } else {
        choices.add(choice);
      }
    }
    return new PortRequest(spec, opened, List.copyOf(prefixes), List.copyOf(choices));
  }

  private static IpPrefix prefix(String text) {
    if (text.isEmpty() || text.chars().noneMatch(c -> c == '/' || c == '.' || c == ':')) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is neither an address with its prefix, as in 10.0.0.2/24, nor one of the words "
              + Arrays.stream(AddressChoice.values())
                  .map(AddressChoice::word)
                  .collect(Collectors.joining(", ")));
    }
    return IpPrefix.parse(text);
  }

  int vlan() {
    return spec == null ? 0 : PortDecorators.vlan(spec.options());
  }

  /**
   * Opens the port with a queue for each of {@code queues} shards, as far as the device has them.
   */
  Port open(int queues) {
    if (opened != null) {
      return opened;
    }
    List<Driver> drivers = new ArrayList<>();
    ServiceLoader.load(Driver.class).forEach(drivers::add);
    Driver driver =
        drivers.stream()
            .filter(each -> each.scheme().equals(spec.scheme()))
            .findFirst()
            .orElseThrow(
                () ->
                    new PortException(
                        "there is no driver '"
                            + spec.scheme()
                            + "'; available are "
                            + drivers.stream()
                                .map(Driver::scheme)
                                .sorted()
                                .collect(Collectors.joining(", "))));
    PortDecorators.check(spec.options());
    Map<String, String> own = PortDecorators.driverOptions(spec.options());
    boolean offload = PortDecorators.allowOffload(spec.options());
    Port port = driver.open(new PortConfig(spec.target(), own, queues, offload));
    try {
      if (port instanceof SocketPort && own.size() < spec.options().size()) {
        throw new PortException(
            "the port "
                + port.info().name()
                + " has no frames to capture, to tag or to lose: take those options out");
      }
      return PortDecorators.apply(port, spec.options());
    } catch (RuntimeException e) {
      port.close();
      throw e;
    }
  }
}
