package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.multicast.GroupRecord;
import java.util.List;

/**
 * The messages of IGMP: version 3 (RFC 3376 §4), 2 (RFC 2236 §2) and 1 (RFC 1112, appendix I).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      | Max Resp Code |           Checksum            |  all; code 0 in version 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Group Address                         |  all but the report of version 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Resv  |S| QRV |     QQIC      |     Number of Sources (N)     |  the query of version 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Source Address [1..N]                   |
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Reserved            |  Number of Group Records (M)  |  the report of version 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Record Type  |  Aux Data Len |     Number of Sources (N)     |  each of its M records
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Multicast Address                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Source Address [1..N]                   |
 * </pre>
 */
final class IgmpHeader {
  /**
   * Bytes of all messages of versions 1 and 2, and of what a report has in front of its records.
   */
  static final int SIZE = 8;

  /** Bytes of a query of version 3 without sources. */
  static final int QUERY_SIZE = 12;

  static final int QUERY = 0x11;
  static final int REPORT_V1 = 0x12;
  static final int REPORT_V2 = 0x16;
  static final int LEAVE = 0x17;
  static final int REPORT_V3 = 0x22;

  static final int ADDRESS_SIZE = 4;

  private static final long TENTH = 100_000_000;
  private static final long SECOND = 10 * TENTH;

  private IgmpHeader() {}

  /** Whether a message's checksum is good; at least {@link #SIZE} bytes are there. */
  static boolean checksumGood(long at, int length) {
    return Checksum.fold(Checksum.add(0, at, length)) == 0xffff;
  }

  /**
   * Whether a query has a length that a version of it has, and room for its sources (RFC 3376 §7.1
   * and §4.1.8): others must be silently ignored. Bytes behind the sources are allowed (§4.1.10).
   */
  static boolean isQueryWhole(long at, int length) {
    return length == SIZE
        || (length >= QUERY_SIZE && QUERY_SIZE + ADDRESS_SIZE * sourceCount(at) <= length);
  }

  static int type(long at) {
    return Bytes.u8(at);
  }

  static int maxRespCode(long at) {
    return Bytes.u8(at + 1);
  }

  static int group(long at) {
    return Bytes.i32(at + 4);
  }

  /** The time for answers to a query of version 3, nanoseconds (§4.1.1). */
  static long responseTime(long at) {
    return decode(maxRespCode(at)) * TENTH;
  }

  /** The same of version 2: tenths of seconds, without exponent (RFC 2236 §2.2). */
  static long responseTimeV2(long at) {
    return maxRespCode(at) * TENTH;
  }

  /** The querier's robustness variable, 0 if it does not say (§4.1.6). */
  static int robustness(long at) {
    return Bytes.u8(at + 8) & 7;
  }

  /** The querier's interval, nanoseconds, 0 if it does not say (§4.1.7). */
  static long queryInterval(long at) {
    return decode(Bytes.u8(at + 9)) * SECOND;
  }

  static int sourceCount(long at) {
    return Bytes.u16(at + 10);
  }

  static int source(long at, int i) {
    return Bytes.i32(at + QUERY_SIZE + (long) ADDRESS_SIZE * i);
  }

  /** Codes from 128 on are floating-point numbers: three bits of exponent, four of mantissa. */
  private static int decode(int code) {
    return code < 128 ? code : ((code & 15) | 16) << ((code >> 4 & 7) + 3);
  }

  /** Writes a message of version 1 or 2. */
  static void write(long at, int type, int group) {
    Bytes.put32(at, type << 24);
    Bytes.put32(at + 4, group);
    Bytes.put16(at + 2, Checksum.finish(Checksum.add(0, at, SIZE)));
  }

  /** Bytes of a report with these records. */
  static int reportSize(List<GroupRecord> records) {
    return SIZE + records.stream().mapToInt(each -> each.size(ADDRESS_SIZE)).sum();
  }

  /** Writes a report of version 3, {@link #reportSize} bytes. */
  static void writeReport(long at, List<GroupRecord> records) {
    Bytes.put32(at, REPORT_V3 << 24);
    Bytes.put32(at + 4, records.size());
    long to = at + SIZE;
    for (GroupRecord record : records) {
      Bytes.put32(to, record.type().code() << 24 | record.sources().size());
      Bytes.put32(to + 4, record.group().v4Bits());
      for (int i = 0; i < record.sources().size(); i++) {
        Bytes.put32(to + 8 + (long) ADDRESS_SIZE * i, record.sources().get(i).v4Bits());
      }
      to += record.size(ADDRESS_SIZE);
    }
    Bytes.put16(at + 2, Checksum.finish(Checksum.add(0, at, (int) (to - at))));
  }
}
