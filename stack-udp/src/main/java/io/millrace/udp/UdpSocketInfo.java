package io.millrace.udp;

import io.millrace.ip.IpAddress;

/**
 * What a socket is and has done, with the names of RFC 4113 where that has one. Counts are of this
 * socket alone, from its beginning; bytes are those of payloads.
 *
 * @param localAddress as {@link UdpSocket#localAddress()}
 * @param localPort our port
 * @param remoteAddress the peer's address, or null
 * @param remotePort the peer's port, or 0
 * @param inDatagrams datagrams given to the handler
 * @param inOctets their bytes
 * @param inErrors datagrams for this socket that were dropped because they were damaged or came
 *     without a checksum that they need
 * @param inOverflows datagrams that were dropped because as many waited already as may; a handler
 *     is called at once, so only the faces with a queue in front of the application have any
 * @param icmpErrors ICMP errors about datagrams of this socket
 * @param outDatagrams datagrams sent
 * @param outOctets their bytes
 * @param outBlocked sends that were answered with {@link SendResult#WOULD_BLOCK} or {@link
 *     SendResult#NO_FRAME}
 * @param outRefused sends with another answer: no route, too big, not permitted
 */
public record UdpSocketInfo(
    IpAddress localAddress,
    int localPort,
    IpAddress remoteAddress,
    int remotePort,
    long inDatagrams,
    long inOctets,
    long inErrors,
    long inOverflows,
    long icmpErrors,
    long outDatagrams,
    long outOctets,
    long outBlocked,
    long outRefused) {
  /** The same with the datagrams that a queue behind the socket had no room for. */
  public UdpSocketInfo withInOverflows(long count) {
    return new UdpSocketInfo(
        localAddress,
        localPort,
        remoteAddress,
        remotePort,
        inDatagrams,
        inOctets,
        inErrors,
        count,
        icmpErrors,
        outDatagrams,
        outOctets,
        outBlocked,
        outRefused);
  }
}
