package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Reassembly;
import io.millrace.net.Shard;

/** The fragments of IPv6: checks one, and makes headers for the whole (RFC 8200 §4.5). */
final class Ipv6Fragments {
  private final Counters counters;
  private final Icmpv6Errors errors;
  private final Reassembly reassembly;

  Ipv6Fragments(Shard shard, Icmpv6Errors errors, Ipv6Config config) {
    this.counters = shard.counters();
    this.errors = errors;
    this.reassembly =
        new Reassembly(
            shard,
            config.reassembly(),
            Ipv6Header.SIZE + FragmentHeader.SIZE + Ipv6Header.MAX_PAYLOAD,
            errors::sendReassemblyTimeout);
  }

  Reassembly reassembly() {
    return reassembly;
  }

  /**
   * Takes a fragment, whose window is the validated packet that it came as.
   *
   * @param fragmentAt where its fragment header is, in bytes from the IPv6 header
   * @return the whole packet in one frame without a fragment header, its window behind where that
   *     was, owned by the caller; or null
   */
  Frame add(Frame fragment, int fragmentAt, long now) {
    long at = fragment.address();
    long header = at + fragmentAt;
    int from = FragmentHeader.offset(header);
    boolean more = FragmentHeader.more(header);
    int dataAt = fragmentAt + FragmentHeader.SIZE;
    int size = fragment.length() - dataAt;
    DropReason dropped = check(fragment, at, fragmentAt, from, size, more, now);
    if (dropped != null) {
      counters.increment(Counter.IP_REASM_REQDS);
      counters.drop(dropped);
      fragment.release();
      return null;
    }
    fragment.pull(dataAt);
    int name = FragmentHeader.identification(header);
    Frame whole = reassembly.add(fragment, name, from, more, now);
    if (whole != null) {
      takeHeaderOut(whole);
    }
    return whole;
  }

  private DropReason check(
      Frame fragment, long at, int fragmentAt, int from, int size, boolean more, long now) {
    if (size == 0) {
      return DropReason.FRAGMENT_MALFORMED;
    }
    if (more && (size & 7) != 0) {
      // RFC 8200 §4.5: pointing to the payload length.
      return refuse(
          fragment,
          at + fragmentAt,
          Icmpv6Header.CODE_ERRONEOUS_FIELD,
          Ipv6Header.PAYLOAD_LENGTH_AT,
          now);
    }
    if (fragmentAt - Ipv6Header.SIZE + from + size > Ipv6Header.MAX_PAYLOAD) {
      // RFC 8200 §4.5: pointing to the fragment offset.
      return refuse(
          fragment,
          at + fragmentAt,
          Icmpv6Header.CODE_ERRONEOUS_FIELD,
          fragmentAt + FragmentHeader.OFFSET_AT,
          now);
    }
    if (from == 0 && !isChainComplete(at, fragment.length())) {
      return refuse(fragment, at + fragmentAt, Icmpv6Header.CODE_INCOMPLETE_CHAIN, 0, now);
    }
    return null;
  }

  private DropReason refuse(Frame fragment, long header, int code, int pointer, long now) {
    // Of a later fragment only the number tells that it is none of an error (RFC 4443 §2.4 (e)).
    if (FragmentHeader.offset(header) == 0
        || FragmentHeader.nextHeader(header) != IpProtocol.ICMPV6) {
      errors.sendFragmentProblem(fragment, code, pointer, now);
    }
    return DropReason.FRAGMENT_MALFORMED;
  }

  /** RFC 7112 §5: a first fragment holds all headers, that of the upper layer included. */
  private static boolean isChainComplete(long at, int length) {
    int upper = ExtensionHeaders.upperLayer(at, length);
    return upper != ExtensionHeaders.NONE && length - (upper >>> 8) >= leastHeader(upper & 0xff);
  }

  private static int leastHeader(int protocol) {
    return switch (protocol) {
      case IpProtocol.TCP -> 20;
      case IpProtocol.SCTP -> 12;
      case IpProtocol.UDP, IpProtocol.UDP_LITE, IpProtocol.ICMPV6 -> 8;
      default -> 0;
    };
  }

  /**
   * Moves the headers of the first fragment over its fragment header, and makes them those of the
   * whole.
   */
  private static void takeHeaderOut(Frame whole) {
    long old = whole.l3Address();
    int headers = (int) (whole.address() - old) - FragmentHeader.SIZE;
    int protocol = FragmentHeader.nextHeader(old + headers);
    int fragmentSize = FragmentHeader.SIZE;
    // From behind, as the two places overlap.
    for (int i = headers - 8; i >= 0; i -= 8) {
      Bytes.put64(old + fragmentSize + i, Bytes.i64(old + i));
    }
    long at = whole.push(headers);
    whole.markL3();
    Bytes.put8(at + ExtensionHeaders.numberAt(at, headers), protocol);
    Ipv6Header.rewrite(at, whole.length() - Ipv6Header.SIZE, whole.trafficClass());
    whole.pull(headers);
  }
}
