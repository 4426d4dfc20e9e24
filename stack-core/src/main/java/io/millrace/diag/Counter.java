package io.millrace.diag;

/** What a shard counts besides drops. Names follow RFC 4293, 4113 and 4022 where those have one. */
public enum Counter {
  /** Frames received from ports. */
  FRAMES_IN,
  /** Bytes received from ports. */
  BYTES_IN,
  /** Frames given to ports. */
  FRAMES_OUT,
  /** Bytes given to ports. */
  BYTES_OUT,
  /** IP datagrams received. */
  IP_IN_RECEIVES,
  /** IP datagrams sent. */
  IP_OUT_REQUESTS,
  /** IP datagrams forwarded. */
  IP_OUT_FORW_DATAGRAMS,
  /** Fragments received that had to be put together. */
  IP_REASM_REQDS,
  /** Datagrams put together from fragments. */
  IP_REASM_OKS,
  /** Datagrams cut into fragments. */
  IP_FRAG_OKS,
  /** ICMP messages received. */
  ICMP_IN_MSGS,
  /** ICMP messages sent. */
  ICMP_OUT_MSGS,
  /** IGMP messages received. */
  IGMP_IN_MSGS,
  /** IGMP messages sent. */
  IGMP_OUT_MSGS,
  /** ARP packets received. */
  ARP_IN,
  /** ARP packets sent. */
  ARP_OUT,
  /** ARP packets in which somebody else claims an address of ours (RFC 5227 §2.4). */
  ARP_CONFLICTS,
  /** Announcements sent to defend an address of ours (RFC 5227 §2.4 (b)). */
  ARP_DEFENSES,
  /** Neighbor Discovery messages received (RFC 4861). */
  ND_IN,
  /** Neighbor Discovery messages sent. */
  ND_OUT,
  /** Messages in which somebody else claims an IPv6 address of ours (RFC 4862 §5.4). */
  ND_CONFLICTS,
  /** MLD messages received (RFC 3810). */
  MLD_IN,
  /** MLD messages sent. */
  MLD_OUT,
  /** UDP datagrams delivered. */
  UDP_IN_DATAGRAMS,
  /** UDP datagrams sent. */
  UDP_OUT_DATAGRAMS,
  /** UDP-Lite datagrams delivered (RFC 5097). */
  UDPLITE_IN_DATAGRAMS,
  /** UDP-Lite datagrams sent. */
  UDPLITE_OUT_DATAGRAMS,
  /** TCP segments received. */
  TCP_IN_SEGS,
  /** TCP segments sent. */
  TCP_OUT_SEGS,
  /** TCP segments sent again. */
  TCP_RETRANS_SEGS,
  /** TCP segments sent with the RST flag. */
  TCP_OUT_RSTS,
  /** TCP connections opened by us. */
  TCP_ACTIVE_OPENS,
  /** TCP connections opened by peers. */
  TCP_PASSIVE_OPENS,
  /** TCP connections reset while established. */
  TCP_ESTAB_RESETS,
  /** TCP connections that failed to open. */
  TCP_ATTEMPT_FAILS,
  /** TCP retransmission timeouts. */
  TCP_TIMEOUTS,
  /** SYNs answered with a cookie, because the backlog was full. */
  TCP_COOKIES_OUT,
  /** Connections that came from a cookie. */
  TCP_COOKIES_IN,
  /** Acknowledgments to a listener that had sent cookies, and that fitted none. */
  TCP_COOKIES_FAILED,
  /** Challenge ACKs sent (RFC 5961). */
  TCP_CHALLENGE_ACKS,
  /** DNS queries sent, over UDP and TCP. */
  DNS_QUERIES_OUT,
  /** Names that the DNS cache answered. */
  DNS_CACHE_HITS,
  /** DNS queries that a server did not answer in time. */
  DNS_TIMEOUTS,
  /** DNS answers that were too long for UDP, so that TCP was asked. */
  DNS_TRUNCATED,
  /**
   * Packets given to another shard: received by the wrong one, or to be sent where this one has no
   * queue.
   */
  FRAMES_HANDED_OVER,
  /** Duty cycles that found work. */
  BUSY_CYCLES,
  /** Duty cycles that took longer than the stall threshold. */
  STALLS,
  /** Times the shard slept on its driver's descriptor. */
  SLEEPS,
  /** Exceptions that application handlers or the stack threw; the shard lived on. */
  EXCEPTIONS
}
