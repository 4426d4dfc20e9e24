/**
 * Any network interface of Linux, by packet sockets (packet(7)): for where there is no XDP.
 *
 * <p>Owns the sockets and their rings; the interface stays the kernel's. Opening and closing is for
 * the thread that starts the stack; each {@link io.millrace.driver.afpacket.AfPacketQueue} belongs
 * to one shard. Imports only the core.
 *
 * <p>Packets are received through a ring of slots (TPACKET_V2) and sent with {@code sendmmsg(2)}.
 * The blocks of TPACKET_V3 are not used, because the kernel hands over a block when it is full or
 * after a time of several milliseconds: measured, a round trip of a lone packet took 8 ms with them
 * and 5 µs with slots. A ring for transmission is not used, because it was not faster: it only
 * makes the copy ours instead of the kernel's, and has no room for segments of 64 KiB.
 */
package io.millrace.driver.afpacket;
