package io.millrace.udp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import java.util.Arrays;

/** The way up: a datagram is verified and brought to its sockets, here or on another shard. */
final class UdpInput {
  private final StackUdp udp;
  private final Shard shard;
  private final Counters counters;
  private final int protocol;
  private final boolean lite;
  private final Counter counted;
  private final UdpSteering steering;

  /** The port of {@link #steering}; -1 if there is none, or only one shard. */
  private final int steeredPort;

  /** Those that the broadcast or multicast at hand is for. */
  private StackUdpSocket[] receivers = new StackUdpSocket[8];

  /** The bytes that IP's datagram at hand has behind UDP's. */
  private int surplus;

  /** Datagrams in a row, for sockets that want them so. */
  private final SegmentBatch batch;

  UdpInput(StackUdp udp, Shard shard, int protocol) {
    this.udp = udp;
    this.shard = shard;
    this.protocol = protocol;
    this.lite = protocol == IpProtocol.UDP_LITE;
    this.counted = lite ? Counter.UDPLITE_IN_DATAGRAMS : Counter.UDP_IN_DATAGRAMS;
    this.counters = shard.counters();
    this.batch = new SegmentBatch(this, shard.pool());
    this.steering = lite ? null : shard.setting(UdpSteering.class, null);
    this.steeredPort = steering == null || shard.group().size() == 1 ? -1 : steering.port();
  }

  /** Takes ownership of a frame whose window starts at UDP's header. */
  void input(Frame frame, long now) {
    DropReason dropped = accept(frame, now);
    if (dropped != null) {
      counters.drop(dropped);
    }
    frame.release();
  }

  private DropReason accept(Frame frame, long now) {
    long header = frame.address();
    DropReason dropped = lite ? judgeLite(frame, header) : judge(frame, header);
    if (dropped != null) {
      return dropped;
    }
    long fields = UdpHeader.fields(header);
    if (frame.segmentSize() != 0 && acceptMerged(frame, fields, now)) {
      return null;
    }
    int sourcePort = UdpHeader.sourcePort(fields);
    int port = UdpHeader.destinationPort(fields);
    if (frame.has(Frame.IP_MULTICAST)) {
      return deliverToAll(frame, sourcePort, port);
    }
    if (port == steeredPort && steer(frame)) {
      return null;
    }
    StackUdpSocket socket = find(frame, fields);
    if (socket == null) {
      return foreign(frame, sourcePort, port, now);
    }
    if (lite && !isCovered(socket, frame, fields)) {
      return DropReason.UDPLITE_COVERAGE_TOO_SMALL;
    }
    frame.pull(UdpHeader.SIZE);
    if (socket.segments() == null) {
      deliver(socket, frame, sourcePort);
    } else {
      batch.add(socket, frame, sourcePort);
    }
    return null;
  }

  /** Delivers what waits for more of its kind: the burst is over. */
  boolean flush() {
    if (batch.isEmpty()) {
      return false;
    }
    batch.flush();
    return true;
  }

  void close() {
    batch.close();
  }

  // ---- what a port has merged ----

  /**
   * Gives datagrams that a port has merged to a socket that wants them so, or takes them apart
   * again for others; false if it is one datagram, or nobody here is there for it.
   */
  private boolean acceptMerged(Frame frame, long fields, long now) {
    int size = frame.segmentSize();
    if (frame.length() - UdpHeader.SIZE <= size) {
      frame.segmentSize(0);
      return false;
    }
    StackUdpSocket socket = frame.has(Frame.IP_MULTICAST) ? null : find(frame, fields);
    int port = UdpHeader.destinationPort(fields);
    if (socket != null && socket.segments() != null && port != steeredPort) {
      int count = (frame.length() - UdpHeader.SIZE + size - 1) / size;
      frame.pull(UdpHeader.SIZE);
      batch.flush();
      deliverSegments(socket, frame, size, count, UdpHeader.sourcePort(fields));
      return true;
    }
    if (socket == null && !frame.has(Frame.IP_MULTICAST) && port != steeredPort) {
      return false; // another shard's, as it is, or nobody's
    }
    cut(frame, size, fields, now);
    return true;
  }

