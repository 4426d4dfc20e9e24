package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Reassembly;
import io.millrace.ip.ReassemblyConfig;
import io.millrace.net.Shard;

/** The fragments of IPv4: checks one, and makes a header for the whole (RFC 791 §3.2). */
final class Ipv4Fragments {
  /** RFC 1858 §3.2.2: the least of a TCP header that a first fragment must show. */
  private static final int TCP_MIN = 16;

  private final Counters counters;
  private final Reassembly reassembly;

  Ipv4Fragments(Shard shard, IcmpErrors errors, Ipv4Config config) {
    counters = shard.counters();
    ReassemblyConfig bounds =
        new ReassemblyConfig(
            config.reassemblies(),
            config.reassembliesPerSource(),
            config.reassemblyFrames(),
            config.reassemblyTimeout());
    reassembly = new Reassembly(shard, bounds, Ipv4Header.MAX_TOTAL, errors::sendReassemblyTimeout);
  }

  Reassembly reassembly() {
    return reassembly;
  }

  /**
   * Takes a fragment, whose window is the validated datagram that it came as.
   *
   * @return the whole datagram in one frame, its window at the transport header, owned by the
   *     caller; or null
   */
  Frame add(Frame fragment, long now) {
    long at = fragment.address();
    int flags = Ipv4Header.flagsAndOffset(at);
    int headerSize = Ipv4Header.size(at);
    int from = (flags & Ipv4Header.OFFSET_MASK) << 3;
    int to = from + fragment.length() - headerSize;
    boolean more = (flags & Ipv4Header.MF) != 0;
    if (isMalformed(at, from, to, more)) {
      counters.increment(Counter.IP_REASM_REQDS);
      counters.drop(DropReason.FRAGMENT_MALFORMED);
      fragment.release();
      return null;
    }
    fragment.pull(headerSize);
    // RFC 791 §2.3: addresses, protocol and identification.
    long name = (long) Ipv4Header.protocol(at) << 16 | Ipv4Header.identification(at);
    Frame whole = reassembly.add(fragment, name, from, more, now);
    if (whole != null) {
      long header = whole.l3Address();
      Bytes.put8(header + 1, whole.trafficClass());
      int total = (int) (whole.address() - header) + whole.length();
      Ipv4Header.rewrite(header, total, 0);
    }
    return whole;
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
      case IpProtocol.UDP, IpProtocol.UDP_LITE, IpProtocol.ICMP -> 8;
      default -> 1;
    };
  }
}
