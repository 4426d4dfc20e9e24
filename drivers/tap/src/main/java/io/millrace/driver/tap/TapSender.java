package io.millrace.driver.tap;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.link.Ethernet;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;

/**
 * Writes packets: header, frame and tail are gathered by the kernel, nothing is copied here.
 * <b>Thread:</b> the shard's.
 */
final class TapSender {
  /** Where the checksum lies in a TCP header (RFC 9293 §3.1). */
  private static final int TCP_CHECKSUM = 16;

  private final Linux linux;
  private final int fd;
  private final boolean offload;
  private final int longest;

  /** Three pairs of address and length: header, frame, tail. */
  private final long vector;

  private final long header;
  private long drops;

  TapSender(Linux linux, int fd, int mtu, boolean offload, Arena arena) {
    this.linux = linux;
    this.fd = fd;
    this.offload = offload;
    longest = mtu + Ethernet.HEADER_SIZE + Ethernet.VLAN_TAG_SIZE;
    vector = arena.allocate(48, 16).address();
    header = arena.allocate(16, 16).address();
    Bytes.put64Native(vector, header);
    Bytes.put64Native(vector + 8, VirtioHeader.SIZE);
  }

  int send(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      Frame frame = frames[i];
      if (!prepare(frame)) {
        drops++;
      } else {
        long written = write(frame);
        if (written < 0) {
          if (written == -Linux.EAGAIN || written == -Linux.EINTR) {
            return i - from;
          }
          // EIO: the device is switched off. Whatever it is, waiting does not help this packet.
          drops++;
        }
      }
      frame.release();
    }
    return to - from;
  }

  /** Writes the header for a packet; false if it cannot be sent. */
  private boolean prepare(Frame frame) {
    int length = frame.totalLength();
    if (offload) {
      VirtioHeader.clear(header);
    }
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      return length <= longest;
    }
    if (!offload) {
      Checksum.complete(frame);
      return length <= longest;
    }
    int start = (int) (frame.checksumAddress() - frame.address());
    VirtioHeader.checksum(header, start, frame.checksumOffset());
    int size = frame.segmentSize();
    if (size != 0 && frame.checksumOffset() == TCP_CHECKSUM) {
      return segmentation(frame, start, size);
    }
    return length <= longest;
  }

  private boolean segmentation(Frame frame, int start, int size) {
    int gsoType = gsoType(frame);
    long tcp = frame.checksumAddress();
    // RFC 9293 §3.1: the data offset, in 32-bit words, then the flags, of which CWR is the first.
    int headerLength = start + (Bytes.u8(tcp + 12) >>> 4) * 4;
    if ((Bytes.u8(tcp + 13) & 0x80) != 0) {
      gsoType |= VirtioHeader.GSO_ECN;
    }
    VirtioHeader.segmentation(header, gsoType, headerLength, size);
    return true;
  }

  private static int gsoType(Frame frame) {
    int type = Ethernet.type(frame.address());
    if (type == Ethernet.TYPE_VLAN) {
      type = Ethernet.typeBehindTag(frame.address());
    }
    return type == Ethernet.TYPE_IPV4 ? VirtioHeader.GSO_TCP4 : VirtioHeader.GSO_TCP6;
  }

  private long write(Frame frame) {
    Bytes.put64Native(vector + 16, frame.address());
    Bytes.put64Native(vector + 24, frame.length());
    int parts = 2;
    if (frame.tailLength() != 0) {
      Bytes.put64Native(vector + 32, frame.tailAddress());
      Bytes.put64Native(vector + 40, frame.tailLength());
      parts = 3;
    }
    if (offload) {
      return linux.writev(fd, vector, parts);
    }
    return linux.writev(fd, vector + 16, parts - 1);
  }

  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }
}
