package io.millrace.diag;

/**
 * Why a packet was dropped. Every drop has one, and a counter (rule 4 of the design).
 *
 * <p>Protocol code returns the reason, or null where the packet was accepted.
 */
public enum DropReason {
  /** Driver: no frame was free to receive into. */
  NO_FRAME("no frame free"),
  /** Driver or link: the transmit queue was full. */
  TX_QUEUE_FULL("transmit queue full"),
  /** The shard that a packet was to be handed over to had no room for it. */
  HANDOVER_FULL("no room at the other shard"),
  /** The stack threw while handling the packet; see the log. */
  INTERNAL_ERROR("internal error"),

  /** Ethernet: shorter than its header. */
  ETHERNET_TRUNCATED("Ethernet header truncated"),
  /** Ethernet: not addressed to this interface. */
  ETHERNET_NOT_FOR_US("Ethernet destination not ours"),
  /** Ethernet: an EtherType without a protocol. */
  ETHERTYPE_UNKNOWN("EtherType not handled"),
  /** Ethernet: a frame to be sent is larger than the interface's MTU. */
  FRAME_TOO_BIG("larger than the interface's MTU"),
  /** Ethernet: tags of a network that is not configured. */
  VLAN_UNKNOWN("VLAN not configured"),

  /** ARP: truncated or with unknown formats (RFC 826). */
  ARP_MALFORMED("ARP malformed"),
  /** ARP: not for an address of ours. */
  ARP_NOT_FOR_US("ARP not for us"),
  /** Neighbor Discovery: a check of RFC 4861 §6.1, §7.1 or §8.1 failed. */
  ND_MALFORMED("Neighbor Discovery malformed"),
  /** Neighbor Discovery: not about an address of ours, nor about a neighbor that we know. */
  ND_NOT_FOR_US("Neighbor Discovery not for us"),
  /** Neighbor Discovery: a message that we do not act upon, in our role or by configuration. */
  ND_IGNORED("Neighbor Discovery ignored by policy"),
  /** Neighbor Discovery: the bounded lists of routers, prefixes or redirects were full. */
  ND_FULL("Neighbor Discovery limit reached"),
  /** MLD: a check of RFC 3810 §5 or §6.2 failed. */
  MLD_MALFORMED("MLD malformed"),
  /** MLD: a message that a listener does not act upon, such as others' reports. */
  MLD_IGNORED("MLD ignored by policy"),
  /** The next hop's link address could not be found. */
  NEIGHBOR_UNREACHABLE("next hop does not answer"),
  /** The queue of packets that wait for the next hop's link address was full. */
  NEIGHBOR_QUEUE_FULL("neighbor queue full"),

  /** IP: shorter than its header or than its length field. */
  IP_TRUNCATED("IP header truncated"),
  /** IP: version is not the EtherType's. */
  IP_BAD_VERSION("IP version wrong"),
  /** IP: header or total length out of range. */
  IP_BAD_LENGTH("IP length wrong"),
  /** IP: header checksum wrong. */
  IP_BAD_CHECKSUM("IP checksum wrong"),
  /** IP: option malformed, or refused (source routes). */
  IP_BAD_OPTION("IP option refused"),
  /** IP: a source address that no host may send from (RFC 1122 §3.2.1.3). */
  IP_BAD_SOURCE("IP source address invalid"),
  /** IP: a destination address that is not ours, and we do not forward. */
  IP_NOT_FOR_US("IP destination not ours"),
  /** IP: a unicast datagram in a link-layer broadcast (RFC 1122 §3.3.6). */
  IP_LINK_BROADCAST("unicast IP in a link broadcast"),
  /** IP: a protocol that nobody handles. */
  IP_PROTOCOL_UNKNOWN("IP protocol not handled"),
  /** IPv6: an extension header or option malformed, refused, or one too many (RFC 8504 §5.3). */
  IP_BAD_EXTENSION("IPv6 extension header refused"),
  /** IPv6: nothing follows the headers, as they say themselves (RFC 8200 §4.7). */
  IP_NO_NEXT_HEADER("IPv6 without next header"),
  /** IP: no route to the destination. */
  IP_NO_ROUTE("no route"),
  /** IP: to be forwarded, but its hops are used up (RFC 1812 §5.3.1). */
  IP_HOPS_EXCEEDED("IP hops used up"),
  /** IP: addresses that stay on their link, or are nobody's (RFC 1812 §5.3.7). */
  IP_NOT_FORWARDED("IP not to be forwarded"),
  /** IP: came in where no route leads back to its source (RFC 3704). */
  IP_REVERSE_PATH("IP source not from there"),
  /** IP: injected while injected datagrams are being handled, too deep. */
  IP_INJECTED_TOO_OFTEN("IP injected too often"),
  /** A packet filter said so. */
  FILTERED("packet filter"),
  /** IP: larger than the path MTU and not to be fragmented. */
  IP_TOO_BIG("larger than the path MTU"),
  /** Fragment: offset, length or flags impossible (RFC 791, 1858, 3128). */
  FRAGMENT_MALFORMED("fragment malformed"),
  /**
   * Fragment: overlaps another; the whole datagram is dropped (RFC 5722's rule for both families).
   */
  FRAGMENT_OVERLAP("fragment overlaps"),
  /** Fragment: the same as one that is there already. */
  FRAGMENT_DUPLICATE("fragment duplicated"),
  /** Fragment: the bounded reassembly memory was full. */
  REASSEMBLY_FULL("reassembly memory full"),
  /** Fragment: the rest did not arrive in time. */
  REASSEMBLY_TIMEOUT("reassembly timed out"),

