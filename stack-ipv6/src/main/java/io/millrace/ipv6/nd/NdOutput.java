package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetInterface;

/** Writes the messages of Neighbor Discovery that a host sends, and gives them to the family. */
final class NdOutput {
  private final NdHost host;
  private final NdLinks links;

  NdOutput(NdHost host, NdLinks links) {
    this.host = host;
    this.links = links;
  }

  /** A frame with a message of this size in it, all zero but for its type; null if none is free. */
  Frame message(int type, int size) {
    Frame frame = host.shard().pool().allocate();
    if (frame == null) {
      host.shard().counters().drop(DropReason.NO_FRAME);
      return null;
    }
    long at = frame.append(size);
    Bytes.fill(at, size, 0);
    Bytes.put8(at, type);
    return frame;
  }

  /** Sends a message; takes ownership. */
  void send(
      Frame message,
      NetInterface on,
      long mac,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long now) {
    host.shard().counters().increment(Counter.ND_OUT);
    host.send(
        message,
        on,
        mac,
        sourceHi,
        sourceLo,
        destinationHi,
        destinationLo,
        NdMessage.HOP_LIMIT,
        false,
        now);
  }

  /** Sends a message to a group of the link. */
  void sendToGroup(
      Frame message, NetInterface on, long sourceHi, long sourceLo, long groupLo, long now) {
    send(
        message,
        on,
        NdAddress.groupMac(groupLo),
        sourceHi,
        sourceLo,
        NdAddress.LINK_GROUP_HI,
        groupLo,
        now);
  }

  private Frame solicitation(long hi, long lo, int option, long value) {
    Frame frame =
        message(
            NdMessage.NEIGHBOR_SOLICITATION, NdMessage.NS_SIZE + (value < 0 ? 0 : NdOption.SIZE));
    if (frame == null) {
      return null;
    }
    long at = frame.address();
    Bytes.put64(at + 8, hi);
    Bytes.put64(at + 16, lo);
    if (value >= 0) {
      NdOption.write48(at + NdMessage.NS_SIZE, option, value);
    }
    return frame;
  }

  /** Asks all for a neighbor's link address, or one alone whether it is still there. */
  void solicitNeighbor(NetInterface on, long mac, IpAddress source, long hi, long lo, long now) {
    // RFC 4861 §7.2.2: with our link address, so that the answer needs no question.
    Frame frame = solicitation(hi, lo, NdOption.SOURCE_LINK_ADDRESS, on.mac());
    if (frame == null) {
      return;
    }
    if (mac >= 0) {
      send(frame, on, mac, source.hi(), source.lo(), hi, lo, now);
    } else {
      sendToGroup(frame, on, source.hi(), source.lo(), NdAddress.solicitedNodeLo(lo), now);
    }
  }

  /** Asks whether anybody has an address that we want (RFC 4862 §5.4.2, RFC 7527 §4.1). */
  void probe(NetInterface on, long hi, long lo, long nonce, long now) {
    Frame frame = solicitation(hi, lo, NdOption.NONCE, nonce);
    if (frame != null) {
      sendToGroup(frame, on, 0, 0, NdAddress.solicitedNodeLo(lo), now);
    }
  }

  /**
   * Advertises an address of ours.
   *
   * @param mac where to, -1 to have it found
   * @param flags {@link NdMessage#SOLICITED} and {@link NdMessage#OVERRIDE}
   */
  void advertise(
      NetInterface on,
      long mac,
      long destinationHi,
      long destinationLo,
      long hi,
      long lo,
      int flags,
      long now) {
    Frame frame = message(NdMessage.NEIGHBOR_ADVERTISEMENT, NdMessage.NA_SIZE + NdOption.SIZE);
    if (frame == null) {
      return;
    }
    long at = frame.address();
    Bytes.put32(at + 4, links.isRouter(on) ? flags | NdMessage.ROUTER : flags);
    Bytes.put64(at + 8, hi);
    Bytes.put64(at + 16, lo);
    NdOption.write48(at + NdMessage.NA_SIZE, NdOption.TARGET_LINK_ADDRESS, on.mac());
    send(frame, on, mac, hi, lo, destinationHi, destinationLo, now);
  }

  /** Asks for routers (RFC 4861 §6.3.7); {@code source} is null if we have no address yet. */
  void solicitRouters(NetInterface on, IpAddress source, long now) {
    // RFC 4861 §4.1: no link address when nobody sends.
    Frame frame =
        message(
            NdMessage.ROUTER_SOLICITATION,
            NdMessage.RS_SIZE + (source == null ? 0 : NdOption.SIZE));
    if (frame == null) {
      return;
    }
    if (source != null) {
      NdOption.write48(frame.address() + NdMessage.RS_SIZE, NdOption.SOURCE_LINK_ADDRESS, on.mac());
    }
    sendToGroup(
        frame,
        on,
        source == null ? 0 : source.hi(),
        source == null ? 0 : source.lo(),
        NdAddress.ALL_ROUTERS_LO,
        now);
  }
}
