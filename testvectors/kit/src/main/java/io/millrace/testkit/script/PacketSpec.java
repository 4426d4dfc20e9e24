package io.millrace.testkit.script;

import io.millrace.testkit.packet.TcpOption;
import java.util.List;

/** A packet as a script writes it, in the script's own numbers. */
public sealed interface PacketSpec {
  /** What is said about the network header. */
  IpSpec ip();

  /**
   * What is said about the network header; null where nothing is.
   *
   * @param ecn {@code noecn}, {@code ect0}, {@code ect1}, {@code ect01} or {@code ce}
   * @param tos type of service
   * @param ttl time to live
   */
  record IpSpec(String ecn, Integer tos, Integer ttl) {
    static final IpSpec NOTHING = new IpSpec(null, null, null);
  }

  /**
   * A TCP segment.
   *
   * @param sourcePort the source port, or null for the connection's
   * @param destinationPort the destination port, or null for the connection's
   * @param flags letters of {@code FSRPEWUA}, where A stands for the script's dot
   * @param seq the sequence number
   * @param length the payload's length
   * @param ack the acknowledgment number, or null
   * @param window the window field, or null if it is not to be checked
   * @param urgent the urgent pointer, or null
   * @param options the options in order; null for any ({@code <...>})
   */
  record TcpSpec(
      IpSpec ip,
      Integer sourcePort,
      Integer destinationPort,
      String flags,
      long seq,
      int length,
      Long ack,
      Integer window,
      Integer urgent,
      List<TcpOption> options)
      implements PacketSpec {
    boolean has(char flag) {
      return flags.indexOf(flag) >= 0;
    }
  }

  /**
   * A UDP datagram.
   *
   * @param sourcePort the source port, or null for the connection's
   * @param destinationPort the destination port, or null for the connection's
   * @param length the payload's length
   */
  record UdpSpec(IpSpec ip, Integer sourcePort, Integer destinationPort, int length)
      implements PacketSpec {}

  /**
   * An ICMP message.
   *
   * @param type its type
   * @param code its code
   * @param mtu the next hop's MTU, or null
   * @param quotedSeq of the TCP segment that it is about, or null
   * @param quotedUdp of the UDP datagram that it is about its payload's length, or null
   */
  record IcmpSpec(IpSpec ip, int type, int code, Integer mtu, Long quotedSeq, Integer quotedUdp)
      implements PacketSpec {}
}
