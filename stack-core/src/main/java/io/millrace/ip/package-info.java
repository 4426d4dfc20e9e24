/**
 * What IPv4 and IPv6 share, and all that a transport sees of them: addresses as two longs, routes,
 * ICMP errors without a family.
 */
package io.millrace.ip;
