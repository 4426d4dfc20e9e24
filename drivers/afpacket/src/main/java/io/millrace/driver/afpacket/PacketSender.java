package io.millrace.driver.afpacket;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.link.Ethernet;
import io.millrace.link.VirtioHeader;
import io.millrace.os.Linux;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;

/**
 * Sends packets, many with one system call, which copies them: header, frame and tail are gathered
 * by the kernel. <b>Thread:</b> the shard's.
 *
 * <pre>
 *  struct mmsghdr, 64 bytes: name, its length, vector@16, its length@24, control, its length, flags,
 *  bytes sent@56; a vector has three pairs of address and length
 * </pre>
 */
final class PacketSender {
  private static final Logger LOG = System.getLogger("io.millrace.afpacket");

  private static final int BATCH = 64;
  private static final int MESSAGE = 64;
  private static final int VECTOR = 48;
  private static final int HEADER = 16;
  private static final int DONT_WAIT = 0x40;

  /**
   * How often in a row the device may be full before its packets are dropped: it may also be one
   * whose cable is out, which the kernel does not tell apart.
   */
  private static final int PATIENCE = 1000;

  private final Linux linux;
  private final int fd;
  private final String port;
  private final boolean offload;
  private final int longest;

  private final long messages;
  private final long vectors;
  private final long headers;

  private int refused;
  private boolean toldTooLong;
  private long drops;

  PacketSender(Linux linux, int fd, String port, int mtu, boolean offload, Arena arena) {
    this.linux = linux;
    this.fd = fd;
    this.port = port;
    this.offload = offload;
    longest = mtu + Ethernet.HEADER_SIZE + Ethernet.VLAN_TAG_SIZE;
    messages = arena.allocate(BATCH * MESSAGE, 64).address();
    vectors = arena.allocate(BATCH * VECTOR, 64).address();
    headers = arena.allocate(BATCH * HEADER, 64).address();
    for (int i = 0; i < BATCH; i++) {
      long vector = vectors + (long) i * VECTOR;
      Bytes.put64Native(messages + (long) i * MESSAGE + 16, vector);
      Bytes.put64Native(vector, headers + (long) i * HEADER);
      Bytes.put64Native(vector + 8, VirtioHeader.SHORT_SIZE);
    }
  }

  int send(Frame[] frames, int from, int to) {
    int at = from;
    while (at < to) {
      int count = gather(frames, at, Math.min(to, at + BATCH));
      if (count == 0) {
        drop(frames[at++]);
        continue;
      }
      int sent = linux.sendmmsg(fd, messages, count, DONT_WAIT);
      if (sent > 0) {
        refused = 0;
        for (int i = 0; i < sent; i++) {
          frames[at++].release();
        }
      } else if (isFull(sent)) {
        break;
      } else {
        if (sent == -Linux.EMSGSIZE) {
          tellTooLong(frames[at].totalLength());
        }
        drop(frames[at++]);
      }
    }
    return at - from;
  }

  private void drop(Frame frame) {
    drops++;
    frame.release();
  }

  private boolean isFull(int error) {
    if (error == -Linux.ENOBUFS) {
      return ++refused <= PATIENCE;
    }
    return error == -Linux.EAGAIN || error == -Linux.EINTR;
  }

  /** Describes frames until one that cannot be sent; how many. */
  private int gather(Frame[] frames, int from, int to) {
    int n = 0;
    for (int i = from; i < to; i++) {
      Frame frame = frames[i];
      if (!prepare(headers + (long) n * HEADER, frame)) {
        break;
      }
      long vector = vectors + (long) n * VECTOR;
      Bytes.put64Native(vector + 16, frame.address());
      Bytes.put64Native(vector + 24, frame.length());
      Bytes.put64Native(vector + 32, frame.tailAddress());
      Bytes.put64Native(vector + 40, frame.tailLength());
      Bytes.put64Native(messages + (long) n * MESSAGE + 24, frame.tailLength() == 0 ? 2 : 3);
      n++;
    }
    return n;
  }

  /** Writes the header for a packet; false if it cannot be sent. */
  private boolean prepare(long header, Frame frame) {
    if (offload) {
      return VirtioHeader.write(header, frame) || frame.totalLength() <= longest;
    }
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      Checksum.complete(frame);
    }
    return frame.totalLength() <= longest;
  }

  private void tellTooLong(int length) {
    if (!toldTooLong) {
      toldTooLong = true;
      LOG.log(
          Level.WARNING,
          "{0}: the interface no longer takes {1} bytes, because its MTU has been lowered; open the"
              + " port again, or set the MTU back",
          port,
          Integer.toString(length));
    }
  }

  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }
}
