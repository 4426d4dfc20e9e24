package io.millrace.ip;

import io.millrace.buf.Bytes;

/**
 * Sees the packets of a burst before the first of them is handled, and finds the routes of all of
 * them together: what a router with more destinations than it remembers waits for is memory, and
 * the waits of many packets can pass at the same time. It only fills the {@link DestinationCache}s;
 * what becomes of a packet is decided where it always is.
 *
 * <p><b>Thread:</b> the shard's. Allocates nothing.
 */
public final class Lookahead {
  private static final int IPV4_SIZE = 20;
  private static final int IPV4_SOURCE_AT = 12;
  private static final int IPV4_DESTINATION_AT = 16;
  private static final int IPV6_SIZE = 40;
  private static final int IPV6_SOURCE_AT = 8;
  private static final int IPV6_DESTINATION_AT = 24;

  private final DestinationCache destinations;
  private final DestinationCache sources;

  /**
   * Creates one.
   *
   * @param destinations where routes of packets are looked up
   * @param sources where those back to their senders are, or null if nobody asks for them
   */
  public Lookahead(DestinationCache destinations, DestinationCache sources) {
    this.destinations = destinations;
    this.sources = sources;
  }

  /** Whether so much was not remembered lately that it pays; to be asked once per burst. */
  public boolean isWanted() {
    boolean destinationsMissed = destinations.hasMissedOften();
    boolean sourcesMissed = sources != null && sources.hasMissedOften();
    return destinationsMissed || sourcesMissed;
  }

  /**
   * A packet of IPv4, not checked yet.
   *
   * @param header the address of its header
   * @param length the bytes that are there
   */
  public void addIpv4(long header, int length) {
    if (length < IPV4_SIZE) {
      return;
    }
    destinations.expect(0, IpAddress.v4Lo(Bytes.i32(header + IPV4_DESTINATION_AT)));
    if (sources != null) {
      sources.expect(0, IpAddress.v4Lo(Bytes.i32(header + IPV4_SOURCE_AT)));
    }
  }

  /** The same of IPv6. */
  public void addIpv6(long header, int length) {
    if (length < IPV6_SIZE) {
      return;
    }
    long at = header + IPV6_DESTINATION_AT;
    destinations.expect(Bytes.i64(at), Bytes.i64(at + Long.BYTES));
    if (sources != null) {
      at = header + IPV6_SOURCE_AT;
      sources.expect(Bytes.i64(at), Bytes.i64(at + Long.BYTES));
    }
  }

  /** Looks up what was added since the last time. */
  public void run() {
    destinations.lookUpExpected();
    if (sources != null) {
      sources.lookUpExpected();
    }
  }
}
