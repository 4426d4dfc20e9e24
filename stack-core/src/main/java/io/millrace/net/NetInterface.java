package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.link.Ethernet;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * One shard's end of a port: its queue, its link address, and the frames that wait for the end of
 * the duty cycle to be sent in one burst. Or a network of its own on such a port, told apart by
 * tags: its frames wait together with the port's. <b>Thread:</b> the shard's.
 */
public final class NetInterface {
  /** Frames that can wait for one flush, or for a device that is full. */
  static final int TX_CAPACITY = 1024;

  private final int index;
  private final PortInfo info;
  private final PortQueue queue;
  private final Counters counters;
  private final int vlan;

  /** Through which frames leave: itself, unless this is one of several networks on a port. */
  private final NetInterface trunk;

  /** The networks on this port by their tags, or null if there are none. */
  private Int2ObjectHashMap<NetInterface> networks;

  /** Who takes frames by their EtherType, or null. */
  private RawEthernet raw;

  private final Frame[] tx;
  private int txCount;

  NetInterface(int index, PortInfo info, PortQueue queue, Counters counters, int vlan) {
    this.index = index;
    this.info = info;
    this.queue = queue;
    this.counters = counters;
    this.vlan = vlan;
    this.trunk = this;
    this.tx = new Frame[TX_CAPACITY];
    queue.countInto(counters);
  }

  /** Makes one without a port, for {@link Loopback}. */
  NetInterface(int index, PortInfo info, Counters counters) {
    this.index = index;
    this.info = info;
    this.queue = null;
    this.counters = counters;
    this.vlan = 0;
    this.trunk = this;
    this.tx = new Frame[TX_CAPACITY];
  }

  /**
   * Makes a network of its own on a port, which it is added to.
   *
   * @param vlan its tags, without priorities
   */
  NetInterface(int index, NetInterface trunk, int vlan) {
    this.index = index;
    this.info = VlanTags.on(trunk.info, vlan);
    this.queue = trunk.queue;
    this.counters = trunk.counters;
    this.vlan = vlan;
    this.trunk = trunk;
    this.tx = null;
    if (trunk.networks == null) {
      trunk.networks = new Int2ObjectHashMap<>();
    }
    trunk.networks.put(vlan, this);
  }

  /** The interface's number on its shard, from 0. */
  public int index() {
    return index;
  }

  /** What the port is and can do. */
  public PortInfo info() {
    return info;
  }

  /** Our link address, in the low 48 bits. */
  public long mac() {
    return info.mac();
  }

  /** The largest IP datagram in bytes. */
  public int mtu() {
    return info.mtu();
  }

  /**
   * The network that this interface is on, as {@link Ethernet#write} takes it: its 802.1Q number, 1
   * to 4094, in the low 16 bits, its 802.1ad number in the high 16; or 0 if frames are untagged.
   */
  public int vlan() {
    return vlan;
  }

  /**
   * The bytes of the link header that is pushed in front of a datagram: 14, 18 with a VLAN tag, or
   * 22 with two.
   */
  public int linkHeaderSize() {
    return Ethernet.headerSize(vlan);
  }

  /** Whether this is one of several networks on a port, and not the port itself. */
  public boolean isSubInterface() {
    return trunk != this;
  }

  /** The interface for frames with these tags, without priorities, or null if there is none. */
  NetInterface on(int tags) {
    if (tags == vlan) {
      return this;
    }
    return networks == null ? null : networks.get(tags);
  }

  /** The first of those who take frames by their EtherType, or null. */
  RawEthernet raw() {
    return raw;
  }

  void raw(RawEthernet first) {
    raw = first;
  }

  PortQueue queue() {
    return queue;
  }

  /**
   * How many more frames {@link #transmit} takes before it must drop. A transport stops sending at
   * a small number.
   */
  public int transmitRoom() {
    return TX_CAPACITY - trunk.txCount;
  }

  /**
   * Sends a frame whose window starts at the Ethernet header, at the end of this duty cycle. Takes
   * ownership; a frame for which there is no room is dropped and counted.
   */
  public void transmit(Frame frame) {
    trunk.enqueue(frame);
  }

  private void enqueue(Frame frame) {
    int n = txCount;
    if (n == TX_CAPACITY) {
      counters.drop(DropReason.TX_QUEUE_FULL);
      frame.release();
      return;
    }
    tx[n] = frame;
    txCount = n + 1;
  }

  /** Gives what waits to the caller; returns how many frames that is. */
  int takeAll(Frame[] to) {
    int n = txCount;
    System.arraycopy(tx, 0, to, 0, n);
    java.util.Arrays.fill(tx, 0, n, null);
    txCount = 0;
    return n;
  }

  /** Gives what waits to the port; returns how many frames it took. */
  int flush() {
    counters.drop(DropReason.TX_QUEUE_FULL, queue.takeTransmitDrops());
    int n = txCount;
    if (n == 0) {
      queue.reclaim(TX_CAPACITY);
      return 0;
    }
    long bytes = 0;
    for (int i = 0; i < n; i++) {
      bytes += tx[i].totalLength();
    }
    int taken = queue.txBurst(tx, 0, n);
    if (taken != n) {
      for (int i = taken; i < n; i++) {
        bytes -= tx[i].totalLength();
      }
      System.arraycopy(tx, taken, tx, 0, n - taken);
    }
    for (int i = n - taken; i < n; i++) {
      tx[i] = null;
    }
    txCount = n - taken;
    counters.add(Counter.FRAMES_OUT, taken);
    counters.add(Counter.BYTES_OUT, bytes);
    queue.flush();
    queue.reclaim(TX_CAPACITY);
    return taken;
  }

  /** Whether frames wait because the device was full at the end of the last duty cycle. */
  boolean isBacklogged() {
    return txCount != 0;
  }

  /** Releases what still waits. */
  void drop() {
    for (int i = 0; i < txCount; i++) {
      tx[i].release();
      tx[i] = null;
    }
    txCount = 0;
  }

  @Override
  public String toString() {
    return info.name();
  }
}
