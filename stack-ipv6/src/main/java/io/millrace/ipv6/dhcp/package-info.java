/**
 * The machine of the DHCPv6 client (RFC 8415) and its messages: messages and time in, messages, a
 * deadline and what is to be done about addresses and prefixes out. Knows neither frames nor
 * shards.
 */
package io.millrace.ipv6.dhcp;
