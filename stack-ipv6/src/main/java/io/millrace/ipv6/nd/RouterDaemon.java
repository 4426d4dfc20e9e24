package io.millrace.ipv6.nd;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6RouterConfig;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;

/**
 * Advertises us as a router on one link (RFC 4861 §6.2). On the first shard.
 *
 * <pre>
 *   start ── three advertisements at most 16 s apart ── then one every third to whole interval
 *   a solicitation ── one to all within half a second, but three seconds after the last
 *   close ── one with a lifetime of 0
 * </pre>
 */
final class RouterDaemon extends TimerNode {
  private static final long MILLI = 1_000_000;

  // RFC 4861 §10.
  private static final long MAX_INITIAL_INTERVAL = 16 * Lifetime.SECOND;
  private static final int MAX_INITIAL = 3;
  private static final long MIN_DELAY_BETWEEN = 3 * Lifetime.SECOND;
  private static final long MAX_DELAY = 500 * MILLI;

  /** How soon to look again whether there is a link-local address to send from. */
  private static final long ADDRESS_WAIT = Lifetime.SECOND;

  private final NdHost host;
  private final Shard shard;
  private final NdOutput output;
  private final NetInterface on;
  private final RouterAdvertisementWriter writer;
  private final long most;
  private final long least;
  private int sent;
  private long lastAt;

  RouterDaemon(NdHost host, NdOutput output, NetInterface on, Ipv6RouterConfig.Link config) {
    this.host = host;
    this.shard = host.shard();
    this.output = output;
    this.on = on;
    this.writer = new RouterAdvertisementWriter(config, on);
    this.most = config.interval() * Lifetime.SECOND;
    // RFC 4861 §6.2.1, MinRtrAdvInterval: a third, and not below three seconds.
    this.least = Math.max(MIN_DELAY_BETWEEN, most / 3);
  }

  void start(long now) {
    shard.wheel().schedule(this, now);
  }

  /** Somebody asks for routers (RFC 4861 §6.2.6). All hear the answer. */
  void solicited(long now) {
    if (sent == 0) {
      return; // the first one is about to be sent
    }
    long at = Math.max(now, lastAt + MIN_DELAY_BETWEEN) + shard.random().nextLong(MAX_DELAY);
    if (at < scheduledDeadline()) {
      shard.wheel().schedule(this, at);
    }
  }

  @Override
  protected void onTimer(long now) {
    if (!send(false, now)) {
      shard.wheel().schedule(this, now + ADDRESS_WAIT);
      return;
    }
    sent++;
    lastAt = now;
    long interval = least + shard.random().nextLong(Math.max(1, most - least));
    if (sent < MAX_INITIAL) {
      // RFC 4861 §6.2.4: so that hosts find us soon after we have started.
      interval = Math.min(interval, MAX_INITIAL_INTERVAL);
    }
    shard.wheel().schedule(this, now + interval);
  }

  /** We cease to be a router (RFC 4861 §6.2.5). */
  void close(long now) {
    shard.wheel().cancel(this);
    if (sent != 0) {
      send(true, now);
    }
  }

  /** Whether there was an address to send from, and so an advertisement was sent. */
  private boolean send(boolean last, long now) {
    IpAddress source = host.sourceFor(on, NdAddress.LINK_LOCAL_HI, NdAddress.ALL_NODES_LO);
    if (source == null || !NdAddress.isLinkLocal(source.hi())) {
      return false;
    }
    Frame frame = shard.pool().allocate();
    if (frame == null) {
      shard.counters().drop(DropReason.NO_FRAME);
      return true; // the next one will do
    }
    writer.write(frame, last);
    output.sendToGroup(frame, on, source.hi(), source.lo(), NdAddress.ALL_NODES_LO, now);
    return true;
  }
}
