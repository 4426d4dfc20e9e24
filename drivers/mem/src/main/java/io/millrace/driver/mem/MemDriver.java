package io.millrace.driver.mem;

import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Set;

/**
 * Opens an end of a wire in memory: {@code mem:wire0}.
 *
 * <p>The first two ports of the same name are joined; a third is refused. An end that is closed
 * leaves the wire, whose other end then sends into nothing; it may be opened anew, like a cable
 * that is plugged in again.
 *
 * <p>Options; those but {@code mac} belong to the wire: the end that is opened first sets them, the
 * other one says the same or nothing.
 *
 * <ul>
 *   <li>{@code mtu=N}: the largest IP datagram in bytes, 68 to 65535; 1500 if not given. Longer
 *       frames are lost.
 *   <li>{@code ring=N}: frames that a receiver has ready, a power of two from 2 to 32768; 512 if
 *       not given. At most half of a pool is ever made ready.
 *   <li>{@code queues=N}: queues that either end can have, 1 to 64; 1 if not given. A stack uses as
 *       many as it has shards. A frame goes to the queue that its {@link io.millrace.flow.Toeplitz}
 *       hash says; what a receiver has ready is shared by the queues of the other end.
 *   <li>{@code drop}: loses frames that the receiver has no room for, as a cable does. If not
 *       given, the sender keeps them and tries again: nothing is lost, and it feels the receiver's
 *       pace.
 *   <li>{@code offload}: the wire takes over checksums and segmentation. Checksums are then neither
 *       computed nor verified, and frames of up to 64 KiB pass as a whole. If not given, both
 *       stacks do all of it themselves.
 *   <li>{@code mac=02:00:00:00:00:01}: this end's link address. If not given, it is made of the
 *       wire's name, differs between the two ends, and is locally administered.
 * </ul>
 */
public final class MemDriver implements Driver {
  private static final Set<String> OPTIONS =
      Set.of("mtu", "ring", "queues", "drop", "offload", "mac");

  /** Called by the service loader. */
  public MemDriver() {}

  @Override
  public String scheme() {
    return "mem";
  }

  @Override
  public String usage() {
    return "mem:NAME[,mtu=N][,ring=N][,queues=N][,drop][,offload][,mac=ADDRESS]   a wire between"
        + " two stacks of this process";
  }

  @Override
  public Port open(PortConfig config) {
    config.allow(OPTIONS);
    if (config.target().isEmpty()) {
      throw new PortException("the wire has no name: write, for example, mem:wire0");
    }
    return Wire.plug(config);
  }
}
