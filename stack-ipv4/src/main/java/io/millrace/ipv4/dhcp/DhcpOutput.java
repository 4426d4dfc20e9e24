package io.millrace.ipv4.dhcp;

/** What the machine wants done. */
public sealed interface DhcpOutput {
  /**
   * Send a message from port 68 to port 67.
   *
   * @param source our address as 32 bits, or 0 while we have none
   * @param destination a server as 32 bits, or -1 for all
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Send(byte[] message, int source, int destination) implements DhcpOutput {}

  /** See whether somebody else uses the address, then call {@link DhcpMachine#onChecked}. */
  record Check(DhcpLease lease) implements DhcpOutput {}

  /** Use the lease, or what has become of it. */
  record Bind(DhcpLease lease) implements DhcpOutput {}

  /** Stop using the lease at once. */
  record Lose(DhcpLease lease) implements DhcpOutput {}
}
