package io.millrace.tcp;

import io.millrace.buf.Buffer;
import io.millrace.flow.Flow;
import io.millrace.ip.Route;
import io.millrace.net.Shard;
import io.millrace.tcp.engine.Statistics;
import io.millrace.tcp.engine.Tcb;
import io.millrace.time.TimerNode;
import java.util.Objects;
import java.util.Optional;

/** A connection of the stack: the application's calls become calls of the machine. */
final class StackTcpConnection extends TcpConnection {
  final StackTcp tcp;
  final Tcb tcb;
  final Route route;
  final Timer timer = new Timer(this);
  int trafficClass;

  /** The path's MTU that segments are cut for; 0 before the connection is established. */
  int pathMtu;

  /** Links the connections that have something to do. */
  StackTcpConnection nextDirty;

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

  StackTcpConnection(
      StackTcp tcp, Tcb tcb, Route route, int localPort, int remotePort, TcpHandler handler) {
    super(
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo(),
        Flow.ports(localPort, remotePort),
        handler);
    this.tcp = tcp;
    this.tcb = tcb;
    this.route = route;
  }

  /** The node in the shard's wheel: at or before the machine's next deadline. */
  static final class Timer extends TimerNode {
    private final StackTcpConnection connection;

    Timer(StackTcpConnection connection) {
      this.connection = connection;
    }

    @Override
    protected void onTimer(long now) {
      connection.tcp.onTimer(connection, now);
    }
  }

  // ---- sending ----

  @Override
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

  @Override
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

  @Override
  public boolean isSendable() {
    return !closed && tcb.state().maySend();
  }

  @Override
  public long unacknowledgedBytes() {
    return tcb.queuedBytes();
  }

  @Override
  public long unsentBytes() {
    return tcb.unsentBytes();
  }

  // ---- closing ----

  @Override
  public void shutdownOutput() {
    if (!closed) {
      tcp.machine.closeOutput(tcb);
      tcp.markDirty(this);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      paused = false;
      tcp.machine.close(tcb, tcp.now());
      tcp.markDirty(this);
    }
  }

  @Override
  public void abort() {
    if (!closed) {
      tcp.machine.abort(tcb);
      tcp.markDirty(this);
    }
  }

  // ---- receiving ----

  @Override
  public void pauseReading() {
    paused = true;
  }

  @Override
  public void resumeReading() {
    if (paused) {
      paused = false;
      tcp.markDirty(this);
    }
  }

  // ---- options ----

  @Override
  public void noDelay(boolean on) {
    tcp.machine.noDelay(tcb, on);
    tcp.markDirty(this);
  }

  @Override
  public void keepAlive(boolean on) {
    tcp.machine.keepAlive(tcb, on, tcp.now());
    tcp.markDirty(this);
  }

  @Override
  public void trafficClass(int value) {
    trafficClass = Objects.checkIndex(value, 256);
  }

  // ---- who and what ----

  @Override
  public TcpState state() {
    return tcb.state();
  }

  @Override
  public Shard shard() {
    return tcp.shard;
  }

  @Override
  public long smoothedRoundTrip() {
    return tcb.srtt();
  }

  @Override
  public Optional<TcpInfo> info() {
    return Optional.of(Statistics.of(tcb));
  }

  @Override
  public int congestionWindow() {
    return tcb.cwnd();
  }
}
