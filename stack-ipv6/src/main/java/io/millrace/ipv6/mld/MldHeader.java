package io.millrace.ipv6.mld;

import io.millrace.buf.Bytes;
import io.millrace.ip.IpAddress;
import io.millrace.multicast.GroupRecord;
import java.util.List;

/**
 * The messages of MLD, version 2 (RFC 3810 §5) and 1 (RFC 2710 §3).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |   Code (0)    |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Maximum Response Code     |           Reserved            |  130 query, 131 and 132 of version 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Multicast Address (16)                     |  version 1 ends here
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Resv  |S| QRV |     QQIC      |     Number of Sources (N)     |  query of version 2
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                   Source Address [1..N] (16)                  |
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Reserved            |  Number of Address Records (M)|  143 report of version 2
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Record Type  |  Aux Data Len |     Number of Sources (N)     |  each of its M records
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Multicast Address (16)                     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                   Source Address [1..N] (16)                  |
 * </pre>
 */
final class MldHeader {
  static final int QUERY = 130;
  static final int REPORT_V1 = 131;
  static final int DONE = 132;
  static final int REPORT_V2 = 143;

  /** Bytes of all messages of version 1. */
  static final int SIZE_V1 = 24;

  /** Bytes of a query of version 2 without sources. */
  static final int QUERY_SIZE = 28;

  /** Bytes of a report of version 2 in front of its records. */
  static final int REPORT_SIZE = 8;

  static final int ADDRESS_SIZE = 16;

  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  private MldHeader() {}

  /**
   * Whether a message has a length that its type has (RFC 3810 §8.1, §5.1.8); bytes behind the
   * sources of a query are allowed (§5.1.12).
   */
  static boolean isWhole(int type, long at, int length) {
    if (length < SIZE_V1) {
      return false;
    }
    return type != QUERY
        || length == SIZE_V1
        || (length >= QUERY_SIZE && QUERY_SIZE + ADDRESS_SIZE * sourceCount(at) <= length);
  }

  static IpAddress group(long at) {
    return new IpAddress(Bytes.i64(at + 8), Bytes.i64(at + 16));
  }

  /** The time for answers to a query of version 1, nanoseconds (RFC 2710 §3.4). */
  static long responseTimeV1(long at) {
    return Bytes.u16(at + 4) * MILLI;
  }

  /** The same of version 2: large ones are floating-point numbers (RFC 3810 §5.1.3). */
  static long responseTime(long at) {
    int code = Bytes.u16(at + 4);
    long millis = code < 32_768 ? code : ((code & 0xfff) | 0x1000L) << ((code >> 12 & 7) + 3);
    return millis * MILLI;
  }

  /** The querier's robustness variable, 0 if it does not say (§5.1.8). */
  static int robustness(long at) {
    return Bytes.u8(at + 24) & 7;
  }

  /** The querier's interval, nanoseconds, 0 if it does not say (§5.1.9). */
  static long queryInterval(long at) {
    int code = Bytes.u8(at + 25);
    return (code < 128 ? code : ((code & 15) | 16) << ((code >> 4 & 7) + 3)) * SECOND;
  }

  static int sourceCount(long at) {
    return Bytes.u16(at + 26);
  }

  static IpAddress source(long at, int i) {
    long source = at + QUERY_SIZE + (long) ADDRESS_SIZE * i;
    return new IpAddress(Bytes.i64(source), Bytes.i64(source + 8));
  }

  /** Writes a message of version 1; the checksum is left out. */
  static void write(long at, int type, IpAddress group) {
    Bytes.put64(at, (long) type << 56);
    put(at + 8, group);
  }

  /** Bytes of a report with these records. */
  static int reportSize(List<GroupRecord> records) {
    return REPORT_SIZE + records.stream().mapToInt(each -> each.size(ADDRESS_SIZE)).sum();
  }

  /** Writes a report of version 2, {@link #reportSize} bytes; the checksum is left out. */
  static void writeReport(long at, List<GroupRecord> records) {
    Bytes.put64(at, (long) REPORT_V2 << 56 | records.size());
    long to = at + REPORT_SIZE;
    for (GroupRecord record : records) {
      Bytes.put32(to, record.type().code() << 24 | record.sources().size());
      put(to + 4, record.group());
      for (int i = 0; i < record.sources().size(); i++) {
        put(to + 20 + (long) ADDRESS_SIZE * i, record.sources().get(i));
      }
      to += record.size(ADDRESS_SIZE);
    }
  }

  private static void put(long at, IpAddress address) {
    Bytes.put64(at, address.hi());
    Bytes.put64(at + 8, address.lo());
  }
}
