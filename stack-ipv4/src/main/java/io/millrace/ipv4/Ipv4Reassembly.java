package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.time.TimerWheel;

/**
 * Puts datagrams together from their fragments (RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2).
 *
 * <p>Fragments stay in the frames they came in until all are there; then their data is copied into
 * one. So a lone first fragment, of which anybody can send millions, costs one frame. Datagrams,
 * those of one source, and fragments are all bounded; the oldest makes room.
 *
 * <p>What overlaps is an attack or a mistake: the datagram is dropped and its name remembered until
 * its time is over, so that later fragments do not revive it (RFC 5722 §4, RFC 1858 §3 and RFC 3128
 * for IPv4). An exact copy of a fragment is merely dropped.
 */
final class Ipv4Reassembly {
  private static final long MILLI = 1_000_000;

  /** RFC 1858 §3.2.2: the least of a TCP header that a first fragment must show. */
  private static final int TCP_MIN = 16;

  private final FramePool pool;
  private final TimerWheel wheel;
  private final Counters counters;
  private final IcmpErrors errors;
  private final long timeout;
  private final int perSource;
  private final int maxFrames;

  private final FragmentedDatagram[] active;
  private int count;
  private int frames;
  private FragmentedDatagram spare;

  Ipv4Reassembly(Shard shard, IcmpErrors errors, Ipv4Config config) {
    this.pool = shard.pool();
    this.wheel = shard.wheel();
    this.counters = shard.counters();
    this.errors = errors;
    this.timeout = config.reassemblyTimeout() * MILLI;
    this.perSource = config.reassembliesPerSource();
    // Never so many that the driver has none left to receive into.
    this.maxFrames = Math.clamp(config.reassemblyFrames(), 2, Math.max(2, pool.frames() / 4));
    this.active = new FragmentedDatagram[config.reassemblies()];
  }

  /** The number of datagrams that wait for fragments, or whose names are remembered. */
  int datagrams() {
    return count;
  }

  /** The number of fragments that are held. */
  int frames() {
    return frames;
  }

  /**
   * Takes a fragment, whose window is the validated datagram that it came as.
   *
   * @return the whole datagram in one frame, its window at the transport header, owned by the
   *     caller; or null
   */
  Frame add(Frame fragment, long now) {
    counters.increment(Counter.IP_REASM_REQDS);
    long at = fragment.address();
    int flags = Ipv4Header.flagsAndOffset(at);
    int from = (flags & Ipv4Header.OFFSET_MASK) << 3;
    int to = from + fragment.length() - Ipv4Header.size(at);
    boolean more = (flags & Ipv4Header.MF) != 0;
    if (isMalformed(at, from, to, more)) {
      return drop(fragment, DropReason.FRAGMENT_MALFORMED);
    }
    if (fragment.capacity() > pool.frameSize()) {
      fragment = shrink(fragment);
      if (fragment == null) {
        return null;
      }
    }
    at = fragment.address();
    FragmentedDatagram datagram = find(at);
    if (datagram == null) {
      datagram = open(at, now);
    } else if (datagram.isPoisoned()) {
      return drop(fragment, DropReason.FRAGMENT_OVERLAP);
    }
    DropReason dropped = datagram.insert(fragment, from, to, more);
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
      evict(oldest(0));
    }
    return null;
  }

  private Frame drop(Frame fragment, DropReason reason) {
    counters.drop(reason);
    fragment.release();
    return null;
  }

  private static boolean isMalformed(long at, int from, int to, boolean more) {
    int size = to - from;
    int protocol = Ipv4Header.protocol(at);
    return size == 0
        || (more && (size & 7) != 0)
        || Ipv4Header.size(at) + to > Ipv4Header.MAX_TOTAL
        // RFC 1858 §3.2: a first fragment too small to be judged, or a second that reaches back
        // into the header.
        || (from == 0 && size < leastFirst(protocol))
        || (from == 8 && protocol == IpProtocol.TCP);
  }

  private static int leastFirst(int protocol) {
    return switch (protocol) {
      case IpProtocol.TCP -> TCP_MIN;
      case IpProtocol.SCTP -> 12;
      case IpProtocol.UDP, IpProtocol.ICMP -> 8;
      default -> 1;
    };
  }

  /** A fragment in a large frame moves to a standard one if it can, as there are few large ones. */
  private Frame shrink(Frame fragment) {
    if (fragment.length() > pool.frameSize() - FramePool.HEADROOM) {
      return fragment;
    }
    Frame copy = pool.allocate();
    if (copy == null) {
      return drop(fragment, DropReason.NO_FRAME);
    }
    Bytes.copy(fragment.address(), copy.append(fragment.length()), fragment.length());
    copy.markL3();
    inherit(copy, fragment);
    fragment.release();
    return copy;
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
    int headerSize = Ipv4Header.size(first.address());
    int total = headerSize + datagram.size();
    int trafficClass = datagram.trafficClass();
    if (total > Ipv4Header.MAX_TOTAL || trafficClass < 0) {
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
    Bytes.copy(first.address(), at, headerSize);
    datagram.copyTo(at + headerSize);
    Bytes.put8(at + 1, trafficClass);
    Ipv4Header.rewrite(at, total, 0);
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

  /** RFC 1122 §3.3.2: what is not whole in time is discarded, and its sender told if it can be. */
  void onTimeout(FragmentedDatagram datagram, long now) {
    if (datagram.count() > 0 && FragmentedDatagram.start(datagram.part(0)) == 0) {
      errors.sendReassemblyTimeout(datagram.part(0), now);
    }
    lose(datagram, DropReason.REASSEMBLY_TIMEOUT);
  }

  private void evict(FragmentedDatagram datagram) {
    lose(datagram, DropReason.REASSEMBLY_FULL);
  }

  // ---- the table: few and dense, so that a scan is all it needs ----

  private FragmentedDatagram find(long header) {
    for (int i = 0; i < count; i++) {
      if (active[i].isOf(header)) {
        return active[i];
      }
    }
    return null;
  }

  private FragmentedDatagram open(long header, long now) {
    int source = Ipv4Header.source(header);
    if (sameSource(source) >= perSource) {
      evict(oldest(source));
    } else if (count == active.length) {
      evict(oldest(0));
    }
    FragmentedDatagram datagram = spare;
    if (datagram == null) {
      datagram = new FragmentedDatagram(this);
    } else {
      spare = datagram.spare;
    }
    datagram.open(header);
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

  private int sameSource(int source) {
    int same = 0;
    for (int i = 0; i < count; i++) {
      if (active[i].source() == source) {
        same++;
      }
    }
    return same;
  }

  /** The one that times out first; of one source, or of all if {@code source} is 0. */
  private FragmentedDatagram oldest(int source) {
    FragmentedDatagram oldest = null;
    for (int i = 0; i < count; i++) {
      FragmentedDatagram each = active[i];
      if ((source == 0 || each.source() == source)
          && (oldest == null || each.scheduledDeadline() < oldest.scheduledDeadline())) {
        oldest = each;
      }
    }
    return oldest;
  }
}
