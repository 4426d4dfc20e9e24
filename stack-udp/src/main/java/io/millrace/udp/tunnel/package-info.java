/**
 * Headers of tunnels that an application terminates itself: GTP-U (3GPP TS 29.281) and VXLAN (RFC
 * 7348). A received datagram is unwrapped by pulling its outer headers off the same frame, and one
 * is wrapped by pushing headers into the frame's headroom: no byte of the inner packet is copied.
 *
 * <p><b>Headroom.</b> {@link io.millrace.buf.FramePool#HEADROOM} is 128 bytes. The most that is
 * pushed in front of an inner IP datagram is 86: Ethernet 14, two VLAN tags 8, IPv6 40, UDP 8,
 * GTP-U 8 with 8 of options and a PDU session container; or, with VXLAN, 92: 70 for the outer
 * headers, 8 of VXLAN and 14 of the inner Ethernet header. A received frame that is unwrapped has
 * more room by what was pulled.
 *
 * <p><b>Too big.</b> An inner packet that does not fit into the path between the tunnel's ends is
 * refused ({@link io.millrace.udp.UdpTunnel#room()}), and the application tells its sender, or cuts
 * it. The outer datagram is not fragmented unless that is asked for: VXLAN forbids it (RFC 7348
 * §4.3), and TS 29.281 §4.2.3 wants it avoided.
 */
package io.millrace.udp.tunnel;
