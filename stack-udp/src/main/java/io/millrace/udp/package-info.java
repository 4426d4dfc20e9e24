/**
 * UDP (RFC 768, RFC 1122 §4.1) on one shard: sockets, their lookup, datagrams in and out without a
 * copy.
 *
 * <p>{@link io.millrace.udp.Udp} is the entry: it binds sockets and receives what the network layer
 * has for them. {@link io.millrace.udp.UdpSocket} sends. Both families are one code path: addresses
 * are two longs each, IPv4 as v4-mapped.
 *
 * <p><b>Thread:</b> the shard's, for everything here; other threads go through {@link
 * io.millrace.net.Shard#execute}. <b>Imports:</b> the core only, no network layer.
 */
package io.millrace.udp;
