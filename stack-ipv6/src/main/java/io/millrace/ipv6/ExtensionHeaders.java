package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.diag.DropReason;

/**
 * The headers between a packet's IPv6 header and its upper layer (RFC 8200 §4): one cursor that
 * only moves forward, and stops at limits (RFC 8504 §5.3, RFC 9673).
 *
 * <p>{@link #walk} processes them in the order in which they stand; what it found is asked for
 * afterwards. Where a header is refused, {@link #problem()} and {@link #pointer()} say what the
 * sender is to be told. {@link #upperLayer} only skips them. <b>Thread:</b> the shard's.
 */
final class ExtensionHeaders {
  static final int HOP_BY_HOP = 0;
  static final int ROUTING = 43;
  static final int FRAGMENT = 44;
  static final int AUTHENTICATION = 51;
  static final int NO_NEXT_HEADER = 59;
  static final int DESTINATION_OPTIONS = 60;

  /** {@link #problem()} where the sender is told nothing. */
  static final int SILENT = -1;

  /** {@link #upperLayer} where there is none. */
  static final int NONE = -1;

  private static final int PAD_1 = 0;
  private static final int PAD_N = 1;

  /** RFC 8504 §5.3: more padding than alignment can need is refused. */
  private static final int MAX_PADDING = 7;

  private final boolean skipAuthentication;
  private final int maxHeaders;
  private final int maxOptions;
  private final int maxBytes;

  private int protocol;
  private int nextHeaderAt;
  private int offset;
  private int fragmentAt;
  private int headers;
  private int problem;
  private int pointer;
  private boolean evenToGroup;

  ExtensionHeaders(Ipv6Config config) {
    skipAuthentication = config.skipAuthentication();
    maxHeaders = config.extensionHeaders();
    maxOptions = config.options();
    maxBytes = config.extensionBytes();
  }

  /** Whether a protocol number is that of a header that {@link #walk} has to look at. */
  static boolean isExtension(int number) {
    return switch (number) {
      case HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, NO_NEXT_HEADER, DESTINATION_OPTIONS ->
          true;
      default -> false;
    };
  }

  // ---- what was found ----

  /** The number of what is behind the extension headers, or of the header that was refused. */
  int protocol() {
    return protocol;
  }

  /** Where that starts, in bytes from the IPv6 header. */
  int offset() {
    return offset;
  }

  /** Where its number stands, in bytes from the IPv6 header. */
  int nextHeaderAt() {
    return nextHeaderAt;
  }

  /**
   * Where the fragment header is that the walk has met, in bytes from the IPv6 header; 0 if none.
   */
  int fragmentAt() {
    return fragmentAt;
  }

  /** The code of the parameter problem that the sender is told of, or {@link #SILENT}. */
  int problem() {
    return problem;
  }

  /** What the problem is with, in bytes from the IPv6 header. */
  int pointer() {
    return pointer;
  }

  /** Whether the sender is told even if the packet went to a group (RFC 8200 §4.2). */
  boolean evenToGroup() {
    return evenToGroup;
  }

  // ---- the walk ----

  /**
   * Walks the headers of a validated packet up to the upper layer, or to the fragment header of a
   * packet that is not whole.
   *
   * @param total bytes of the packet
   * @return null if nothing was refused
   */
  DropReason walk(long at, int total) {
    headers = 0;
    fragmentAt = 0;
    return walk(at, Ipv6Header.NEXT_HEADER_AT, Ipv6Header.SIZE, total);
  }

  /**
   * Walks the options of a packet that passes through, whose hop-by-hop header stands behind the
   * IPv6 header; nothing behind it is a router's business (RFC 8200 §4).
   *
   * @return null if nothing was refused
   */
  DropReason walkHopByHop(long at, int total) {
    headers = 0;
    fragmentAt = 0;
    problem = SILENT;
    evenToGroup = false;
    protocol = HOP_BY_HOP;
    nextHeaderAt = Ipv6Header.NEXT_HEADER_AT;
    offset = Ipv6Header.SIZE;
    return options(at, total);
  }

