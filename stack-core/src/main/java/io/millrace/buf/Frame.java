package io.millrace.buf;

/**
 * One packet's memory: a chunk of the shard's pool with headroom, a window of valid bytes, and what
 * the driver and the layers below said about it.
 *
 * <pre>
 *   base           address                address+length             base+capacity
 *    |   headroom    |   the valid bytes         |     tailroom           |
 *                                                + (tail: bytes elsewhere, transmit only)
 * </pre>
 *
 * <p>On the way up each layer {@link #pull pulls} its header off, so that a transport sees its own
 * header first and an application only the payload; {@link #l3()} remembers where the network
 * header was. On the way down each layer {@link #push pushes} its header in front. A frame to be
 * sent may end with a <i>tail</i>: a range of another buffer that the driver gathers behind the
 * frame's own bytes, so that payload is never copied by the stack.
 *
 * <p><b>Ownership.</b> A frame has one owner: who received it from a call that says so must pass it
 * on or {@link #release()} it. <b>Thread.</b> The shard's.
 */
public final class Frame extends Buffer {
  /** Receive: the driver has verified the transport checksum, or vouches for it. */
  public static final int RX_CHECKSUM_OK = 1;

  /**
   * Receive: the sender left the transport checksum to hardware that was never passed (a local
   * kernel, a virtual machine). The bytes are whole; the checksum field holds only the
   * pseudo-header's sum. Transmit: the same request to the port, with {@link #checksumStart()} and
   * {@link #checksumOffset()}.
   */
  public static final int CHECKSUM_PARTIAL = 2;

  /** The link-layer destination was a group address (broadcast or multicast): RFC 1122 §3.3.6. */
  public static final int LINK_MULTICAST = 4;

  /** The network-layer destination was a broadcast or multicast address. */
  public static final int IP_MULTICAST = 8;

  /**
   * The datagram was put together from fragments; its checksum has not been vouched for by
   * hardware.
   */
  public static final int REASSEMBLED = 16;

  /** The link-layer destination was the broadcast address. */
  public static final int LINK_BROADCAST = 32;

  /** The frame was received by another shard, which handed it over: it must not be sent back. */
  public static final int HANDED_OVER = 64;

  /** The datagram was put in behind the first hook of the packet filter. */
  public static final int INJECTED = 128;

  /**
   * Several receivers have been lent this frame: its bytes are for reading only, and whoever sends
   * it on sends a copy.
   */
  public static final int SHARED = 256;

  /** The datagram was sent by this stack to one of its own addresses, and was on no wire. */
  public static final int LOOPED = 512;

  private final FramePool pool;
  private final long base;
  private final int capacity;

  private int flags;
  private int l3;
  private int checksumStart;
  private int checksumOffset;
  private int segmentSize;
  private int vlan;
  private long receiveTime;
  private int receiveHash;

  private Buffer tailOwner;
  private long tailAddress;
  private int tailLength;

  private long sourceHi;
  private long sourceLo;
  private long destinationHi;
  private long destinationLo;
  private int trafficClass;
  private int hopLimit;
  private int interfaceIndex;
  private int laneTag;

  /** The next frame of a list kept by the frame's present owner. */
  private Frame next;

  private long mark;

  private ReleaseListener listener;
  private Object listenerContext;

  Frame(FramePool pool, long base, int capacity) {
    this.pool = pool;
    this.base = base;
    this.capacity = capacity;
  }

  /**
   * Makes the frame new: one reference, empty, with the pool's headroom, no hints. Called by the
   * pool.
   */
  void reset(int headroom) {
    address = base + headroom;
    length = 0;
    references = 1;
    flags = 0;
    segmentSize = 0;
    vlan = 0;
    laneTag = 0;
    receiveHash = 0;
    next = null;
  }

  // ---- the window ----

  /** The chunk's first address. */
  public long base() {
    return base;
  }

  /** The chunk's size in bytes, headroom included. */
  public int capacity() {
    return capacity;
  }

  /** Bytes free in front of the window. */
  public int headroom() {
    return (int) (address - base);
  }

  /** Bytes free behind the window. */
  public int tailroom() {
    return (int) (base + capacity - address) - length;
  }

  /**
   * Moves the window to {@code offset} from the chunk's start; the caller has checked that it fits.
   */
  public void window(int offset, int newLength) {
    assert offset >= 0 && newLength >= 0 && offset + newLength <= capacity;
    address = base + offset;
    length = newLength;
  }

