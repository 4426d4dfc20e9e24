/**
 * The machine of the DHCPv4 client (RFC 2131) and its messages: messages and time in, messages, a
 * deadline and what is to be done about addresses out. Knows neither frames nor shards.
 */
package io.millrace.ipv4.dhcp;
