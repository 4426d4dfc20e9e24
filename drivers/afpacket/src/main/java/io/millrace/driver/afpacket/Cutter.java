package io.millrace.driver.afpacket;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.link.VirtioHeader;

/**
 * Cuts a merged packet into those that it would have been on the wire, checksums filled in: for a
 * stack that wants single packets, and for merged datagrams, whose boundaries would be lost. One
 * packet at a time, which stays where it is until the last piece is made. <b>Thread:</b> the
 * shard's.
 */
final class Cutter {
  private static final int IPV6_HEADER = 40;
  private static final int UDP_HEADER = 8;
  private static final int TCP_HEADER = 20;
  private static final int UDP_CHECKSUM = 6;
  private static final int TCP_CHECKSUM = 16;

  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;

  // TCP flags (RFC 9293 §3.1).
  private static final int FIN_AND_PSH = 0x09;
  private static final int CWR = 0x80;

  private final FramePool pool;
  private long packet;
  private int length;
  private boolean v4;
  private boolean udp;

  /** Where the transport's header begins, and where the payload does. */
  private int transport;

  private int headers;
  private int size;

  /** Where the payload of the next piece begins; {@code length} when there is none left. */
  private int at;

  private int index;

  Cutter(FramePool pool) {
    this.pool = pool;
  }

  /** Whether pieces are left. */
  boolean isBusy() {
    return at < length;
  }

  /** Begins with a packet that has its virtio header in front; false if it makes no sense. */
  boolean start(long address, int bytes) {
    long header = address - VirtioHeader.SHORT_SIZE;
    int type = Ethernet.type(address);
    packet = address;
    v4 = type == Ethernet.TYPE_IPV4;
    udp = (VirtioHeader.gsoType(header) & ~VirtioHeader.GSO_ECN) == VirtioHeader.GSO_UDP;
    size = VirtioHeader.gsoSize(header);
    transport = VirtioHeader.checksumStart(header);
    int network = v4 ? 20 : IPV6_HEADER;
    boolean known =
        (v4 || type == Ethernet.TYPE_IPV6)
            && (VirtioHeader.flags(header) & VirtioHeader.NEEDS_CHECKSUM) != 0
            && size > 0
            && transport >= Ethernet.HEADER_SIZE + network
            && transport + (udp ? UDP_HEADER : TCP_HEADER) <= bytes;
    headers = known ? transport + transportHeader(address + transport) : 0;
    int room = pool.frameSize() - FramePool.HEADROOM;
    if (!known || headers >= bytes || headers + size > room) {
      at = length;
      return false;
    }
    length = bytes;
    at = headers;
    index = 0;
    return true;
  }

  private int transportHeader(long header) {
    return udp ? UDP_HEADER : Math.max(TCP_HEADER, (Bytes.u8(header + 12) >>> 4) * 4);
  }

  /** The next piece; null if there is no frame for it, and it is lost then. */
  Frame next() {
    int chunk = Math.min(size, length - at);
    Frame frame = pool.allocate();
    if (frame != null) {
      long to = frame.append(headers + chunk);
      Bytes.copy(packet, to, headers);
      Bytes.copy(packet + at, to + headers, chunk);
      transport(to, chunk);
      network(to, chunk);
      frame.requestChecksum(to + transport, udp ? UDP_CHECKSUM : TCP_CHECKSUM);
      Checksum.complete(frame);
    }
    at += chunk;
    index++;
    return frame;
  }

  private void network(long frame, int chunk) {
    long header = frame + Ethernet.HEADER_SIZE;
    int size4 = transport - Ethernet.HEADER_SIZE;
    int bytes = headers - Ethernet.HEADER_SIZE + chunk;
    if (!v4) {
      Bytes.put16(header + 4, bytes - IPV6_HEADER);
      return;
    }
    Bytes.put16(header + 2, bytes);
    Bytes.put16(header + 4, Bytes.u16(header + 4) + index);
    Bytes.put16(header + 10, 0);
    Bytes.put16(header + 10, Checksum.finish(Checksum.add(0, header, size4)));
  }

  /** Patches the transport's header; leaves the pseudo-header's sum where the checksum goes. */
  private void transport(long frame, int chunk) {
    long header = frame + transport;
    if (udp) {
      Bytes.put16(header + 4, UDP_HEADER + chunk);
    } else {
      int flags = Bytes.u8(header + 13);
      flags &= at + chunk < length ? ~FIN_AND_PSH : ~0;
      flags &= index > 0 ? ~CWR : ~0;
      Bytes.put32(header + 4, Bytes.i32(header + 4) + index * size);
      Bytes.put8(header + 13, flags);
    }
    long ip = frame + Ethernet.HEADER_SIZE;
    int start = (udp ? PROTOCOL_UDP : PROTOCOL_TCP) + (headers - transport) + chunk;
    long sum = v4 ? Checksum.add(start, ip + 12, 8) : Checksum.add(start, ip + 8, 32);
    Bytes.put16(header + (udp ? UDP_CHECKSUM : TCP_CHECKSUM), Checksum.fold(sum));
  }
}
