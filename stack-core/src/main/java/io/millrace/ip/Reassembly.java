package io.millrace.ip;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.net.Shard;
import io.millrace.time.TimerWheel;

/**
 * Puts datagrams together from their fragments, for both families (RFC 791 §3.2, RFC 815, RFC 1122
 * §3.3.2, RFC 8200 §4.5).
 *
 * <p>Fragments stay in the frames they came in until all are there; then their data is copied into
 * one. So a lone first fragment, of which anybody can send millions, costs one frame. Datagrams,
 * those of one source, and fragments are all bounded; the oldest makes room.
 *
 * <p>What overlaps is an attack or a mistake: the datagram is dropped and its name remembered until
 * its time is over, so that later fragments do not revive it (RFC 5722 §4, RFC 1858 §3 and RFC 3128
 * for IPv4). An exact copy of a fragment is merely dropped. <b>Thread:</b> the shard's.
 */
public final class Reassembly {
  private static final long MILLI = 1_000_000;

  /** Hears of what was not whole in time. */
  public interface TimeoutListener {
    /**
     * The time of a datagram is over whose first fragment is there, which stays the caller's; its
     * network header is where {@link Frame#l3Address()} says.
     */
    void onTimeout(Frame first, long now);
  }

  private final FramePool pool;
  private final TimerWheel wheel;
  private final Counters counters;
  private final TimeoutListener listener;
  private final long timeout;
  private final int perSource;
  private final int maxFrames;
  private final int maxSize;

  private final FragmentedDatagram[] active;
  private int count;
  private int frames;
  private FragmentedDatagram spare;

  /**
   * Creates one that holds nothing.
   *
   * @param maxSize the most bytes of a whole datagram and its first fragment's headers together
   */
  public Reassembly(Shard shard, ReassemblyConfig config, int maxSize, TimeoutListener listener) {
    this.pool = shard.pool();
    this.wheel = shard.wheel();
    this.counters = shard.counters();
    this.listener = listener;
    this.maxSize = maxSize;
    this.timeout = config.timeout() * MILLI;
    this.perSource = config.perSource();
    // Never so many that the driver has none left to receive into.
    this.maxFrames = Math.clamp(config.frames(), 2, Math.max(2, pool.frames() / 4));
    this.active = new FragmentedDatagram[config.datagrams()];
  }

  /** The number of datagrams that wait for fragments, or whose names are remembered. */
  public int datagrams() {
    return count;
  }

  /** The number of fragments that are held. */
  public int frames() {
    return frames;
  }

  /**
   * Takes a fragment that its family has checked. Its window is its data, and its headers are in
   * front of that, from {@link Frame#l3Address()} on; addresses and traffic class are on it.
   *
   * @param name what the fragments of a datagram have in common besides their addresses
   * @param from the place of its first byte in the datagram's data
   * @param more whether it is not the last one
   * @return the whole datagram in one frame owned by the caller, its window the data, with the
   *     headers of the first fragment in front, which the family makes right; or null
   */
  public Frame add(Frame fragment, long name, int from, boolean more, long now) {
    counters.increment(Counter.IP_REASM_REQDS);
    if (fragment.capacity() > pool.frameSize()) {
      fragment = shrink(fragment);
      if (fragment == null) {
        return null;
      }
    }
    FragmentedDatagram datagram = find(fragment, name);
    if (datagram == null) {
      datagram = open(fragment, name, now);
    } else if (datagram.isPoisoned()) {
      return drop(fragment, DropReason.FRAGMENT_OVERLAP);
    }
    DropReason dropped = datagram.insert(fragment, from, from + fragment.length(), more);
    if (dropped != null) {
      if (dropped != DropReason.FRAGMENT_DUPLICATE) {
        counters.drop(dropped, release(datagram));
        datagram.poison();
      }
      return drop(fragment, dropped);
    }
    frames++;
    if (datagram.isComplete()) {
      return finish(datagram);
    }
    while (frames > maxFrames) {
      evict(oldest(null));
    }
    return null;
  }

  private Frame drop(Frame fragment, DropReason reason) {
    counters.drop(reason);
    fragment.release();
    return null;
  }

  /** A fragment in a large frame moves to a standard one if it can, as there are few large ones. */
  private Frame shrink(Frame fragment) {
    int headers = headers(fragment);
    int total = headers + fragment.length();
    if (total > pool.frameSize() - FramePool.HEADROOM) {
      return fragment;
    }
    Frame copy = pool.allocate();
    if (copy == null) {
      return drop(fragment, DropReason.NO_FRAME);
    }
    Bytes.copy(fragment.l3Address(), copy.append(total), total);
    copy.markL3();
    copy.pull(headers);
    inherit(copy, fragment);
    fragment.release();
    return copy;
  }

