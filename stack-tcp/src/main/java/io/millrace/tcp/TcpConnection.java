package io.millrace.tcp;

import io.millrace.buf.Buffer;
import io.millrace.flow.Flow;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import java.util.Objects;
import java.util.Optional;

/**
 * One TCP connection, for the application. <b>Thread:</b> the shard's; from another thread go
 * through {@link Shard#execute}.
 */
public abstract class TcpConnection extends Flow {
  TcpHandler handler;
  private Object attachment;

  /**
   * For the stack and for adapters.
   *
   * @param ports the local port in the high 16 bits, the remote one in the low 16
   * @param handler whom to tell what happens; null if that is decided later
   */
  protected TcpConnection(
      long localHi, long localLo, long remoteHi, long remoteLo, int ports, TcpHandler handler) {
    super(localHi, localLo, remoteHi, remoteLo, ports);
    this.handler = handler;
  }

  // ---- sending ----

  /** Sends all of {@code data}; see {@link #send(Buffer, int, int)}. */
  public final boolean send(Buffer data) {
    return send(data, 0, data.length());
  }

  /**
   * Sends bytes of {@code data}, in order behind what was sent before. They are always taken: more
   * than a few hundred by reference (the buffer is retained until they are acknowledged and must
   * not change), fewer as a copy.
   *
   * @return whether more may be sent now; if false, wait for {@link TcpHandler#onWritable}
   * @throws IllegalStateException if this side has closed, the connection is not open, or false was
   *     ignored for far too long
   * @throws IndexOutOfBoundsException if the range is not inside the buffer
   */
  public abstract boolean send(Buffer data, int offset, int length);

  /**
   * Sends a copy of an array's bytes.
   *
   * @return whether more may be sent now
   * @throws IllegalStateException as for buffers, and if the shard has no memory left for a copy
   */
  public abstract boolean send(byte[] data, int offset, int length);

  /**
   * Whether {@code send} would be accepted now: this side has not closed and the connection lives.
   */
  public abstract boolean isSendable();

  /** Bytes given to {@code send} that the peer has not acknowledged. */
  public abstract long unacknowledgedBytes();

  /** Bytes given to {@code send} that have not left for the first time. */
  public abstract long unsentBytes();

  // ---- closing ----

  /** Closes our side behind what was sent (a FIN); data of the peer is still delivered. */
  public abstract void shutdownOutput();

  /**
   * Closes the connection behind what was sent. Nothing more is delivered; if the peer sends more,
   * it is reset (RFC 9293 §3.6.1).
   */
  public abstract void close();

  /** Resets the connection; what was not acknowledged is lost. */
  public abstract void abort();

  // ---- receiving ----

  /**
   * No more {@code onData} until {@link #resumeReading()}; the peer's window closes as data comes.
   */
  public abstract void pauseReading();

  /** Delivers what has come meanwhile, and goes on. */
  public abstract void resumeReading();

  // ---- options ----

  /** Sends small segments at once (Nagle's algorithm off, RFC 9293 §3.7.4) or not. */
  public abstract void noDelay(boolean on);

  /** Probes a silent peer, or not (RFC 9293 §3.8.4). */
  public abstract void keepAlive(boolean on);

  /** The DSCP and ECN bits of what is sent from now on, 0 to 255 (RFC 9293 §3.9.1.9). */
  public abstract void trafficClass(int value);

  /** Gives the connection to another handler. */
  public final void handler(TcpHandler newHandler) {
    handler = Objects.requireNonNull(newHandler);
  }

  /** Whom to tell what happens. */
  protected final TcpHandler handler() {
    return handler;
  }

  /** The application's own object with this connection, or null. */
  public final Object attachment() {
    return attachment;
  }

  /** Attaches an object. */
  public final void attach(Object object) {
    attachment = object;
  }

  // ---- who and what ----

  /** Our address. */
  public final IpAddress localAddress() {
    return new IpAddress(localHi(), localLo());
  }

  /** The peer's address. */
  public final IpAddress remoteAddress() {
    return new IpAddress(remoteHi(), remoteLo());
  }

  /** The state (RFC 9293 §3.3.2). */
  public abstract TcpState state();

  /** The shard that the connection lives on. */
  public abstract Shard shard();

  /**
   * What the connection is doing and has done (RFC 4898). Allocates.
   *
   * @return empty where the sockets underneath keep it to themselves
   */
  public abstract Optional<TcpInfo> info();

  /** The smoothed round-trip time in nanoseconds, 0 before the first measurement. */
  public abstract long smoothedRoundTrip();

  /** The congestion window in bytes. */
  public abstract int congestionWindow();

  @Override
  public final String toString() {
    return localAddress()
        + ":"
        + localPort()
        + " - "
        + remoteAddress()
        + ":"
        + remotePort()
        + " "
        + state();
  }
}