  /** Makes a datagram with headers of its own of each segment. */
  private void cut(Frame merged, int size, long fields, long now) {
    long payload = merged.address() + UdpHeader.SIZE;
    int headers = (int) (payload - merged.l3Address());
    int length = merged.length() - UdpHeader.SIZE;
    for (int at = 0; at < length; at += size) {
      int segment = Math.min(size, length - at);
      Frame piece = shard.pool().allocate();
      if (piece == null || piece.tailroom() < headers + segment) {
        counters.drop(DropReason.NO_FRAME);
        if (piece != null) {
          piece.release();
        }
        continue;
      }
      long to = piece.append(headers + segment);
      Bytes.copy(merged.l3Address(), to, headers);
      Bytes.copy(payload + at, to + headers, segment);
      piece.markL3();
      SegmentBatch.copyFacts(merged, piece);
      piece.pull(headers - UdpHeader.SIZE);
      UdpHeader.write(
          piece.address(),
          UdpHeader.sourcePort(fields),
          UdpHeader.destinationPort(fields),
          UdpHeader.SIZE + segment,
          UdpHeader.checksum(fields) | 1); // vouched for; and not none
      udp.familyOf(piece.destinationHi(), piece.destinationLo()).shortened(piece);
      input(piece, now);
    }
  }

  private StackUdpSocket find(Frame frame, long fields) {
    return udp.find(
        frame.destinationHi(),
        frame.destinationLo(),
        frame.sourceHi(),
        frame.sourceLo(),
        UdpHeader.destinationPort(fields),
        UdpHeader.sourcePort(fields));
  }

  // ---- what makes a datagram ----

  private DropReason judge(Frame frame, long header) {
    if (!UdpHeader.validate(header, frame.length())) {
      return DropReason.UDP_BAD_LENGTH;
    }
    long fields = UdpHeader.fields(header);
    int length = UdpHeader.length(fields);
    surplus = frame.length() - length;
    frame.trim(length);
    if (UdpHeader.checksum(fields) == 0) {
      return judgeUnsummed(frame, fields);
    }
    // RFC 1122 §4.1.3.4: a datagram whose checksum is not zero and invalid MUST be dropped
    // silently.
    return isIntact(frame, header, length)
        ? null
        : damaged(frame, fields, DropReason.UDP_BAD_CHECKSUM);
  }

  /** RFC 3828 §3.1: its length is what IP says, its checksum covers a part of it and is there. */
  private DropReason judgeLite(Frame frame, long header) {
    if (frame.length() < UdpHeader.SIZE) {
      return DropReason.UDP_BAD_LENGTH;
    }
    long fields = UdpHeader.fields(header);
    surplus = 0;
    int coverage = coverage(frame, fields);
    if (coverage < UdpHeader.SIZE || coverage > frame.length()) {
      return DropReason.UDPLITE_BAD_COVERAGE;
    }
    return UdpHeader.checksum(fields) != 0 && isIntact(frame, header, coverage)
        ? null
        : damaged(frame, fields, DropReason.UDP_BAD_CHECKSUM);
  }

  private static int coverage(Frame frame, long fields) {
    int said = UdpHeader.length(fields);
    return said == 0 ? frame.length() : said;
  }

  private static boolean isCovered(StackUdpSocket socket, Frame frame, long fields) {
    if (socket.isContentWith(coverage(frame, fields), frame.length())) {
      return true;
    }
    socket.receivedDamaged();
    return false;
  }

