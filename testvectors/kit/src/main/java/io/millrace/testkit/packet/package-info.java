/**
 * Packets as tests see them: {@link io.millrace.testkit.packet.PacketBuilder built} byte by byte,
 * {@link io.millrace.testkit.packet.Decoded decoded} by pcap4j, and {@link
 * io.millrace.testkit.packet.Check checked}. Nothing here uses the stack's own headers or
 * checksums.
 */
package io.millrace.testkit.packet;
