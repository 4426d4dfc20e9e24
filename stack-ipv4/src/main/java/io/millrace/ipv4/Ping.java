package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;

/**
 * Sends ICMP echo requests to one address and says what comes back (RFC 792, RFC 1122 §3.2.2.6).
 *
 * <p><b>Thread:</b> the shard's, for all calls and for the handler. Sending allocates nothing.
 */
public final class Ping implements AutoCloseable {
  /** The most bytes of data that an echo request carries. */
  public static final int MAX_PAYLOAD = Ipv4Header.MAX_TOTAL - Ipv4Header.SIZE - IcmpHeader.SIZE;

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
     * @param ttl the hops that were left
     * @param roundTrip nanoseconds since the request was sent
     */
    void onReply(IpAddress from, int sequence, int bytes, int ttl, long roundTrip);

    /**
     * An error about a request has come, or its next hop did not answer.
     *
     * @param from who says so: a router, or our own address
     */
    void onError(IpAddress from, int sequence, IcmpError error);
  }

  private final Shard shard;
  private final Icmpv4 icmp;
  private final Ipv4Family family;
  private final IpAddress destination;
  private final Handler handler;
  private final int identifier;
  private final long[] sentAt = new long[MEMORY];
  private final int[] sentSequence = new int[MEMORY];

  private Ping(Shard shard, Ipv4Family family, IpAddress destination, Handler handler) {
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
   * @throws IllegalStateException if there is no IPv4 on the shard, or 1,024 pings are open
   * @throws IllegalArgumentException if {@code destination} is not an IPv4 address
   */
  public static Ping open(Shard shard, IpAddress destination, Handler handler) {
    if (!destination.isV4()) {
      throw new IllegalArgumentException(destination + " is not an IPv4 address");
    }
    if (!(shard.ipv4() instanceof Ipv4Family family)) {
      throw new IllegalStateException("this stack has no IPv4");
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
   * @param ttl 1 to 255
   * @param dontFragment whether it is dropped rather than fragmented where it is too big
   * @return false if there is no route or no memory for it
   */
  public boolean send(int sequence, int payload, int ttl, boolean dontFragment, long now) {
    if (payload < 0 || payload > MAX_PAYLOAD || ttl < 1 || ttl > 255 || sequence >>> 16 != 0) {
      throw new IllegalArgumentException(
          "sequence 0 to 65535, payload 0 to " + MAX_PAYLOAD + ", ttl 1 to 255");
    }
    Ipv4Route route = family.route(0, destination.v4Bits());
    if (route == null) {
      return false;
    }
    int length = IcmpHeader.SIZE + payload;
    FramePool pool = shard.pool();
    Frame frame =
        length + FramePool.HEADROOM <= pool.frameSize() ? pool.allocate() : pool.allocateLarge();
    if (frame == null) {
      return false;
    }
    long at = frame.append(length);
    for (int i = IcmpHeader.SIZE; i < length; i++) {
      Bytes.put8(at + i, i);
    }
    IcmpHeader.write(at, IcmpHeader.ECHO, 0, identifier << 16 | sequence, length);
    sentAt[sequence % MEMORY] = now;
    sentSequence[sequence % MEMORY] = sequence;
    shard.counters().increment(Counter.ICMP_OUT_MSGS);
    route.send(frame, IpProtocol.ICMP, 0, ttl, dontFragment, now);
    return true;
  }

  /**
   * A reply with our identifier; false if it answers nothing that we sent. The frame stays the
   * caller's.
   */
  boolean onReply(Frame frame, long now) {
    int sequence = IcmpHeader.sequence(frame.address());
    long sent = sentAt(sequence);
    if (sent == NONE) {
      return false;
    }
    handler.onReply(
        new IpAddress(frame.sourceHi(), frame.sourceLo()),
        sequence,
        frame.length() - IcmpHeader.SIZE,
        frame.hopLimit(),
        now - sent);
    return true;
  }

  void onError(IcmpError error, int to, int sequence, int from) {
    if (to == destination.v4Bits() && sentAt(sequence) != NONE) {
      handler.onError(IpAddress.v4(from), sequence, error);
    }
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
