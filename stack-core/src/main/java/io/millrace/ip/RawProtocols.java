package io.millrace.ip;

import io.millrace.buf.Frame;
import io.millrace.net.Shard;

/**
 * The protocols that applications have taken on a shard; the families ask it about numbers that
 * they do not know. <b>Thread:</b> the shard's.
 */
public final class RawProtocols {
  private final Shard shard;
  private final RawIp[] byNumber = new RawIp[256];

  /** None are taken. */
  public RawProtocols(Shard shard) {
    this.shard = shard;
  }

  void add(RawIp raw) {
    if (byNumber[raw.protocol()] != null) {
      throw new IllegalStateException("IP protocol " + raw.protocol() + " is taken already");
    }
    byNumber[raw.protocol()] = raw;
  }

  void remove(RawIp raw) {
    byNumber[raw.protocol()] = null;
  }

  /**
   * Shows a datagram to whoever has taken its protocol, here or on another shard. The window starts
   * behind the network header.
   *
   * @return false if nobody has; the caller still owns the frame
   */
  public boolean input(Frame frame, int protocol) {
    RawIp raw = byNumber[protocol];
    if (raw != null) {
      raw.show(frame);
      return true;
    }
    return shard.group().size() > 1 && handOver(frame, protocol);
  }

  private boolean handOver(Frame frame, int protocol) {
    if (frame.has(Frame.HANDED_OVER)) {
      return false;
    }
    int to = shard.bindings().choose(protocol, 0, shard.index());
    if (to < 0) {
      return false;
    }
    shard.group().handOver(frame, to);
    return true;
  }
}