  /** ICMP: truncated, wrong checksum or unknown type. */
  ICMP_MALFORMED("ICMP malformed"),
  /** ICMP: checksum wrong. */
  ICMP_BAD_CHECKSUM("ICMP checksum wrong"),
  /** ICMP: a type that is not handled. */
  ICMP_UNKNOWN("ICMP type not handled"),
  /**
   * ICMP: a message that we do not act upon: redirects, source quench, echo to a broadcast address.
   */
  ICMP_IGNORED("ICMP ignored by policy"),
  /** ICMP: over the rate limit. */
  ICMP_RATE_LIMITED("ICMP rate limit"),

  /** IGMP: truncated, or with a length, TTL or group that it cannot have (RFC 3376 §4, §7.1). */
  IGMP_MALFORMED("IGMP malformed"),
  /** IGMP: checksum wrong. */
  IGMP_BAD_CHECKSUM("IGMP checksum wrong"),
  /** IGMP: what is for routers, or of an unknown type. */
  IGMP_IGNORED("IGMP ignored"),

  /** UDP: length field impossible. */
  UDP_BAD_LENGTH("UDP length wrong"),
  /** UDP: checksum wrong. */
  UDP_BAD_CHECKSUM("UDP checksum wrong"),
  /** UDP: no checksum over IPv6, on a port that does not accept that (RFC 8200 §8.1, RFC 6936). */
  UDP_ZERO_CHECKSUM("UDP without checksum over IPv6"),
  /** UDP: nobody is bound to the port. */
  UDP_NO_PORT("UDP port not bound"),

  /** UDP: for a group or from a source that no socket of the port listens to. */
  UDP_NOT_WANTED("UDP group or source not wanted"),
  /** UDP: as many datagrams of ours as can wait for our own groups did. */
  UDP_LOOP_FULL("UDP multicast loop full"),
  /** UDP-Lite: a coverage that cannot be (RFC 3828 §3.1). */
  UDPLITE_BAD_COVERAGE("UDP-Lite coverage impossible"),
  /** UDP-Lite: the checksum covers less than the socket demands (RFC 3828 §3.3). */
  UDPLITE_COVERAGE_TOO_SMALL("UDP-Lite coverage too small"),
  /** Tunnel: the header is truncated, malformed, or of a version that is not spoken. */
  TUNNEL_MALFORMED("tunnel header malformed"),
  /** Tunnel: no tunnel of ours has this identifier. */
  TUNNEL_UNKNOWN("tunnel not known"),
  /** Tunnel: larger inside than the path between the tunnel's ends takes. */
  TUNNEL_TOO_BIG("too big for the tunnel"),

  /** TCP: truncated header or impossible data offset. */
  TCP_BAD_HEADER("TCP header malformed"),
  /** TCP: checksum wrong. */
  TCP_BAD_CHECKSUM("TCP checksum wrong"),
  /** TCP: an option whose length is impossible. */
  TCP_BAD_OPTION("TCP option malformed"),
  /** TCP: no connection and no listener; answered with a reset. */
  TCP_NO_CONNECTION("TCP no connection"),
  /** TCP: sent to a broadcast or multicast address (RFC 9293 §3.9.2.3, MUST-57). */
  TCP_NOT_UNICAST("TCP not unicast"),
  /** TCP: outside the receive window (RFC 9293 §3.4). */
  TCP_OUT_OF_WINDOW("TCP out of window"),
  /** TCP: timestamp older than the last one (PAWS, RFC 7323 §5). */
  TCP_PAWS("TCP timestamp too old"),
  /** TCP: no timestamp although both sides had agreed on them (RFC 7323 §3.2). */
  TCP_NO_TIMESTAMP("TCP without timestamp"),
  /** TCP: acknowledges what was never sent, or is too old (RFC 5961 §5). */
  TCP_BAD_ACK("TCP acknowledgement unacceptable"),
  /** TCP: a SYN in a synchronized state (RFC 5961 §4). */
  TCP_UNEXPECTED_SYN("TCP unexpected SYN"),
  /** TCP: a reset that is not exactly at the expected number (RFC 5961 §3). */
  TCP_BAD_RESET("TCP reset unacceptable"),
  /** TCP: no ACK flag where one is required. */
  TCP_NO_ACK("TCP without ACK"),
  /** TCP: the listener's backlog is full. */
  TCP_BACKLOG_FULL("TCP backlog full"),
  /** TCP: data beyond what the application has consumed. */
  TCP_NO_RECEIVE_SPACE("TCP receive buffer full"),
  /** TCP: data after the application closed (RFC 9293 §3.6.1, MUST-17). */
  TCP_DATA_AFTER_CLOSE("TCP data after close"),
  /** TCP: the out-of-order queue is full. */
  TCP_OUT_OF_ORDER_FULL("TCP out-of-order queue full"),
  /** TCP: the table of connections is full. */
  TCP_TOO_MANY_CONNECTIONS("TCP connection limit"),

  /** DHCP: malformed, not for us, or not what is waited for now. */
  DHCP_IGNORED("DHCP message not for us or malformed"),
  /** DNS: a message that cannot be read (RFC 1035 §4). */
  DNS_MALFORMED("DNS message malformed"),
  /** DNS: not the answer to a question of ours (RFC 5452 §9.1). */
  DNS_UNEXPECTED("DNS answer not asked for"),

  /** Impairment decorator: lost on purpose. */
  IMPAIRED_LOSS("impairment: loss"),
  /** Impairment decorator: longer than the simulated path takes. */
  IMPAIRED_TOO_LONG("impairment: too long"),
  /** Impairment decorator: the simulated queue was full. */
  IMPAIRED_QUEUE_FULL("impairment: queue full");

  private final String text;

  DropReason(String text) {
    this.text = text;
  }

  /** The reason in words, for tables that people read. */
  public String text() {
    return text;
  }
}
