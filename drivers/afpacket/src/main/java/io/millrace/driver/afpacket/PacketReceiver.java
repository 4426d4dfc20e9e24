package io.millrace.driver.afpacket;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.link.VirtioHeader;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;

/**
 * Takes packets out of the ring's slots. What is longer than a slot the kernel queues at the socket
 * besides, in the same order; it is read from there into a large frame.
 *
 * <pre>
 *  a slot (struct tpacket2_hdr):
 *  0        4        8          12     14     16    20    24        26        32   mac - 10  mac
 * +--------+--------+----------+------+------+-----+-----+---------+---------+------+-------+--------+
 * | status | length | captured | mac  | net  | sec | nsec| VLAN tci| VLAN tp.|      | virtio| packet |
 * +--------+--------+----------+------+------+-----+-----+---------+---------+------+-------+--------+
 * </pre>
 *
 * <p><b>Thread:</b> the shard's.
 */
final class PacketReceiver {
  private static final int LENGTH = 4;
  private static final int CAPTURED = 8;
  private static final int MAC = 12;
  private static final int VLAN_TCI = 24;
  private static final int VLAN_TYPE = 26;

  // Bits of the status: the slot is ours; the whole packet is in the socket's queue; there was a
  // VLAN tag; its type is told.
  private static final int OURS = 1;
  private static final int QUEUED = 2;
  private static final int TAGGED = 0x10;
  private static final int TAG_TYPE = 0x40;

  private final Linux linux;
  private final PacketSocket socket;
  private final FramePool pool;
  private final LinkWatch watch;
  private final boolean offload;
  private final long ring;
  private final int slotSize;
  private final int mask;
  private final int room;
  private final Cutter cutter;

  /** Holds a packet that is cut, and one that there is no large frame for. */
  private final long spare;

  /** Counts slots; the low bits are the number of the one that is filled next. */
  private int next;

  /** Whether the ring was full, so that the kernel may have dropped packets. */
  private boolean wasFull;

  /** The VLAN tag of the packet in hand, or of the one that is being cut; 0 if there is none. */
  private int tag;

  private long drops;

  PacketReceiver(
      Linux linux,
      PacketSocket socket,
      FramePool pool,
      LinkWatch watch,
      boolean offload,
      Arena arena) {
    this.linux = linux;
    this.socket = socket;
    this.pool = pool;
    this.watch = watch;
    this.offload = offload;
    ring = socket.ring();
    slotSize = socket.slotSize();
    mask = socket.slots() - 1;
    room = pool.frameSize() - FramePool.HEADROOM;
    spare = arena.allocate(FramePool.LARGE_SIZE, 64).address();
    cutter = new Cutter(pool);
  }

  int receive(Frame[] out, int max, long now) {
    // The slot that we gave back last is the last one to be filled.
    wasFull |= (Bytes.getIntAcquire(slot(next - 1)) & OURS) != 0;
    int n = 0;
    while (n < max) {
      Frame frame;
      if (cutter.isBusy()) {
        frame = counted(cutter.next());
      } else {
        long slot = slot(next);
        int status = Bytes.getIntAcquire(slot);
        if ((status & OURS) == 0) {
          countLost();
          break;
        }
        next++;
        frame = take(slot, status);
        Bytes.setIntRelease(slot, 0);
      }
      if (frame != null) {
        if (tag != 0) {
          putTagBack(frame, tag);
        }
        frame.receiveTime(now);
        out[n++] = frame;
      }
    }
    if (n == 0) {
      watch.look(now);
    }
    return n;
  }

  private long slot(int number) {
    return ring + (long) (number & mask) * slotSize;
  }

  /** Once the ring is empty: a full one that is never emptied tells later what was lost. */
  private void countLost() {
    if (wasFull) {
      wasFull = false;
      drops += socket.takeDrops();
    }
  }

  /** The packet of a slot; null if it is dropped, or is to be cut first. */
  private Frame take(long slot, int status) {
    int length = Bytes.i32Native(slot + LENGTH);
    int mac = Bytes.u16Native(slot + MAC);
    tag = tag(slot, status);
    if ((status & QUEUED) != 0) {
      return fromQueue();
    }
    if (length == Bytes.i32Native(slot + CAPTURED) && mac + length <= slotSize) {
      return accept(slot + mac, length);
    }
    // The kernel had no room for it beside the ring.
    return counted(null);
  }

  private Frame counted(Frame frame) {
    if (frame == null) {
      drops++;
    }
    return frame;
  }

  /** A packet in memory that is taken back soon; its header lies in front of it. */
  private Frame accept(long packet, int length) {
    long header = packet - VirtioHeader.SHORT_SIZE;
    if (isToBeCut(header)) {
      Bytes.copy(
          header,
          spare + FramePool.HEADROOM - VirtioHeader.SHORT_SIZE,
          (long) length + VirtioHeader.SHORT_SIZE);
      return cut(spare + FramePool.HEADROOM, length);
    }
    Frame frame = length <= room ? pool.allocate() : pool.allocateLarge();
    if (frame == null) {
      return counted(null);
    }
    Bytes.copy(packet, frame.append(length), length);
    hints(frame, header);
    return frame;
  }

  private boolean isToBeCut(long header) {
    int type = VirtioHeader.gsoType(header);
    return type != VirtioHeader.GSO_NONE && (!offload || type == VirtioHeader.GSO_UDP);
  }

  /** Null, because the pieces are still to come. */
  private Frame cut(long packet, int length) {
    if (!cutter.start(packet, length)) {
      drops++;
    }
    return null;
  }

  private void hints(Frame frame, long header) {
    if (offload) {
      VirtioHeader.read(header, frame);
    } else if ((VirtioHeader.flags(header) & VirtioHeader.NEEDS_CHECKSUM) != 0) {
      VirtioHeader.read(header, frame);
      frame.clear(Frame.RX_CHECKSUM_OK);
      if (frame.has(Frame.CHECKSUM_PARTIAL)) {
        Checksum.complete(frame);
      }
    }
  }

  private Frame fromQueue() {
    Frame large = offload && pool.availableLarge() != 0 ? pool.allocateLarge() : null;
    long packet = (large == null ? spare : large.base()) + FramePool.HEADROOM;
    long header = packet - VirtioHeader.SHORT_SIZE;
    long read = linux.read(socket.fd(), header, FramePool.LARGE_SIZE - FramePool.HEADROOM);
    int length = (int) read - VirtioHeader.SHORT_SIZE;
    if (length > 0 && large != null && !isToBeCut(header)) {
      large.append(length);
      hints(large, header);
      return large;
    }
    Frame frame = length > 0 ? accept(packet, length) : counted(null);
    if (large != null) {
      large.release();
    }
    return frame;
  }

  /** The tag of the slot's packet, as it stands in a frame; 0 if it has none. */
  private static int tag(long slot, int status) {
    if ((status & TAGGED) == 0) {
      return 0;
    }
    int type = (status & TAG_TYPE) != 0 ? Bytes.u16Native(slot + VLAN_TYPE) : Ethernet.TYPE_VLAN;
    return type << 16 | Bytes.u16Native(slot + VLAN_TCI);
  }

  /** The kernel takes the tag out of every packet; the stack expects it where it was. */
  private static void putTagBack(Frame frame, int tag) {
    long to = frame.push(Ethernet.VLAN_TAG_SIZE);
    Bytes.put64(to, Bytes.i64(to + Ethernet.VLAN_TAG_SIZE));
    Bytes.put32(to + 8, Bytes.i32(to + 8 + Ethernet.VLAN_TAG_SIZE));
    Bytes.put32(to + 12, tag);
  }

  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }
}
