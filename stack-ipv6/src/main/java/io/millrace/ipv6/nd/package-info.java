/**
 * Neighbor Discovery (RFC 4861) and address autoconfiguration (RFC 4862): how IPv6 finds neighbors
 * and routers, and makes its addresses.
 *
 * <p>{@link io.millrace.ipv6.nd.NeighborDiscovery} is the face, one per shard; what it needs of the
 * family it asks of {@link io.millrace.ipv6.nd.NdHost}. Addresses here are as they are on the wire,
 * two longs: what a family keeps in the unused bits of a link-local address is cut off. Confined to
 * the shard's thread.
 */
package io.millrace.ipv6.nd;
