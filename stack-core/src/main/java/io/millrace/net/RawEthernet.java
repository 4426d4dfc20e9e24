package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.link.Ethernet;
import java.util.Objects;

/**
 * An application's own protocol directly on Ethernet: the frames of one EtherType that come in by
 * one interface of a shard, and frames of that type to be sent.
 *
 * <p>The type may be one that the stack handles itself, IPv4 for instance: while it is taken, the
 * stack gets none of it from that interface. Frames for us and for groups are shown, others are
 * not.
 *
 * <p><b>Several shards:</b> a frame is shown on the shard that receives it. What is not IP mostly
 * comes in at the first; whoever wants all of it opens one on each shard. <b>Thread:</b> the
 * shard's. Allocates nothing per frame.
 */
public final class RawEthernet {
  private static final int LEAST_TYPE = 0x600;

  private final Shard shard;
  private final NetInterface on;
  private final int etherType;
  private final RawEthernetHandler handler;
  private RawEthernet next;
  private boolean closed;

  private RawEthernet(Shard shard, NetInterface on, int etherType, RawEthernetHandler handler) {
    this.shard = shard;
    this.on = on;
    this.etherType = etherType;
    this.handler = handler;
  }

  /**
   * Takes the frames of a type from now on.
   *
   * @param on an interface of the shard
   * @param etherType 0x600 to 0xffff, and not that of a tag
   * @throws IllegalArgumentException if the type is out of range
   * @throws IllegalStateException if the type is taken on this interface already
   */
  public static RawEthernet open(
      Shard shard, NetInterface on, int etherType, RawEthernetHandler handler) {
    Objects.requireNonNull(handler);
    if (etherType < LEAST_TYPE || etherType > 0xffff || Ethernet.isTag(etherType)) {
      throw new IllegalArgumentException(
          "0x"
              + Integer.toHexString(etherType)
              + " is no EtherType to take: give one from 0x600 to 0xffff that is not a VLAN tag's");
    }
    if (shard.networkInterface(on.index()) != on) {
      throw new IllegalArgumentException(on + " is an interface of another shard");
    }
    for (RawEthernet each = on.raw(); each != null; each = each.next) {
      if (each.etherType == etherType) {
        throw new IllegalStateException(
            "EtherType 0x" + Integer.toHexString(etherType) + " is taken on " + on + " already");
      }
    }
    RawEthernet raw = new RawEthernet(shard, on, etherType, handler);
    raw.next = on.raw();
    on.raw(raw);
    return raw;
  }

  /** The EtherType. */
  public int etherType() {
    return etherType;
  }

  /** The interface. */
  public NetInterface networkInterface() {
    return on;
  }

  /** Gives the type back. Calling it again does nothing. */
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (on.raw() == this) {
      on.raw(next);
      return;
    }
    RawEthernet before = on.raw();
    while (before.next != this) {
      before = before.next;
    }
    before.next = next;
  }

  /**
   * Sends a frame whose window, and tail if it has one, is what goes behind the Ethernet header:
   * that is pushed in front, with the interface's tags. Takes ownership, whatever the result.
   *
   * @param destination the link address to send to, in the low 48 bits
   * @return false if it is larger than the MTU, or the interface is full: counted, and not sent
   */
  public boolean send(Frame frame, long destination) {
    assert shard.isOwner();
    DropReason dropped = refusal(frame);
    if (dropped != null) {
      shard.counters().drop(dropped);
      frame.release();
      return false;
    }
    frame.clear(~Frame.CHECKSUM_PARTIAL);
    frame.segmentSize(0);
    long header = frame.push(on.linkHeaderSize());
    Ethernet.write(header, destination, on.mac(), etherType, on.vlan());
    on.transmit(frame);
    return true;
  }

  private DropReason refusal(Frame frame) {
    if (frame.totalLength() > on.mtu()) {
      return DropReason.FRAME_TOO_BIG;
    }
    return on.transmitRoom() == 0 ? DropReason.TX_QUEUE_FULL : null;
  }

  /**
   * Shows a frame to whoever takes its type, this one or one behind it in the list; its window
   * starts behind a header of {@code headerSize} bytes.
   *
   * @return false if nobody does; the caller still owns the frame
   */
  boolean input(Frame frame, int type, int headerSize) {
    for (RawEthernet each = this; each != null; each = each.next) {
      if (each.etherType == type) {
        each.show(frame, Ethernet.source(frame.address() - headerSize));
        return true;
      }
    }
    return false;
  }

  private void show(Frame frame, long source) {
    try {
      handler.onFrame(this, frame, source);
    } catch (RuntimeException | Error e) {
      shard.report("a frame for " + this, e);
    }
    frame.release();
  }

  @Override
  public String toString() {
    return "ethernet:0x" + Integer.toHexString(etherType) + " on " + on;
  }
}
