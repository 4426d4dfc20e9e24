package io.millrace.tcp;

import io.millrace.buf.Buffer;
import io.millrace.flow.Flow;
import io.millrace.ip.IpAddress;
import io.millrace.ip.Route;
import io.millrace.net.Shard;
import io.millrace.tcp.engine.Tcb;
import io.millrace.time.TimerNode;
import java.util.Objects;

/**
 * One TCP connection, for the application. <b>Thread:</b> the shard's; from another thread go
 * through {@link Shard#execute}.
 */
public final class TcpConnection extends Flow {
  final Tcp tcp;
  final Tcb tcb;
  final Route route;
  final Timer timer = new Timer(this);
  TcpHandler handler;
  Object attachment;
  int trafficClass;

  /** The path's MTU that segments are cut for; 0 before the connection is established. */
  int pathMtu;

  /** Links the connections that have something to do. */
  TcpConnection nextDirty;

  boolean dirty;

  /** The machine's events are being told: no second time from inside. */
  boolean dispatching;

  boolean paused;

  /** The peer's FIN has come, but data before it waits for the application. */
  boolean finPending;

  /** It is over for the network. */
  boolean detached;

  /** It is over for the application. */
  boolean closed;

  TcpConnection(Tcp tcp, Tcb tcb, Route route, int localPort, int remotePort, TcpHandler handler) {
    super(
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo(),
        Flow.ports(localPort, remotePort));
    this.tcp = tcp;
    this.tcb = tcb;
    this.route = route;
    this.handler = handler;
  }

  /** The node in the shard's wheel: at or before the machine's next deadline. */
  static final class Timer extends TimerNode {
    private final TcpConnection connection;

    Timer(TcpConnection connection) {
      this.connection = connection;
    }

    @Override
    protected void onTimer(long now) {
      connection.tcp.onTimer(connection, now);
    }
  }

  // ---- sending ----

  /** Sends all of {@code data}; see {@link #send(Buffer, int, int)}. */
  public boolean send(Buffer data) {
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
  public boolean send(Buffer data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length());
    checkSendable();
    if (length == 0) {
      return tcp.machine.room(tcb);
    }
    boolean room = tcp.machine.offer(tcb, data, offset, length);
    tcp.markDirty(this);
    return room;
  }

  /**
   * Sends a copy of an array's bytes.
   *
   * @return whether more may be sent now
   * @throws IllegalStateException as for buffers, and if the shard has no memory left for a copy
   */
  public boolean send(byte[] data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length);
    checkSendable();
    if (length == 0) {
      return tcp.machine.room(tcb);
    }
    if (!tcp.machine.offerCopy(tcb, data, offset, length)) {
      throw new IllegalStateException(
          "no memory to copy "
              + length
              + " bytes: send less at once, or give the shard more frames");
    }
    tcp.markDirty(this);
    return tcp.machine.room(tcb);
  }

  private void checkSendable() {
    boolean early = tcb.state() == TcpState.SYN_SENT || tcb.state() == TcpState.SYN_RECEIVED;
    if (closed || !(tcb.state().maySend() || (early && !tcp.machine.isCloseRequested(tcb)))) {
      throw new IllegalStateException("cannot send: this side of the connection is closed");
    }
    if (tcp.machine.isOverfull(tcb)) {
      throw new IllegalStateException(
          "cannot send: wait for onWritable after send() answers false");
    }
  }

  /**
   * Whether {@code send} would be accepted now: this side has not closed and the connection lives.
   */
  public boolean isSendable() {
    return !closed && tcb.state().maySend();
  }

  /** Bytes given to {@code send} that the peer has not acknowledged. */
  public long unacknowledgedBytes() {
    return tcb.queuedBytes();
  }

  /** Bytes given to {@code send} that have not left for the first time. */
  public long unsentBytes() {
    return tcb.unsentBytes();
  }

  // ---- closing ----

  /** Closes our side behind what was sent (a FIN); data of the peer is still delivered. */
  public void shutdownOutput() {
    if (!closed) {
      tcp.machine.closeOutput(tcb);
      tcp.markDirty(this);
    }
  }

  /**
   * Closes the connection behind what was sent. Nothing more is delivered; if the peer sends more,
   * it is reset (RFC 9293 §3.6.1).
   */
  public void close() {
    if (!closed) {
      paused = false;
      tcp.machine.close(tcb, tcp.now());
      tcp.markDirty(this);
    }
  }

  /** Resets the connection; what was not acknowledged is lost. */
  public void abort() {
    if (!closed) {
      tcp.machine.abort(tcb);
      tcp.markDirty(this);
    }
  }

  // ---- receiving ----

  /**
   * No more {@code onData} until {@link #resumeReading()}; the peer's window closes as data comes.
   */
  public void pauseReading() {
    paused = true;
  }

  /** Delivers what has come meanwhile, and goes on. */
  public void resumeReading() {
    if (paused) {
      paused = false;
      tcp.markDirty(this);
    }
  }

  // ---- options ----

  /** Sends small segments at once (Nagle's algorithm off, RFC 9293 §3.7.4) or not. */
  public void noDelay(boolean on) {
    tcp.machine.noDelay(tcb, on);
    tcp.markDirty(this);
  }

  /** Probes a silent peer, or not (RFC 9293 §3.8.4). */
  public void keepAlive(boolean on) {
    tcp.machine.keepAlive(tcb, on, tcp.now());
    tcp.markDirty(this);
  }

  /** The DSCP and ECN bits of what is sent from now on, 0 to 255 (RFC 9293 §3.9.1.9). */
  public void trafficClass(int value) {
    trafficClass = Objects.checkIndex(value, 256);
  }

  /** Gives the connection to another handler. */
  public void handler(TcpHandler newHandler) {
    handler = Objects.requireNonNull(newHandler);
  }

  /** The application's own object with this connection, or null. */
  public Object attachment() {
    return attachment;
  }

  /** Attaches an object. */
  public void attach(Object object) {
    attachment = object;
  }

  // ---- who and what ----

  /** Our address. */
  public IpAddress localAddress() {
    return new IpAddress(localHi(), localLo());
  }

  /** The peer's address. */
  public IpAddress remoteAddress() {
    return new IpAddress(remoteHi(), remoteLo());
  }

  /** The state (RFC 9293 §3.3.2). */
  public TcpState state() {
    return tcb.state();
  }

  /** The shard that the connection lives on. */
  public Shard shard() {
    return tcp.shard();
  }

  /** The smoothed round-trip time in nanoseconds, 0 before the first measurement. */
  public long smoothedRoundTrip() {
    return tcb.srtt();
  }

  /** The congestion window in bytes. */
  public int congestionWindow() {
    return tcb.cwnd();
  }

  @Override
  public String toString() {
    return localAddress()
        + ":"
        + localPort()
        + " - "
        + remoteAddress()
        + ":"
        + remotePort()
        + " "
        + tcb.state();
  }
}
