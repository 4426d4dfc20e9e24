package io.millrace.raw;

import io.millrace.buf.Frame;
import io.millrace.link.Ethernet;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/**
 * An EtherType that the application speaks itself, on one shard and all its interfaces: nothing is
 * copied and nothing queued, so there is no limit but the handler's own.
 *
 * <p>Frames that are not IP have no flow; ports give them to one shard, as a rule the first.
 * <b>Thread:</b> the shard's.
 */
public final class RawEthernet implements AutoCloseable {
  private static final int LEAST = 0x600;

  private final Shard shard;
  private final int type;
  private final RawEthernetHandler handler;
  private boolean closed;

  private RawEthernet(Shard shard, int type, RawEthernetHandler handler) {
    this.shard = shard;
    this.type = type;
    this.handler = handler;
  }

  /**
   * Takes an EtherType over. On the shard.
   *
   * @param type 0x600 to 0xffff; none that the stack has
   * @throws IllegalArgumentException if the stack handles that type itself
   * @throws IllegalStateException if it, or too many others, are taken over on this shard
   */
  public static RawEthernet open(Shard shard, int type, RawEthernetHandler handler) {
    boolean own =
        type == Ethernet.TYPE_IPV4
            || type == Ethernet.TYPE_IPV6
            || type == Ethernet.TYPE_ARP
            || type == Ethernet.TYPE_VLAN;
    if (own || type < LEAST || type > 0xffff) {
      throw new IllegalArgumentException(
          String.format("EtherType 0x%04x is the stack's own, or no type", type));
    }
    RawEthernet raw = new RawEthernet(shard, type, handler);
    shard.add(raw);
    return raw;
  }

  /** The EtherType. */
  public int type() {
    return type;
  }

  /** The shard that it is on. */
  public Shard shard() {
    return shard;
  }

  /** For the link layer: a frame whose window starts behind the link header. */
  public void deliver(Frame frame, long source, NetInterface from, long now) {
    try {
      handler.onFrame(this, frame, source, from, now);
    } catch (RuntimeException | Error e) {
      shard.report("a frame of an EtherType of the application", e);
    }
    frame.release();
  }

  /**
   * Sends a frame at the end of this duty cycle. Takes ownership; its window is what goes behind
   * the link header, for which it has headroom.
   *
   * @param destination the link address, in the low 48 bits
   * @return false, and the frame is released, if it is longer than the port takes or this is closed
   */
  public boolean send(Frame frame, long destination, NetInterface through) {
    if (closed || frame.totalLength() > through.mtu()) {
      frame.release();
      return false;
    }
    long at = frame.push(through.linkHeaderSize());
    Ethernet.write(at, destination, through.mac(), type, through.vlan());
    through.transmit(frame);
    return true;
  }

  /** Gives the type back. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      shard.remove(this);
    }
  }
}
