package io.millrace.ipv6;

import io.millrace.ip.IpPrefix;

/**
 * A network that a DHCPv6 server has given us to give out (RFC 8415 §6.3). It is not to be used on
 * the link of the port that it came by.
 *
 * @param port the number of the port that it came by
 * @param preferredUntil when nothing new is to use it any more, in nanoseconds of the shard's
 *     clock; {@code Long.MAX_VALUE} for never
 * @param validUntil when it is not ours any more, likewise
 */
public record DelegatedPrefix(int port, IpPrefix prefix, long preferredUntil, long validUntil) {}