  private boolean isIntact(Frame frame, long header, int covered) {
    if (isVouchedFor(frame)) {
      return true;
    }
    long sum =
        Checksum.pseudoHeader(
            frame.sourceHi(),
            frame.sourceLo(),
            frame.destinationHi(),
            frame.destinationLo(),
            protocol);
    return Checksum.fold(Checksum.add(sum + frame.length(), header, covered)) == 0xffff;
  }

  private static boolean isVouchedFor(Frame frame) {
    return frame.has(Frame.RX_CHECKSUM_OK | Frame.CHECKSUM_PARTIAL)
        && !frame.has(Frame.REASSEMBLED);
  }

  /**
   * A datagram without a checksum: over IPv4 its sender took none (RFC 768); over IPv6 it is only
   * for sockets that accept that (RFC 8200 §8.1, RFC 6935 §5). One that no socket here is for may
   * be another shard's, which judges itself.
   */
  private DropReason judgeUnsummed(Frame frame, long fields) {
    if (!isUnsummedIpv6(frame, fields) || frame.has(Frame.IP_MULTICAST)) {
      return null; // of those for a group, each socket judges for itself
    }
    StackUdpSocket socket = find(frame, fields);
    if (socket == null) {
      // RFC 6936 §4: what is dropped for this is told apart, and nobody hears of it.
      return shard.group().size() == 1 ? DropReason.UDP_ZERO_CHECKSUM : null;
    }
    return socket.acceptsUnsummed() ? null : damaged(frame, fields, DropReason.UDP_ZERO_CHECKSUM);
  }

  /** Whether the sender took no checksum where it should have; not if it left that to hardware. */
  private static boolean isUnsummedIpv6(Frame frame, long fields) {
    return UdpHeader.checksum(fields) == 0
        && !frame.has(Frame.CHECKSUM_PARTIAL)
        && !IpAddress.isV4(frame.destinationHi(), frame.destinationLo());
  }

  /** Counts it where it seems to belong: what says so may be what is damaged. */
  private DropReason damaged(Frame frame, long fields, DropReason reason) {
    StackUdpSocket socket = find(frame, fields);
    if (socket != null) {
      socket.receivedDamaged();
    }
    return reason;
  }

  // ---- other shards ----

  /** Hands a tunnel's datagram over to the shard that it belongs to, unless that is this one. */
  private boolean steer(Frame frame) {
    if (frame.has(Frame.HANDED_OVER)) {
      return false;
    }
    int hash =
        steering.hash().hash(frame.address() + UdpHeader.SIZE, frame.length() - UdpHeader.SIZE);
    int to = hash < 0 ? shard.index() : hash % shard.group().size();
    if (to == shard.index()
        || (shard.bindings().shardsOf(IpProtocol.UDP, steeredPort) >>> to & 1) == 0) {
      return false;
    }
    prepareHandOver(frame);
    frame.retain();
    shard.group().handOver(frame, to);
    return true;
  }

  /** Nobody here wants the datagram: another shard does, or nobody. */
  private DropReason foreign(Frame frame, int sourcePort, int port, long now) {
    if (shard.group().size() > 1 && !frame.has(Frame.HANDED_OVER)) {
      int to = shard.bindings().choose(protocol, port, owner(frame, sourcePort, port));
      if (to >= 0) {
        prepareHandOver(frame);
        frame.retain();
        shard.group().handOver(frame, to);
        return null;
      }
    }
    if (isUnsummedIpv6(frame, UdpHeader.fields(frame.address()))) {
      return DropReason.UDP_ZERO_CHECKSUM;
    }
    refuse(frame, now);
    return DropReason.UDP_NO_PORT;
  }

  private int owner(Frame frame, int sourcePort, int port) {
    return shard
        .steering()
        .owner(
            frame.interfaceIndex(),
            frame.sourceHi(),
            frame.sourceLo(),
            frame.destinationHi(),
            frame.destinationLo(),
            hashedPorts(protocol, sourcePort, port));
  }

