/**
 * What the hosts of both families do about groups: who listens to which ({@link
 * io.millrace.multicast.Memberships}), and what the routers of a link are told of it ({@link
 * io.millrace.multicast.MembershipMachine}: the host part of IGMPv3, RFC 3376, and MLDv2, RFC 3810,
 * which differ in their formats only).
 */
package io.millrace.multicast;