  /**
   * Walks on, in a packet that has just been put together, behind where its fragment header was.
   */
  DropReason resume(long at, int from, int total) {
    int numberAt = numberAt(at, from);
    if (Bytes.u8(at + numberAt) == HOP_BY_HOP) {
      // RFC 8200 §4.1: it came behind the fragment header, even if it is the first one now.
      evenToGroup = false;
      return refuse(Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER, numberAt);
    }
    return walk(at, numberAt, from, total);
  }

  private DropReason walk(long at, int numberAt, int from, int total) {
    problem = SILENT;
    evenToGroup = false;
    nextHeaderAt = numberAt;
    offset = from;
    while (true) {
      protocol = Bytes.u8(at + nextHeaderAt);
      DropReason dropped =
          switch (protocol) {
            case HOP_BY_HOP -> hopByHop(at, total);
            case DESTINATION_OPTIONS -> options(at, total);
            case ROUTING -> routing(at, total);
            case FRAGMENT -> fragment(total);
            case AUTHENTICATION -> authentication(at, total);
            // RFC 8200 §4.7: whatever is behind it is ignored, and nobody told.
            case NO_NEXT_HEADER -> DropReason.IP_NO_NEXT_HEADER;
            default -> null;
          };
      if (dropped != null || !isExtension(protocol)) {
        return dropped;
      }
      if (protocol == FRAGMENT && !FragmentHeader.isAtomic(at + fragmentAt)) {
        return null;
      }
    }
  }

  private DropReason refuse(int code, int where) {
    problem = code;
    pointer = where;
    return DropReason.IP_BAD_EXTENSION;
  }

  /** Checks a header of {@code size} bytes that follows the last one, and moves behind it. */
  private DropReason pass(int size, int total) {
    if (size > total - offset) {
      return DropReason.IP_TRUNCATED;
    }
    if (++headers > maxHeaders) {
      return refuse(Icmpv6Header.CODE_TOO_MANY_HEADERS, offset); // RFC 8883 §3.4
    }
    nextHeaderAt = offset;
    offset += size;
    if (offset - Ipv6Header.SIZE > maxBytes) {
      return refuse(Icmpv6Header.CODE_CHAIN_TOO_LONG, nextHeaderAt); // RFC 8883 §3.3
    }
    return null;
  }

  /** Bytes of a header of the usual form, at least 8; {@code total} and one if it is cut off. */
  private int size(long at, int total) {
    return total - offset < 8 ? total + 1 : (Bytes.u8(at + offset + 1) + 1) << 3;
  }

  private DropReason hopByHop(long at, int total) {
    if (nextHeaderAt != Ipv6Header.NEXT_HEADER_AT) {
      // RFC 8200 §4.1: only immediately behind the IPv6 header.
      return refuse(Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER, nextHeaderAt);
    }
    return options(at, total);
  }

  private DropReason authentication(long at, int total) {
    if (!skipAuthentication) {
      return refuse(Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER, nextHeaderAt);
    }
    int size = authenticationSize(at + offset, total - offset);
    // RFC 4302 §2.2: in IPv6 it keeps the alignment of eight bytes.
    return size <= total - offset && (size & 7) != 0
        ? refuse(Icmpv6Header.CODE_ERRONEOUS_FIELD, offset + 1)
        : pass(size, total);
  }

  /** RFC 4302 §2.2: counted in words of four bytes, less two. */
  private static int authenticationSize(long at, int available) {
    return available < 12 ? available + 1 : (Bytes.u8(at + 1) + 2) << 2;
  }

  /**
   * RFC 8200 §4.4, RFC 5095 §3: no type is known, type 0 neither. Where segments are left, another
   * node would be next, and the sender hears of it; where none is, the header says nothing.
   */
  private DropReason routing(long at, int total) {
    int start = offset;
    DropReason dropped = pass(size(at, total), total);
    if (dropped == null && Bytes.u8(at + start + 3) != 0) {
      return refuse(Icmpv6Header.CODE_ERRONEOUS_FIELD, start + 2);
    }
    return dropped;
  }

