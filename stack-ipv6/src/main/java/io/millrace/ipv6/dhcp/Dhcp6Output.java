package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import java.util.List;

/** What the machine wants done. */
public sealed interface Dhcp6Output {
  /**
   * Send a message from port 546 of a link-local address to port 547 of all servers and relays,
   * ff02::1:2.
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Send(byte[] message) implements Dhcp6Output {}

  /**
   * Use these addresses and prefixes, each for its own time, and no others of this client.
   * Addresses that are new are to be checked by duplicate address detection; {@link
   * Dhcp6Machine#onDuplicate} says that one is not free.
   */
  record Bind(Dhcp6Binding binding) implements Dhcp6Output {}

  /** Stop using everything at once. */
  record Lose(Dhcp6Binding binding) implements Dhcp6Output {}

  /** DNS servers and domains, where only those were asked for. */
  record Inform(List<IpAddress> dns, List<String> domains) implements Dhcp6Output {}
}
