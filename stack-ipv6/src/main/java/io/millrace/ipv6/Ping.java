package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;

/**
 * Sends ICMP echo requests to one address and says what comes back (RFC 4443 §4).
 *
 * <p><b>Thread:</b> the shard's, for all calls and for the handler. Sending allocates nothing.
 */
public final class Ping implements AutoCloseable {
  /** The most bytes of data that an echo request carries. */
  public static final int MAX_PAYLOAD = Ipv6Header.MAX_PAYLOAD - Icmpv6Header.SIZE;

  /** Echo requests that are remembered; replies to older ones are not recognised. */
  private static final int MEMORY = 1024;

  private static final long NONE = Long.MIN_VALUE;

  /** What a ping hears. Called on the shard's thread. */
  public interface Handler {
    /**
     * A reply has come.
     *
     * @param from who sent it
     * @param sequence the number that the request was sent with, 0 to 65535
     * @param bytes bytes of data in it
     * @param hopLimit the hops that were left
     * @param roundTrip nanoseconds since the request was sent
     */
    void onReply(IpAddress from, int sequence, int bytes, int hopLimit, long roundTrip);

    /**
     * An error about a request has come, or its next hop did not answer.
     *
     * @param from who says so: a router, or our own address
     */
    void onError(IpAddress from, int sequence, IcmpError error);
  }

  private final Shard shard;
  private final Icmpv6 icmp;
  private final Ipv6Family family;
  private final IpAddress destination;
  private final Handler handler;
  private final int identifier;
  private final long[] sentAt = new long[MEMORY];
  private final int[] sentSequence = new int[MEMORY];

  private Ping(Shard shard, Ipv6Family family, IpAddress destination, Handler handler) {
    this.shard = shard;
    this.family = family;
    this.icmp = family.icmp();
    this.destination = destination;
    this.handler = handler;
    java.util.Arrays.fill(sentAt, NONE);
    this.identifier = icmp.open(this);
  }

  /**
   * Opens a ping to an address, with an identifier of its own. Called on the shard's thread.
   *
   * @throws IllegalStateException if there is no IPv6 on the shard, or 1,024 pings are open
   * @throws IllegalArgumentException if {@code destination} is not an IPv6 address
   */
  public static Ping open(Shard shard, IpAddress destination, Handler handler) {
    if (destination.isV4()) {
      throw new IllegalArgumentException(destination + " is not an IPv6 address");
    }
    if (!(shard.ipv6() instanceof Ipv6Family family)) {
      throw new IllegalStateException("this stack has no IPv6");
    }
    Ping ping = new Ping(shard, family, destination, handler);
    if (ping.identifier < 0) {
      throw new IllegalStateException("too many pings are open on this shard");
    }
    return ping;
  }

  /** The identifier of all requests of this ping, 0 to 65535. */
  public int identifier() {
    return identifier;
  }

  /** Where it goes. */
  public IpAddress destination() {
    return destination;
  }

  /**
   * Sends an echo request.
   *
   * @param sequence its number, 0 to 65535; each should be used once
   * @param payload bytes of data, 0 to {@link #MAX_PAYLOAD}
   * @param hopLimit 1 to 255
   * @param dontFragment whether it is dropped rather than fragmented where it is too big
   * @return false if there is no route or no memory for it
   */
  public boolean send(int sequence, int payload, int hopLimit, boolean dontFragment, long now) {
    if (payload < 0
        || payload > MAX_PAYLOAD
        || hopLimit < 1
        || hopLimit > 255
        || sequence >>> 16 != 0) {
      throw new IllegalArgumentException(
          "sequence 0 to 65535, payload 0 to " + MAX_PAYLOAD + ", hopLimit 1 to 255");
    }
    Ipv6Route route = family.routeTo(0, 0, destination.hi(), destination.lo());
    if (route == null) {
      return false;
    }
    int length = Icmpv6Header.SIZE + payload;
    FramePool pool = shard.pool();
    Frame frame =
        length + FramePool.HEADROOM <= pool.frameSize() ? pool.allocate() : pool.allocateLarge();
    if (frame == null) {
      return false;
    }
    long at = frame.append(length);
    for (int i = Icmpv6Header.SIZE; i < length; i++) {
      Bytes.put8(at + i, i);
    }
    Icmpv6Header.write(at, Icmpv6Header.ECHO, 0, identifier << 16 | sequence);
    sentAt[sequence % MEMORY] = now;
    sentSequence[sequence % MEMORY] = sequence;
    icmp.send(frame, route, hopLimit, dontFragment, now);
    return true;
  }

  /**
   * A reply with our identifier; false if it answers nothing that we sent. The frame stays the
   * caller's.
   */
  boolean onReply(Frame frame, long now) {
    int sequence = Icmpv6Header.sequence(frame.address());
    long sent = sentAt(sequence);
    if (sent == NONE) {
      return false;
    }
    handler.onReply(
        new IpAddress(frame.sourceHi(), frame.sourceLo()),
        sequence,
        frame.length() - Icmpv6Header.SIZE,
        frame.hopLimit(),
        now - sent);
    return true;
  }

  void onError(
      IcmpError error,
      int mtu,
      long toHi,
      long toLo,
      int sequence,
      long fromHi,
      long fromLo,
      long now) {
    Ipv6Route route = family.routeTo(0, 0, destination.hi(), destination.lo());
    if (route == null
        || toLo != route.destinationLo()
        || toHi != route.destinationHi()
        || sentAt(sequence) == NONE) {
      return;
    }
    if (error == IcmpError.PACKET_TOO_BIG) {
      // It quotes what we did send: believed, so that the next ones are cut (RFC 8201 §4).
      route.learnPathMtu(mtu, now);
    }
    handler.onError(new IpAddress(fromHi, fromLo), sequence, error);
  }

  private long sentAt(int sequence) {
    int i = sequence % MEMORY;
    return sentSequence[i] == sequence ? sentAt[i] : NONE;
  }

  /** Hears no more. */
  @Override
  public void close() {
    icmp.close(this);
  }
}
