package io.millrace.kernel;

import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Set;

/**
 * The sockets of the operating system as a port: {@code kernel:}. A stack has it alone, without
 * addresses and routes, for those are the kernel's.
 *
 * <p>What is different from the stack's own TCP and UDP:
 *
 * <ul>
 *   <li>The kernel acknowledges, sends again and gives up by its own rules. Of {@code TcpConfig}
 *       count the two buffers, {@code noDelay}, keep-alive, {@code finWait2}, {@code
 *       maxConnections}, and {@code synRetries} with {@code initialRto} and {@code maxRto} as the
 *       time that a connection attempt may take; of {@code UdpConfig} the number of sockets.
 *   <li>Sent is what the kernel has taken: buffers are released then, and {@code
 *       unacknowledgedBytes} are those that it has not. A connection is closed when the kernel has
 *       everything and the peer has closed, too.
 *   <li>The kernel does not say the congestion window and the round-trip time: both are 0. The
 *       local address and port of an outgoing connection are known once it stands.
 *   <li>While reading is paused, a reset shows at the next send or {@code resumeReading}; after the
 *       peer has closed, at the next send.
 *   <li>A port that is bound on each of several shards is bound with {@code SO_REUSEPORT}: the
 *       kernel spreads connections and datagrams, and does not refuse another process of the same
 *       user. A listener on all addresses and one on a single address exclude each other if there
 *       is only one shard.
 *   <li>A UDP socket hears of an unreachable port only while it is connected. It cannot set the hop
 *       limit, nor choose another source address than the one that it is bound to; received frames
 *       do not say the address that they were sent to unless the socket is bound to it, nor traffic
 *       class and hop limit.
 * </ul>
 */
public final class KernelDriver implements Driver {
  /** Called by the service loader. */
  public KernelDriver() {}

  @Override
  public String scheme() {
    return "kernel";
  }

  @Override
  public String usage() {
    return "kernel:   the sockets of the operating system, without addresses or options";
  }

  @Override
  public Port open(PortConfig config) {
    config.allow(Set.of());
    if (!config.target().isEmpty()) {
      throw new PortException(
          "'kernel:" + config.target() + "': there is only one kernel; write kernel: alone");
    }
    return new KernelPort(config.queues());
  }
}
