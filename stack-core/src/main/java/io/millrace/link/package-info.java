/**
 * The link layer: Ethernet with 802.1Q, and the table of neighbors that both families resolve into.
 */
package io.millrace.link;
