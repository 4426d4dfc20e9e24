package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/**
 * Cuts a datagram, or a fragment, that passes through us and is too long for the next link (RFC 791
 * §3.2, RFC 1812 §5.2.6).
 */
final class TransitFragmenter {
  private final Shard shard;
  private final Counters counters;
  private final Ipv4Forwarding forwarding;

  TransitFragmenter(Shard shard, Ipv4Forwarding forwarding) {
    this.shard = shard;
    this.counters = shard.counters();
    this.forwarding = forwarding;
  }

  /** Sends the datagram in pieces, all or none. The frame stays the caller's. */
  DropReason send(Frame frame, NetInterface through, int nextHop, long now) {
    long at = frame.address();
    int headerSize = Ipv4Header.size(at);
    int length = frame.length() - headerSize;
    int most = (through.mtu() - headerSize) & ~7;
    int pieces = (length + most - 1) / most;
    if (through.transmitRoom() < pieces) {
      return DropReason.TX_QUEUE_FULL;
    }
    if (shard.pool().available() < pieces) {
      return DropReason.NO_FRAME;
    }
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      Ipv4Output.resolveChecksum(frame);
    }
    for (int from = 0; from < length; from += most) {
      int size = Math.min(most, length - from);
      Frame piece = piece(at, headerSize, from, size, from + size == length);
      forwarding.transmit(piece, through, nextHop, now);
    }
    counters.increment(Counter.IP_FRAG_OKS);
    return null;
  }

  private Frame piece(long at, int headerSize, int from, int size, boolean last) {
    Frame piece = shard.pool().allocate();
    long to = piece.append(headerSize + size);
    piece.markL3();
    Bytes.copy(at, to, Ipv4Header.SIZE);
    int ownSize = headerSize;
    if (from == 0) {
      Bytes.copy(at + Ipv4Header.SIZE, to + Ipv4Header.SIZE, headerSize - Ipv4Header.SIZE);
    } else {
      ownSize = Ipv4Options.copy(at, headerSize, to);
    }
    Bytes.put8(to, 4 << 4 | ownSize >>> 2);
    Bytes.copy(at + headerSize + from, to + ownSize, size);
    piece.trim(ownSize + size);
    // A fragment that is cut keeps its own place, and whether more follow behind its last piece.
    int word = Ipv4Header.flagsAndOffset(at) + (from >>> 3);
    Ipv4Header.rewrite(to, ownSize + size, last ? word : word | Ipv4Header.MF);
    return piece;
  }
}
