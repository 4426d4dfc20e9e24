package io.millrace.udp;

import io.millrace.buf.Buffer;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;

/** What a socket sends: its options, its datagrams, and the wait for room. */
final class UdpSender {
  /** Payloads up to this many bytes are copied behind their header: cheaper than gathering them. */
  static final int COPY_LIMIT = 256;

  /** Room on the interface that is left to other protocols, in frames. */
  private static final int RESERVE = 32;

  /** Fragments of one datagram that are given to the interface at once, at most. */
  private static final int MOST_FRAGMENTS = 512;

  private static final int LARGEST = 65_535;

  /** What the kernel cuts a packet into at most, for those that send through it. */
  private static final int MOST_SEGMENTS = 64;

  private final StackUdp udp;
  private final Shard shard;
  private final FramePool pool;
  private final int localPort;
  private final int protocol;
  private final boolean lite;
  private final Counter counted;

  private NetInterface blockedOn;
  private int roomNeeded;

  int hopLimit;
  int trafficClass;
  boolean dontFragment;
  boolean allowBroadcast;
  boolean summed = true;

  /** Of UDP-Lite: the bytes from the header on that the checksum covers, 0 for all. */
  int coverage;

  int multicastHopLimit = 1;
  boolean multicastLoop = true;

  // What UdpSocketInfo tells.
  long datagrams;
  long octets;
  long blocked;
  long refused;

  UdpSender(StackUdp udp, Shard shard, int localPort, int hopLimit) {
    this.udp = udp;
    this.shard = shard;
    this.pool = shard.pool();
    this.localPort = localPort;
    this.protocol = udp.protocol();
    this.lite = protocol == IpProtocol.UDP_LITE;
    this.counted = lite ? Counter.UDPLITE_OUT_DATAGRAMS : Counter.UDP_OUT_DATAGRAMS;
    this.hopLimit = hopLimit;
  }

  // ---- datagrams ----

  /** Sends a range of a buffer, which the caller has checked. */
  SendResult send(StackUdpSocket from, Route route, int port, Buffer data, int offset, int length) {
    SendResult result = refusal(from, route, length);
    if (result != SendResult.SENT) {
      return result;
    }
    Frame frame = pool.allocate();
    if (frame == null) {
      blocked++;
      return SendResult.NO_FRAME;
    }
    long at = data.address() + offset;
    if (lite || (!summed && mayBeUnsummed(route, length))) {
      frame.tail(data, at, length);
      finishLong(route, port, frame);
    } else if (length <= COPY_LIMIT) {
      finish(route, port, frame, Checksum.copyShort(0, at, frame.append(length), length));
    } else {
      frame.tail(data, at, length);
      finishLong(route, port, frame);
    }
    return SendResult.SENT;
  }

  /** Sends a range of a buffer as many datagrams; answers how many bytes of it were taken. */
  int sendSegments(
      StackUdpSocket from,
      Route route,
      int port,
      Buffer data,
      int offset,
      int length,
      int segmentSize) {
    int together = cutByPort(route, segmentSize);
    int sent = 0;
    while (sent < length) {
      int size = Math.min(together, length - sent);
      SendResult result =
          size > segmentSize
              ? sendTogether(from, route, port, data, offset + sent, size, segmentSize)
              : send(from, route, port, data, offset + sent, size);
      if (result != SendResult.SENT) {
        break;
      }
      sent += size;
    }
    return sent;
  }

  /** The bytes that go down as one packet: several segments if the port cuts them, else one. */
  private int cutByPort(Route route, int segmentSize) {
    int headers = UdpHeader.SIZE + route.networkHeaderSize();
    boolean four = IpAddress.isV4(route.destinationHi(), route.destinationLo());
    int cut = four ? PortInfo.TX_SEGMENT_UDP4 : PortInfo.TX_SEGMENT_UDP6;
    if (lite
        || !summed
        || route.isMulticast()
        || !route.networkInterface().info().offers(cut | PortInfo.TX_CHECKSUM)
        || segmentSize + headers > route.pathMtu()) {
      return segmentSize;
    }
    return Math.clamp((LARGEST - headers) / segmentSize, 1, MOST_SEGMENTS) * segmentSize;
  }

