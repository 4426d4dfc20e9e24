package io.millrace.driver.tap;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.link.Ethernet;
import io.millrace.link.VirtioHeader;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;

/**
 * Writes packets: header, frame and tail are gathered by the kernel, nothing is copied here.
 * <b>Thread:</b> the shard's.
 */
final class TapSender {
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
    if (offload) {
      return VirtioHeader.write(header, frame) || frame.totalLength() <= longest;
    }
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      Checksum.complete(frame);
    }
    return frame.totalLength() <= longest;
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
