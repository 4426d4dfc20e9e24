/**
 * IPv4 on one shard: RFC 791 and 1122, ARP (RFC 826, 5227), ICMP (RFC 792), fragments (RFC 815,
 * 1858, 3128), path MTU discovery (RFC 1191). A host: nothing is forwarded.
 *
 * <p>Owns the shard's IPv4 addresses, routes, neighbors and reassembly memory, all confined to the
 * shard's thread. Knows no transport but as {@link io.millrace.transport.Transport}. {@link
 * io.millrace.ipv4.Ping} and {@link io.millrace.ipv4.Ipv4Config} are for applications; the rest is
 * found through {@link io.millrace.ip.IpFamily}.
 */
package io.millrace.ipv4;
