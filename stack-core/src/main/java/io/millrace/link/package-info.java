/**
 * The link layer: Ethernet with 802.1Q, the header of virtual network cards, and the table of
 * neighbors that both families resolve into.
 */
package io.millrace.link;