  /** Opens {@code count} bytes in front and returns the new first address. */
  public long push(int count) {
    assert count <= headroom();
    address -= count;
    length += count;
    return address;
  }

  /** Hides {@code count} bytes in front and returns the new first address. */
  public long pull(int count) {
    assert count <= length;
    address += count;
    length -= count;
    return address;
  }

  /** Cuts the window to {@code newLength} bytes from its start (padding, trailers). */
  public void trim(int newLength) {
    assert newLength <= length;
    length = newLength;
  }

  /** Opens {@code count} bytes at the end and returns the address of the first of them. */
  public long append(int count) {
    assert count <= tailroom();
    long at = address + length;
    length += count;
    return at;
  }

  // ---- the tail: payload gathered from elsewhere on transmit ----

  /**
   * Gathers {@code count} bytes at {@code from} behind this frame when it is sent; retains {@code
   * owner} until then.
   */
  public void tail(Buffer owner, long from, int count) {
    assert tailOwner == null;
    if (count == 0) {
      return;
    }
    owner.retain();
    tailOwner = owner;
    tailAddress = from;
    tailLength = count;
  }

  /** The address of the gathered bytes; meaningful only if {@link #tailLength()} is not 0. */
  public long tailAddress() {
    return tailAddress;
  }

  /** The number of gathered bytes, 0 if there is no tail. */
  public int tailLength() {
    return tailLength;
  }

  /** The frame's bytes and its tail's together: what goes on the wire. */
  public int totalLength() {
    return length + tailLength;
  }

  /**
   * Copies the frame's bytes and its tail's to {@code to}, which has room for {@link
   * #totalLength()}.
   */
  public void gather(long to) {
    Bytes.copy(address, to, length);
    if (tailLength != 0) {
      Bytes.copy(tailAddress, to + length, tailLength);
    }
  }

  // ---- hints ----

  /** The flag bits. */
  public int flags() {
    return flags;
  }

  /** Whether any bit of {@code mask} is set. */
  public boolean has(int mask) {
    return (flags & mask) != 0;
  }

  /** Sets the bits of {@code mask}. */
  public void set(int mask) {
    flags |= mask;
  }

  /** Clears the bits of {@code mask}. */
  public void clear(int mask) {
    flags &= ~mask;
  }

  /** Offset from the chunk's start to the network header. */
  public int l3() {
    return l3;
  }

  /** The address of the network header. */
  public long l3Address() {
    return base + l3;
  }

  /** Remembers that the network header starts where the window starts now. */
  public void markL3() {
    l3 = (int) (address - base);
  }

  /**
   * Where the checksum is summed from, in bytes from the window's start at the time of transmit or
   * receive.
   */
  public int checksumStart() {
    return checksumStart;
  }

  /** Where the checksum goes, in bytes from {@link #checksumStart()}. */
  public int checksumOffset() {
    return checksumOffset;
  }

  /**
   * Transmit: asks the port to sum from {@code headerAddress} to the end, tail included, and to
   * store at {@code offset} behind it. Kept relative to the chunk, so headers may still be pushed.
   *
   * <p>The checksum field is part of the sum: it must hold the pseudo-header's sum, length
   * included, folded to 16 bits and not complemented. A frame with a {@link #segmentSize()} holds
   * the sum with the length of the whole.
   */
  public void requestChecksum(long headerAddress, int offset) {
    flags |= CHECKSUM_PARTIAL;
    checksumStart = (int) (headerAddress - base);
    checksumOffset = offset;
  }

  /**
   * Says that the window is another packet's now, one that was inside the packet received: what the
   * driver said of the outer one is forgotten. A {@link #CHECKSUM_PARTIAL} about bytes inside the
   * window stays.
   */
  public void unwrapped() {
    int kept = checksumAddress() >= address ? flags & CHECKSUM_PARTIAL : 0;
    flags = kept;
    segmentSize = 0;
    vlan = 0;
  }

  /** The address that {@link #requestChecksum} was given. */
  public long checksumAddress() {
    return base + checksumStart;
  }

  /**
   * Payload bytes per segment if the port is to cut this frame (TSO/USO) or has merged it (GRO); 0
   * if not.
   */
  public int segmentSize() {
    return segmentSize;
  }