  private SendResult sendTogether(
      StackUdpSocket from,
      Route route,
      int port,
      Buffer data,
      int offset,
      int length,
      int segmentSize) {
    SendResult result = refusal(from, route, segmentSize);
    if (result != SendResult.SENT) {
      return result;
    }
    Frame frame = pool.allocate();
    if (frame == null) {
      blocked++;
      return SendResult.NO_FRAME;
    }
    frame.tail(data, data.address() + offset, length);
    frame.segmentSize(segmentSize);
    int others = (length - 1) / segmentSize;
    shard.counters().add(counted, others);
    datagrams += others;
    finishOffloaded(route, port, frame);
    return SendResult.SENT;
  }

  /** Sends a frame whose window and tail are the payload; takes ownership. */
  SendResult sendFrame(StackUdpSocket from, Route route, int port, Frame frame) {
    SendResult result = refusal(from, route, frame.totalLength());
    if (result != SendResult.SENT) {
      frame.release();
      return result;
    }
    if (frame.has(Frame.SHARED)) {
      return sendCopy(route, port, frame);
    }
    // A received frame still carries what its driver said about it.
    frame.clear(-1);
    frame.segmentSize(0);
    finishLong(route, port, frame);
    return SendResult.SENT;
  }

  /** Others may be reading the frame: what is sent is its bytes in another one. */
  private SendResult sendCopy(Route route, int port, Frame frame) {
    Frame copy = pool.allocate();
    if (copy != null && copy.tailroom() < frame.length()) {
      copy.tail(frame, frame.address(), frame.length());
    } else if (copy != null) {
      frame.gather(copy.append(frame.length()));
    }
    frame.release();
    if (copy == null) {
      blocked++;
      return SendResult.NO_FRAME;
    }
    finishLong(route, port, copy);
    return SendResult.SENT;
  }

  SendResult noRoute() {
    refused++;
    return SendResult.NO_ROUTE;
  }

  /** Why a payload of this size cannot be sent now, or {@link SendResult#SENT} if it can. */
  private SendResult refusal(StackUdpSocket from, Route route, int payload) {
    assert shard.isOwner();
    int size = payload + UdpHeader.SIZE + route.networkHeaderSize();
    int frames = size > route.pathMtu() ? fragments(route, size) : 1;
    if (frames < 0) {
      refused++;
      return SendResult.TOO_BIG;
    }
    NetInterface through = route.networkInterface();
    if (through.transmitRoom() < RESERVE + frames) {
      return wait(from, through, RESERVE + frames);
    }
    if (!allowBroadcast && route.isBroadcast()) {
      refused++;
      return SendResult.NOT_PERMITTED;
    }
    return SendResult.SENT;
  }

  /** The pieces that a datagram larger than the path takes is sent in, or -1 if it cannot be. */
  private int fragments(Route route, int size) {
    // The length in IPv6's header does not count the header itself, and its fragments have a
    // header more each (RFC 8200 §3, §4.5).
    boolean four = IpAddress.isV4(route.destinationHi(), route.destinationLo());
    if (dontFragment || size > (four ? LARGEST : LARGEST + route.networkHeaderSize())) {
      return -1;
    }
    int frames = size / (route.pathMtu() - route.networkHeaderSize() - (four ? 7 : 15)) + 1;
    return frames > MOST_FRAGMENTS ? -1 : frames;
  }

  /** Leaves the sum to the port if that pays, else takes it, if one is wanted. */
  private void finishLong(Route route, int port, Frame frame) {
    if (lite) {
      finishLite(route, port, frame);
      return;
    }
    if (!summed && mayBeUnsummed(route, frame.totalLength())) {
      finishUnsummed(route, port, frame);
      return;
    }
    if (frame.totalLength() > COPY_LIMIT && mayOffload(route, frame.totalLength())) {
      finishOffloaded(route, port, frame);
      return;
    }
    long sum = Checksum.add(0, frame.address(), frame.length());
    finish(route, port, frame, frame.tailLength() == 0 ? sum : addTail(sum, frame));
  }

  private void finishOffloaded(Route route, int port, Frame frame) {
    int length = frame.totalLength() + UdpHeader.SIZE;
    long header = frame.push(UdpHeader.SIZE);
    frame.requestChecksum(header, UdpHeader.CHECKSUM_OFFSET);
    int partial = Checksum.fold(route.pseudoHeaderSum(IpProtocol.UDP) + length);
    UdpHeader.write(header, localPort, port, length, partial);
    transmit(route, frame);
  }

