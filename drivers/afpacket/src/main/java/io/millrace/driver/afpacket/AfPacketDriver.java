package io.millrace.driver.afpacket;

import io.millrace.os.Namespace;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;

/**
 * Opens a network interface of the kernel's: {@code afpacket:eth1}. What arrives at it arrives here
 * as well, and what is sent here leaves through it. Works with every Ethernet-like interface.
 *
 * <p>The kernel sees the same packets. For it not to answer them too, the interface must carry none
 * of the kernel's addresses, or the stack needs a link address of its own ({@code mac}).
 *
 * <p>Needs root, or {@code CAP_NET_RAW} in the network namespace; with two queues or more also
 * {@code CAP_BPF}, see {@code fanout}.
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code offload=off}: hands over packets of at most the MTU with their checksums filled in,
 *       both ways. If not given, TCP segments of up to 64 KiB pass uncut, and checksums of local
 *       senders uncomputed, as with {@code tap}.
 *   <li>{@code queues=N}: 1 to 256 queues, among which the kernel divides the flows; if not given,
 *       as many as the stack has shards.
 *   <li>{@code fanout=hash}: divides them by the kernel's own hash, which nobody can predict. If
 *       not given ({@code toeplitz}), by a program that computes the hash of network cards, so that
 *       the stack knows which flow comes in by which queue.
 *   <li>{@code ring=N}: slots of a queue's receive ring, a power of two from 64 to 65536; if not
 *       given, as many as fit into 8 MiB.
 *   <li>{@code mac=02:00:00:00:00:01}: our link address, which the interface then receives besides
 *       its own. If not given, the interface's own.
 *   <li>{@code promiscuous}: receives what is addressed to other stations too.
 *   <li>{@code bypass=off}: sends through the kernel's queueing discipline of the interface. If not
 *       given, past it, which is faster; {@code tc} and {@code tcpdump} then do not see what is
 *       sent.
 *   <li>{@code netns=NAME}: opens the interface in a network namespace, by the name that {@code ip
 *       netns} knows, or by the path of its file.
 * </ul>
 */
public final class AfPacketDriver implements Driver {
  /** Called by the service loader. */
  public AfPacketDriver() {}

  @Override
  public String scheme() {
    return "afpacket";
  }

  @Override
  public String usage() {
    return "afpacket:INTERFACE[,offload=off][,queues=N][,fanout=hash][,ring=N][,mac=ADDRESS]"
        + "[,promiscuous][,bypass=off][,netns=NAME]   any network interface of the Linux kernel";
  }

  @Override
  public Port open(PortConfig config) {
    AfPacketOptions options = AfPacketOptions.of(config);
    return Namespace.in(options.netns(), () -> AfPacketPort.open(options));
  }
}