  /** Sets {@link #segmentSize()}. */
  public void segmentSize(int bytes) {
    segmentSize = bytes;
  }

  /**
   * The tags that came with the frame, 0 if none: the tag control information of 802.1Q in the low
   * 16 bits, that of 802.1ad in the high 16.
   */
  public int vlan() {
    return vlan;
  }

  /** Sets {@link #vlan()}. */
  public void vlan(int tags) {
    vlan = tags;
  }

  /**
   * What the sender wrote on a frame that came by a {@link io.millrace.lane.Lane}, 0 if none did.
   */
  public int laneTag() {
    return laneTag;
  }

  /** Sets {@link #laneTag()}, 0 to 4095. */
  public void laneTag(int tag) {
    laneTag = tag;
  }

  /**
   * Shard time at which the burst with this frame was received, nanoseconds; or, where the port's
   * hardware says it by a clock that can be compared, when the frame itself was.
   */
  public long receiveTime() {
    return receiveTime;
  }

  /** Sets {@link #receiveTime()}. */
  public void receiveTime(long nanos) {
    receiveTime = nanos;
  }

  /**
   * What the port's hardware has hashed of the frame's flow, 0 if it does not say. The stack itself
   * does not read it, and its own tables do not rely on it: who sends packets can make such hashes
   * collide.
   */
  public int receiveHash() {
    return receiveHash;
  }

  /** Sets {@link #receiveHash()}. */
  public void receiveHash(int hash) {
    receiveHash = hash;
  }

  // ---- what the network layer found ----

  /** Records the addresses, each as two longs (IPv4 as v4-mapped), in the order of the wire. */
  public void addresses(long srcHi, long srcLo, long dstHi, long dstLo) {
    sourceHi = srcHi;
    sourceLo = srcLo;
    destinationHi = dstHi;
    destinationLo = dstLo;
  }

  /** High half of the source address. */
  public long sourceHi() {
    return sourceHi;
  }

  /** Low half of the source address. */
  public long sourceLo() {
    return sourceLo;
  }

  /** High half of the destination address. */
  public long destinationHi() {
    return destinationHi;
  }

  /** Low half of the destination address. */
  public long destinationLo() {
    return destinationLo;
  }

  /** Type of service or traffic class, DSCP and ECN, 8 bits. */
  public int trafficClass() {
    return trafficClass;
  }

  /** Time to live or hop limit, 0 to 255. */
  public int hopLimit() {
    return hopLimit;
  }

  /** Records traffic class and hop limit. */
  public void classAndHops(int newTrafficClass, int newHopLimit) {
    trafficClass = newTrafficClass;
    hopLimit = newHopLimit;
  }

  /** The interface that the frame came in through. */
  public int interfaceIndex() {
    return interfaceIndex;
  }

  /** Sets {@link #interfaceIndex()}. */
  public void interfaceIndex(int index) {
    interfaceIndex = index;
  }

  // ---- for the present owner ----

  /** The next frame of the owner's list, or null. */
  public Frame next() {
    return next;
  }

  /** Links {@code frame} behind this one. */
  public void next(Frame frame) {
    next = frame;
  }

  /** A number for the present owner (a TCP sequence number, a fragment offset). */
  public long mark() {
    return mark;
  }

  /** Sets {@link #mark()}. */
  public void mark(long value) {
    mark = value;
  }

  /**
   * Tells {@code to} when the last reference is gone, so that a receive window opens when an
   * application lets go of what it was lent. At most one listener at a time.
   */
  public void onReleased(ReleaseListener to, Object context) {
    listener = to;
    listenerContext = context;
  }

  /**
   * Whether its bytes are all in it and nobody but its owner has a hold on them, so that what was
   * sent may be received in the same frame.
   */
  public boolean isAlone() {
    return references == 1 && tailLength == 0 && listener == null;
  }

  /** The pool that this frame goes back to. */
  public FramePool pool() {
    return pool;
  }

  @Override
  void recycle() {
    if (tailLength != 0) {
      dropTail();
    }
    if (listener != null) {
      tellListener();
    }
    pool.recycle(this);
  }

  private void tellListener() {
    ReleaseListener to = listener;
    Object context = listenerContext;
    listener = null;
    listenerContext = null;
    to.onReleased(context, length);
  }

  private void dropTail() {
    Buffer owner = tailOwner;
    tailOwner = null;
    tailLength = 0;
    owner.release();
  }
}
