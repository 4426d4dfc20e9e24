package io.millrace.driver.tap;

import io.millrace.os.Namespace;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;

/**
 * Opens a TAP device: {@code tap:mr0}. The kernel has a network interface of that name; what it
 * sends arrives here, and what is sent here arrives there. A device that does not exist is made and
 * goes away when the port is closed, or when the process ends in whatever way.
 *
 * <p>Needs root, or {@code CAP_NET_ADMIN} in the network namespace; or a device that was made for
 * the user beforehand: {@code sudo ip tuntap add dev mr0 mode tap user $USER}.
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code address=10.0.0.1/24}: the <i>kernel's</i> IPv4 address on the device. If not given,
 *       it is left alone.
 *   <li>{@code up}, {@code up=off}: whether to switch the device on. If not given, it is switched
 *       on if an address is given, and left alone otherwise.
 *   <li>{@code mtu=N}: the largest IP datagram in bytes, 68 to 65521, set on the device; if not
 *       given, the device's own, 1500 for a new one.
 *   <li>{@code offload=off}: hands over packets of at most the MTU with their checksums filled in,
 *       both ways. If not given, the kernel hands over TCP packets of up to 64 KiB that it has not
 *       cut and checksums that it has not computed, and takes the same: that is several times as
 *       fast. From Linux 6.2 on the same goes for datagrams of UDP that are sent as one.
 *   <li>{@code queues=N}: 1 to 256 queues, among which the kernel divides the flows; if not given,
 *       as many as the stack has shards.
 *   <li>{@code netns=NAME}: opens the device in a network namespace, by the name that {@code ip
 *       netns} knows, or by the path of its file.
 *   <li>{@code mac=02:00:00:00:00:01}: <i>our</i> link address. If not given, it is locally
 *       administered, differs from the kernel's, and is the same each time until the machine is
 *       started anew: a keyed hash of the machine's boot id, the network namespace and the device's
 *       name.
 *   <li>{@code persist}: leaves the device there when the port is closed.
 * </ul>
 */
public final class TapDriver implements Driver {
  /** Called by the service loader. */
  public TapDriver() {}

  @Override
  public String scheme() {
    return "tap";
  }

  @Override
  public String usage() {
    return "tap:DEVICE[,address=KERNEL/LENGTH][,up][,mtu=N][,offload=off][,queues=N][,netns=NAME]"
        + "[,mac=ADDRESS][,persist]   a TAP device of the Linux kernel";
  }

  @Override
  public Port open(PortConfig config) {
    TapOptions options = TapOptions.of(config);
    return Namespace.in(options.netns(), () -> TapPort.open(options));
  }
}
