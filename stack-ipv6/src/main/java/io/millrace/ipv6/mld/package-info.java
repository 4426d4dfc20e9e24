/**
 * Multicast Listener Discovery (RFC 3810, and RFC 2710 where a querier speaks that): {@link
 * io.millrace.ipv6.mld.Mld} gives the family-free machine of {@link io.millrace.multicast} its
 * formats.
 */
package io.millrace.ipv6.mld;
