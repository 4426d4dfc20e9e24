/** IPv6 (RFC 8200), ICMPv6, Neighbor Discovery and MLD for the Millrace stack. */
package io.millrace.ipv6;