  /** What of a flow's ports the receive hash sees: of protocols that it does not know, nothing. */
  static int hashedPorts(int protocol, int source, int destination) {
    // As they stand in what is received, which is Flow's order seen from the other end.
    return protocol == IpProtocol.UDP ? source << 16 | destination : 0;
  }

  /** The whole IP datagram goes over, with a checksum that has been verified, if there is one. */
  private void prepareHandOver(Frame frame) {
    frame.append(surplus);
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      frame.set(Frame.RX_CHECKSUM_OK);
      frame.clear(Frame.REASSEMBLED);
    }
  }

  // ---- sockets ----

  void deliverSegments(
      StackUdpSocket socket, Frame frame, int segmentSize, int count, int sourcePort) {
    counters.add(counted, count);
    socket.received(count, frame.length());
    frame.segmentSize(segmentSize);
    try {
      socket
          .segments()
          .onSegments(socket, frame, segmentSize, frame.sourceHi(), frame.sourceLo(), sourcePort);
    } catch (RuntimeException | Error e) {
      shard.report("datagrams for " + socket, e);
    }
  }

  void deliver(StackUdpSocket socket, Frame frame, int sourcePort) {
    counters.increment(counted);
    socket.received(1, frame.length());
    try {
      socket.handler().onDatagram(socket, frame, frame.sourceHi(), frame.sourceLo(), sourcePort);
    } catch (RuntimeException | Error e) {
      shard.report("a datagram for " + socket, e);
    }
  }

  private DropReason deliverToAll(Frame frame, int sourcePort, int port) {
    if (!frame.has(Frame.HANDED_OVER) && shard.bindings().isBoundElsewhere(protocol, port)) {
      int length = frame.length();
      prepareHandOver(frame);
      shard.group().handOverToAll(frame);
      frame.trim(length);
    }
    return deliverHere(frame, sourcePort, port);
  }

  /** Lends a broadcast or multicast to each socket of the port that wants it; it stays ours. */
  DropReason deliverHere(Frame frame, int sourcePort, int port) {
    StackUdpSocket first = udp.findBound(frame.destinationHi(), frame.destinationLo(), port);
    if (first == null) {
      return DropReason.UDP_NO_PORT; // never answered: RFC 1122 §3.2.2
    }
    int count = gatherReceivers(frame, first);
    if (count == 0) {
      return DropReason.UDP_NOT_WANTED;
    }
    if (count > 1) {
      frame.set(Frame.SHARED);
    }
    int payload = (int) (frame.pull(UdpHeader.SIZE) - frame.base());
    int length = frame.length();
    for (int i = 0; i < count; i++) {
      StackUdpSocket socket = receivers[i];
      receivers[i] = null;
      if (socket.isOpen()) {
        deliver(socket, frame, sourcePort);
        if (i < count - 1) {
          frame.window(payload, length); // whatever the handler has done to it
        }
      }
    }
    return null;
  }

  /** Handlers may open and close sockets, so the list of the port is walked before they run. */
  private int gatherReceivers(Frame frame, StackUdpSocket first) {
    long fields = UdpHeader.fields(frame.address());
    boolean unsummed = isUnsummedIpv6(frame, fields);
    int count = 0;
    for (StackUdpSocket each = first; each != null; each = each.nextOnPort) {
      if (each.wants(frame)
          && (!unsummed || each.acceptsUnsummed())
          && (!lite || isCovered(each, frame, fields))) {
        if (count == receivers.length) {
          receivers = Arrays.copyOf(receivers, count * 2);
        }
        receivers[count++] = each;
      }
    }
    return count;
  }

  /** RFC 1122 §4.1.3.1: a datagram to a port that nobody has SHOULD be answered. */
  private void refuse(Frame frame, long now) {
    if (!frame.has(Frame.LINK_MULTICAST)) {
      udp.familyOf(frame.destinationHi(), frame.destinationLo())
          .sendUnreachable(frame, IcmpError.PORT_UNREACHABLE, now);
    }
  }
}
