package io.millrace.ip;

/** An ICMP error as a transport sees it, without a family (RFC 792, RFC 4443, RFC 1122 §3.2.2). */
public enum IcmpError {
  /** The network cannot be reached. Soft (RFC 1122 §4.2.3.9). */
  NET_UNREACHABLE,
  /** The host cannot be reached. Soft. */
  HOST_UNREACHABLE,
  /** The host does not speak the protocol. Hard. */
  PROTOCOL_UNREACHABLE,
  /** Nobody listens on the port. Hard. */
  PORT_UNREACHABLE,
  /** Larger than the next link's MTU (RFC 1191, RFC 8201). */
  PACKET_TOO_BIG,
  /** A source route failed. Soft. */
  SOURCE_ROUTE_FAILED,
  /** Communication is forbidden by an administrator. */
  ADMINISTRATIVELY_PROHIBITED,
  /** Hop limit or reassembly time ran out. Soft. */
  TIME_EXCEEDED,
  /** A header field was not understood. Soft for TCP. */
  PARAMETER_PROBLEM
}