  private DropReason fragment(int total) {
    if (fragmentAt != 0) {
      // A fragment of a fragment: nobody has use for it.
      return DropReason.FRAGMENT_MALFORMED;
    }
    int start = offset;
    DropReason dropped = pass(FragmentHeader.SIZE, total);
    fragmentAt = start;
    return dropped;
  }

  // ---- options ----

  /** RFC 8200 §4.2. */
  private DropReason options(long at, int total) {
    int i = offset + 2;
    DropReason dropped = pass(size(at, total), total);
    int count = 0;
    int padding = 0;
    while (dropped == null && i < offset) {
      int type = Bytes.u8(at + i);
      int length = 1;
      if (type != PAD_1) {
        length = i + 1 < offset ? 2 + Bytes.u8(at + i + 1) : 2;
        if (length > offset - i) {
          return refuse(Icmpv6Header.CODE_ERRONEOUS_FIELD, i);
        }
      }
      if (type == PAD_1 || type == PAD_N) {
        padding += length;
        dropped = padding > MAX_PADDING ? DropReason.IP_BAD_EXTENSION : null;
      } else {
        padding = 0;
        dropped =
            ++count > maxOptions
                ? refuse(Icmpv6Header.CODE_TOO_MANY_OPTIONS, i) // RFC 8883 §3.5
                : option(type, i);
      }
      i += length;
    }
    return dropped;
  }

  /** None is known: the two high bits say what becomes of the packet (RFC 8200 §4.2). */
  private DropReason option(int type, int where) {
    return switch (type >>> 6) {
      case 0 -> null;
      case 1 -> DropReason.IP_BAD_EXTENSION;
      default -> {
        evenToGroup = type >>> 6 == 2;
        yield refuse(Icmpv6Header.CODE_UNRECOGNIZED_OPTION, where);
      }
    };
  }

  // ---- only skipping ----

  /**
   * Where the number of the header at {@code offset} stands, in headers that were walked before.
   */
  static int numberAt(long at, int offset) {
    int number = Ipv6Header.nextHeader(at);
    int numberAt = Ipv6Header.NEXT_HEADER_AT;
    int i = Ipv6Header.SIZE;
    while (i < offset) {
      int size =
          number == AUTHENTICATION
              ? authenticationSize(at + i, offset - i)
              : (Bytes.u8(at + i + 1) + 1) << 3;
      numberAt = i;
      number = Bytes.u8(at + i);
      i += size;
    }
    return numberAt;
  }

  /**
   * Finds the upper layer of a packet, or of as much of it as is quoted, without judging what is in
   * front.
   *
   * @param available bytes that are there, at least the IPv6 header's
   * @return its offset and, in the low 8 bits, its protocol number; {@link #NONE} if the headers
   *     are cut off, or this is not a packet's start
   */
  static int upperLayer(long at, int available) {
    return upperLayer(at, Ipv6Header.nextHeader(at), Ipv6Header.SIZE, available);
  }

  /** The same from a header on. */
  static int upperLayer(long at, int number, int from, int available) {
    int next = number;
    int i = from;
    while (true) {
      int size;
      switch (next) {
        case HOP_BY_HOP, DESTINATION_OPTIONS, ROUTING -> size = 8;
        case FRAGMENT -> {
          size = FragmentHeader.SIZE;
          if (available - i < size || FragmentHeader.offset(at + i) != 0) {
            return NONE;
          }
        }
        case AUTHENTICATION -> size = 12;
        default -> {
          return i <= available ? i << 8 | next : NONE;
        }
      }
      if (available - i < size) {
        return NONE;
      }
      if (next == AUTHENTICATION) {
        size = authenticationSize(at + i, available - i);
      } else if (next != FRAGMENT) {
        size = (Bytes.u8(at + i + 1) + 1) << 3;
      }
      next = Bytes.u8(at + i);
      i += size;
    }
  }
}
