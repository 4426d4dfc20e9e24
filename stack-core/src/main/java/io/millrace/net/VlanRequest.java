package io.millrace.net;

import io.millrace.ip.AddressChoice;
import io.millrace.ip.IpPrefix;
import java.util.List;

/**
 * A network on a port of the stack to be.
 *
 * @param port the port's number
 * @param vlan its tags
 * @param addresses ours on it
 * @param choices other ways to get some
 */
record VlanRequest(int port, int vlan, List<IpPrefix> addresses, List<AddressChoice> choices) {
  static VlanRequest of(int port, String tags, String... addresses) {
    PortRequest sorted = PortRequest.of(null, null, addresses);
    return new VlanRequest(port, VlanTags.parse(tags), sorted.addresses(), sorted.choices());
  }
}