  private void finish(Route route, int port, Frame frame, long payloadSum) {
    int length = frame.totalLength() + UdpHeader.SIZE;
    long header = frame.push(UdpHeader.SIZE);
    // The length counts twice: in the pseudo-header and in the header.
    long sum = route.pseudoHeaderSum(IpProtocol.UDP) + localPort + port + 2L * length;
    int checksum = Checksum.finish(sum + payloadSum);
    // RFC 768: a checksum that is computed as zero is sent as all ones.
    UdpHeader.write(header, localPort, port, length, checksum == 0 ? 0xffff : checksum);
    transmit(route, frame);
  }

  private void finishUnsummed(Route route, int port, Frame frame) {
    int length = frame.totalLength() + UdpHeader.SIZE;
    UdpHeader.write(frame.push(UdpHeader.SIZE), localPort, port, length, 0);
    transmit(route, frame);
  }

  /** RFC 3828 §3.1. */
  private void finishLite(Route route, int port, Frame frame) {
    int length = frame.totalLength() + UdpHeader.SIZE;
    int said = coverage == 0 ? length : Math.min(coverage, length);
    int covered = said - UdpHeader.SIZE;
    int own = Math.min(covered, frame.length());
    long sum = Checksum.add(0, frame.address(), own);
    if (own < covered) {
      sum = addTail(sum, frame, covered - own);
    }
    // Its length counts in the pseudo-header, its coverage in the header (§3.2).
    sum += route.pseudoHeaderSum(protocol) + localPort + port + length + said;
    int checksum = Checksum.finish(sum);
    long header = frame.push(UdpHeader.SIZE);
    UdpHeader.write(header, localPort, port, said, checksum == 0 ? 0xffff : checksum);
    transmit(route, frame);
  }

  /**
   * Whether a datagram with this payload may leave without a checksum. Not in fragments over IPv6:
   * nothing but UDP's checksum tells whether the right ones were put together (RFC 8085 §3.4.1).
   */
  static boolean mayBeUnsummed(Route route, int payload) {
    return payload + UdpHeader.SIZE + route.networkHeaderSize() <= route.pathMtu()
        || IpAddress.isV4(route.destinationHi(), route.destinationLo());
  }

  private void transmit(Route route, Frame frame) {
    shard.counters().increment(counted);
    datagrams++;
    octets += frame.totalLength() - UdpHeader.SIZE;
    int hops = hopLimit;
    if (route.isMulticast()) {
      hops = toGroup(route, frame);
      if (hops == 0) {
        frame.release();
        return;
      }
    } else if (hops == 0) {
      hops = route.hopLimit();
    }
    route.send(frame, protocol, trafficClass, hops, dontFragment, shard.clock().now());
  }

  /** What a datagram to a group needs besides being sent; returns its hop limit. */
  private int toGroup(Route route, Frame frame) {
    if (multicastLoop) {
      udp.loop(frame, route, trafficClass, multicastHopLimit);
    }
    return multicastHopLimit;
  }

  /** A port can only sum what leaves in one piece. */
  private static boolean mayOffload(Route route, int payload) {
    return route.networkInterface().info().offers(PortInfo.TX_CHECKSUM)
        && payload + UdpHeader.SIZE + route.networkHeaderSize() <= route.pathMtu();
  }

  /** Adds the sum of a frame's tail to one that ends with the frame's own bytes. */
  static long addTail(long sum, Frame frame) {
    return addTail(sum, frame, frame.tailLength());
  }

  private static long addTail(long sum, Frame frame, int count) {
    int tail = Checksum.fold(Checksum.add(0, frame.tailAddress(), count));
    // RFC 1071 §2 (B): behind an odd number of bytes every word's two bytes change places.
    return sum + ((frame.length() & 1) == 0 ? tail : Short.reverseBytes((short) tail) & 0xffff);
  }

  // ---- room ----

  private SendResult wait(StackUdpSocket from, NetInterface through, int frames) {
    blocked++;
    if (blockedOn == null) {
      udp.block(from);
    }
    blockedOn = through;
    roomNeeded = frames + RESERVE;
    return SendResult.WOULD_BLOCK;
  }

  boolean hasRoom() {
    return blockedOn.transmitRoom() >= roomNeeded;
  }

  void unblocked() {
    blockedOn = null;
  }
}
