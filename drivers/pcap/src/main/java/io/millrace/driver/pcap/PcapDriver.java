package io.millrace.driver.pcap;

import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;

/**
 * Replays a capture into the stack: {@code pcap:in.pcap}, a pcap or pcapng file of Ethernet. The
 * whole file is replayed, whichever way a packet went; what is not for the port's link address, the
 * stack drops.
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code timing=original}: keeps the distances between the packets' times, in the shard's
 *       time. If not given ({@code timing=none}), packets come as fast as the stack takes them. No
 *       packet is lost because the stack is slow: it waits.
 *   <li>{@code loop=N}: replays the file N times, 1 to 2^31-1; once if not given.
 *   <li>{@code out=FILE}: writes what the stack sends to a pcapng file, emptied before. A packet's
 *       time is that of the file's first packet and the shard's time that has passed since then. If
 *       not given, what is sent is lost.
 *   <li>{@code mac=02:00:00:00:00:01}: our link address. If not given, the destination of the
 *       file's first packet to a single station, so that the stack accepts it; 02:00:00:00:00:01 if
 *       there is none.
 *   <li>{@code trust}: vouches for the transport checksums in the file. Captures made on the
 *       machine that sent the packets need it: there checksums had not been computed yet.
 *   <li>{@code mtu=N}: the largest IP datagram that the stack may send, in bytes, 68 to 65535; 1500
 *       if not given. What arrives may be longer.
 * </ul>
 *
 * <p>A file that turns out to be damaged ends the replay there, with a warning in the log.
 */
public final class PcapDriver implements Driver {
  /** Called by the service loader. */
  public PcapDriver() {}

  @Override
  public String scheme() {
    return "pcap";
  }

  @Override
  public String usage() {
    return "pcap:FILE[,timing=original][,loop=N][,out=FILE][,mac=ADDRESS][,trust][,mtu=N]"
        + "   replays a capture file";
  }

  @Override
  public Port open(PortConfig config) {
    return PcapPort.open(PcapOptions.of(config));
  }
}