  private static int headers(Frame fragment) {
    return (int) (fragment.address() - fragment.l3Address());
  }

  private static void inherit(Frame heir, Frame from) {
    heir.set(from.flags() & (Frame.LINK_MULTICAST | Frame.LINK_BROADCAST | Frame.IP_MULTICAST));
    heir.vlan(from.vlan());
    heir.receiveTime(from.receiveTime());
    heir.interfaceIndex(from.interfaceIndex());
    heir.addresses(from.sourceHi(), from.sourceLo(), from.destinationHi(), from.destinationLo());
    heir.classAndHops(from.trafficClass(), from.hopLimit());
  }

  /** The whole datagram in one frame, or null if there is none to put it in. */
  private Frame finish(FragmentedDatagram datagram) {
    Frame first = datagram.part(0);
    int headerSize = headers(first);
    int total = headerSize + datagram.size();
    int trafficClass = datagram.trafficClass();
    if (total > maxSize || trafficClass < 0) {
      return lose(datagram, DropReason.FRAGMENT_MALFORMED);
    }
    Frame whole =
        total <= pool.frameSize() - FramePool.HEADROOM ? pool.allocate() : pool.allocateLarge();
    if (whole == null) {
      return lose(datagram, DropReason.NO_FRAME);
    }
    long at = whole.append(total);
    whole.markL3();
    inherit(whole, first);
    // Whatever hardware said, it said of a fragment: the transport verifies the whole.
    whole.set(Frame.REASSEMBLED);
    whole.classAndHops(trafficClass, first.hopLimit());
    Bytes.copy(first.l3Address(), at, headerSize);
    datagram.copyTo(at + headerSize);
    whole.pull(headerSize);
    release(datagram);
    close(datagram);
    counters.increment(Counter.IP_REASM_OKS);
    return whole;
  }

  private Frame lose(FragmentedDatagram datagram, DropReason reason) {
    counters.drop(reason, release(datagram));
    close(datagram);
    return null;
  }

  private int release(FragmentedDatagram datagram) {
    int released = datagram.releaseAll();
    frames -= released;
    return released;
  }

  /**
   * RFC 1122 §3.3.2, RFC 8200 §4.5: what is not whole in time is discarded, and its sender told if
   * it can be.
   */
  void onTimeout(FragmentedDatagram datagram, long now) {
    if (datagram.count() > 0 && FragmentedDatagram.start(datagram.part(0)) == 0) {
      listener.onTimeout(datagram.part(0), now);
    }
    lose(datagram, DropReason.REASSEMBLY_TIMEOUT);
  }

  private void evict(FragmentedDatagram datagram) {
    lose(datagram, DropReason.REASSEMBLY_FULL);
  }

  // ---- the table: few and dense, so that a scan is all it needs ----

  private FragmentedDatagram find(Frame fragment, long name) {
    for (int i = 0; i < count; i++) {
      if (active[i].isOf(fragment, name)) {
        return active[i];
      }
    }
    return null;
  }

  private FragmentedDatagram open(Frame fragment, long name, long now) {
    if (sameSource(fragment) >= perSource) {
      evict(oldest(fragment));
    } else if (count == active.length) {
      evict(oldest(null));
    }
    FragmentedDatagram datagram = spare;
    if (datagram == null) {
      datagram = new FragmentedDatagram(this);
    } else {
      spare = datagram.spare;
    }
    datagram.open(fragment, name);
    datagram.index = count;
    active[count++] = datagram;
    wheel.schedule(datagram, now + timeout);
    return datagram;
  }

  private void close(FragmentedDatagram datagram) {
    wheel.cancel(datagram);
    FragmentedDatagram moved = active[--count];
    active[datagram.index] = moved;
    moved.index = datagram.index;
    active[count] = null;
    datagram.spare = spare;
    spare = datagram;
  }

  private int sameSource(Frame fragment) {
    int same = 0;
    for (int i = 0; i < count; i++) {
      if (active[i].isFromSourceOf(fragment)) {
        same++;
      }
    }
    return same;
  }

  /** The one that times out first: of a fragment's source, or of all if it is null. */
  private FragmentedDatagram oldest(Frame fragment) {
    FragmentedDatagram oldest = null;
    for (int i = 0; i < count; i++) {
      FragmentedDatagram each = active[i];
      if ((fragment == null || each.isFromSourceOf(fragment))
          && (oldest == null || each.scheduledDeadline() < oldest.scheduledDeadline())) {
        oldest = each;
      }
    }
    return oldest;
  }
}
