package io.millrace.driver.afpacket;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import io.millrace.os.NetworkDevice;
import java.lang.foreign.Arena;

/**
 * A packet socket on an interface, with its receive ring (packet(7); Linux,
 * Documentation/networking/packet_mmap.rst). Made and closed by the thread that starts and closes
 * the stack; what {@link #takeError}, {@link #takeDrops} and {@link #isRemoved} ask is for the
 * shard's.
 */
final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final int ALL_PROTOCOLS = 3;
  private static final int ADDRESS_SIZE = 20;

  private static final int SOL_SOCKET = 1;
  private static final int SO_ERROR = 4;
  private static final int SO_SNDBUF = 7;
  private static final int SO_RCVBUF = 8;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SO_RCVBUFFORCE = 33;

  private static final int SOL_PACKET = 263;
  private static final int ADD_MEMBERSHIP = 1;
  private static final int RX_RING = 5;
  private static final int STATISTICS = 6;
  private static final int COPY_THRESHOLD = 7;
  private static final int VERSION = 10;
  private static final int VNET_HEADER = 15;
  private static final int QDISC_BYPASS = 20;
  private static final int IGNORE_OUTGOING = 23;

  private static final int TPACKET_V2 = 1;
  private static final int PROMISCUOUS = 1;
  private static final int ALL_MULTICAST = 2;
  private static final int UNICAST = 3;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;

  /** Slots lie in blocks of this size, which both sizes of slots divide. */
  private static final int BLOCK = 1 << 16;

  /** What precedes a packet in its slot: at most this much, our header included. */
  private static final int SLOT_HEADROOM = 128;

  private static final int LEAST_SLOT = 2048;

  /** Longer packets, of which there are few, go past the ring. */
  private static final int LARGEST_SLOT = 16_384;

  private static final int RING_MEMORY = 8 << 20;

  /** Packets of 64 KiB that wait beside the ring, or to be sent: a few hundred. */
  private static final int RECEIVE_BUFFER = 16 << 20;

  private static final int SEND_BUFFER = 1 << 20;

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofShared();
  private final long scratch = arena.allocate(64, 8).address();
  private final String device;
  private final int fd;
  private final int slotSize;
  private final int slots;
  private long ring;
  private boolean closed;

  private PacketSocket(String device, int fd, int mtu, int wantedSlots) {
    this.device = device;
    this.fd = fd;
    int size = Integer.highestOneBit(SLOT_HEADROOM + mtu - 1) << 1;
    slotSize = Math.clamp(size, LEAST_SLOT, LARGEST_SLOT);
    slots = wantedSlots == 0 ? RING_MEMORY / slotSize : wantedSlots;
  }

  /**
   * Opens one, with its ring, that receives what arrives at the interface from now on.
   *
   * @throws io.millrace.spi.PortException if that cannot be; nothing is left behind then
   */
  static PacketSocket open(AfPacketOptions options, NetworkDevice device) {
    Linux linux = new Linux();
    int fd = linux.socket(AF_PACKET, SOCK_RAW | Linux.O_NONBLOCK | Linux.O_CLOEXEC, 0);
    if (fd < 0) {
      throw PacketError.noSocket(fd);
    }
    PacketSocket socket = new PacketSocket(device.name(), fd, device.mtu(), options.ring());
    try {
      socket.setUp(options);
      socket.bind(device.index());
      socket.join(options, device.index());
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private void setUp(AfPacketOptions options) {
    set(VERSION, TPACKET_V2, "the ring's format");
    // Also without offload: only so does the kernel say that a checksum is missing.
    set(VNET_HEADER, 1, "the packets' header");
    set(COPY_THRESHOLD, 1, "the way of long packets");
    set(IGNORE_OUTGOING, 1, "the direction");
    set(QDISC_BYPASS, options.bypass() ? 1 : 0, "the queueing discipline");
    buffer(SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
    buffer(SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
    int block = Math.min(BLOCK, slots * slotSize);
    Bytes.put32Native(scratch, block);
    Bytes.put32Native(scratch + 4, (int) ((long) slots * slotSize / block));
    Bytes.put32Native(scratch + 8, slotSize);
    Bytes.put32Native(scratch + 12, slots);
    require(linux.setsockopt(fd, SOL_PACKET, RX_RING, scratch, 16), "the receive ring");
    long mapped = linux.mmap((long) slots * slotSize, PROT_READ_WRITE, MAP_SHARED, fd, 0);
    require((int) Math.min(mapped, 0), "the receive ring");
    ring = mapped;
  }

  private void set(int option, int value, String what) {
    Bytes.put32Native(scratch, value);
    require(linux.setsockopt(fd, SOL_PACKET, option, scratch, 4), what);
  }

  /** As large as the user may have it. */
  private void buffer(int forced, int plain, int bytes) {
    Bytes.put32Native(scratch, bytes);
    if (linux.setsockopt(fd, SOL_SOCKET, forced, scratch, 4) < 0) {
      linux.setsockopt(fd, SOL_SOCKET, plain, scratch, 4);
    }
  }

  private void require(int result, String what) {
    if (result < 0) {
      throw PacketError.notSet(device, what, result);
    }
  }

  /** struct sockaddr_ll: family u16, protocol u16 in network order, index i32, 12 bytes unused. */
  private void bind(int index) {
    Bytes.fill(scratch, ADDRESS_SIZE, 0);
    Bytes.put16Native(scratch, AF_PACKET);
    Bytes.put16(scratch + 2, ALL_PROTOCOLS);
    Bytes.put32Native(scratch + 4, index);
    int result = linux.bind(fd, scratch, ADDRESS_SIZE);
    if (result < 0) {
      throw PacketError.noDevice(device, result);
    }
  }

  private void join(AfPacketOptions options, int index) {
    // Which groups the stack wants to hear it does not say: neighbor discovery needs some.
    member(index, ALL_MULTICAST, 0);
    if (options.promiscuous()) {
      member(index, PROMISCUOUS, 0);
    }
    if (options.mac() != 0) {
      member(index, UNICAST, options.mac());
    }
  }

  /** struct packet_mreq: index i32, type u16, length of the address u16, address[8]. */
  private void member(int index, int type, long mac) {
    Bytes.put32Native(scratch, index);
    Bytes.put16Native(scratch + 4, type);
    Bytes.put16Native(scratch + 6, type == UNICAST ? 6 : 0);
    Bytes.put64(scratch + 8, mac << 16);
    require(
        linux.setsockopt(fd, SOL_PACKET, ADD_MEMBERSHIP, scratch, 16),
        "the addresses that are received");
  }

  int fd() {
    return fd;
  }

  /** The address of the first slot. */
  long ring() {
    return ring;
  }

  /** Bytes of a slot, a power of two. */
  int slotSize() {
    return slotSize;
  }

  /** The number of slots, a power of two. */
  int slots() {
    return slots;
  }

  /** How many packets the kernel dropped since the last call because the ring was full. */
  long takeDrops() {
    // struct tpacket_stats: packets u32, drops u32.
    Bytes.put32Native(scratch + 8, 8);
    int result = linux.getsockopt(fd, SOL_PACKET, STATISTICS, scratch, scratch + 8);
    return result < 0 ? 0 : Bytes.i32Native(scratch + 4) & 0xffff_ffffL;
  }

  /** Whether the interface that the socket was bound to is there no more. */
  boolean isRemoved() {
    Bytes.put32Native(scratch + 24, ADDRESS_SIZE);
    return linux.getsockname(fd, scratch, scratch + 24) >= 0 && Bytes.i32Native(scratch + 4) < 0;
  }

  /** Takes the socket's error, a positive errno, or 0. As long as it has one it seems readable. */
  int takeError() {
    Bytes.put32Native(scratch + 8, 4);
    int result = linux.getsockopt(fd, SOL_SOCKET, SO_ERROR, scratch, scratch + 8);
    return result < 0 ? 0 : Bytes.i32Native(scratch);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (ring != 0) {
      linux.munmap(ring, (long) slots * slotSize);
    }
    linux.close(fd);
    arena.close();
  }
}
