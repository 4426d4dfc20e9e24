package io.millrace.ipv6.nd;

import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;

/**
 * Asks for routers on one link until one answers (RFC 4861 §6.3.7), ever more rarely (RFC 7559 §2).
 * On the first shard.
 */
final class RouterSolicitor extends TimerNode {
  /** IRT of RFC 7559 §2: RTR_SOLICITATION_INTERVAL. */
  private static final long FIRST_INTERVAL = 4 * Lifetime.SECOND;

  /** MRT of RFC 7559 §2. */
  private static final long LONGEST_INTERVAL = 3_600 * Lifetime.SECOND;

  private final NdHost host;
  private final NdOutput output;
  private final NetInterface on;
  private long interval;

  RouterSolicitor(NdHost host, NdOutput output, NetInterface on) {
    this.host = host;
    this.output = output;
    this.on = on;
  }

  /**
   * Asks at once: the link-local address has just been checked, after a random delay (RFC 4861
   * §6.3.7).
   */
  void start(long now) {
    interval = FIRST_INTERVAL;
    ask(now);
  }

  private void ask(long now) {
    output.solicitRouters(
        on, host.sourceFor(on, NdAddress.LINK_LOCAL_HI, NdAddress.ALL_ROUTERS_LO), now);
    // RFC 8415 §15: each time is off by up to a tenth.
    long tenth = interval / 10;
    long random = host.shard().random().nextLong(2 * tenth + 1) - tenth;
    host.shard().wheel().schedule(this, now + interval + random);
    interval = Math.min(2 * interval, LONGEST_INTERVAL);
  }

  /** A default router has answered. */
  void stop() {
    host.shard().wheel().cancel(this);
  }

  @Override
  protected void onTimer(long now) {
    ask(now);
  }
}
