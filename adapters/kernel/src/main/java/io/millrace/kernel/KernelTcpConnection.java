package io.millrace.kernel;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.tcp.TcpInfo;
import io.millrace.tcp.TcpState;
import io.millrace.time.TimerNode;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.Optional;

/**
 * A connection of the kernel: what the application asks for is noted here, and done by {@link
 * KernelTcp} before the duty cycle ends.
 */
final class KernelTcpConnection extends TcpConnection implements Selectable {
  final KernelTcp tcp;
  final SocketChannel channel;
  final Timer timer = new Timer(this);
  SelectionKey key;

  /** The operations that the selector watches. */
  int interest;

  /** What the kernel has not taken; null if there is nothing. */
  SendQueue queue;

  /** Links what was received and has not been delivered. */
  Frame firstReceived;

  Frame lastReceived;

  /** Bytes received and not released by the application. */
  long held;

  /** Frames that the next read may fill: follows what the last ones brought. */
  int readFrames = 1;

  /** Links the connections of the shard. */
  KernelTcpConnection previous;

  KernelTcpConnection next;

  /** Links the connections that have something to do. */
  KernelTcpConnection nextDirty;

  boolean dirty;
  boolean dispatching;

  /** Not established yet. */
  boolean connecting;

  /** Established, and the application has not been told. */
  boolean newlyConnected;

  boolean paused;

  /** The application has been answered that there is no room. */
  boolean wantsWritable;

  /** There is room again, and the application has not been told. */
  boolean newlyWritable;

  /** The peer's FIN has been read. */
  boolean peerClosed;

  /** The peer's FIN has been read, and the application has not been told. */
  boolean finPending;

  /** No more is sent behind what is queued. */
  boolean outputClosed;

  /** The kernel knows that no more is sent. */
  boolean outputShut;

  /** The application wants to hear of no more data. */
  boolean receiveShut;

  /** It is over for the kernel. */
  boolean detached;

  /** It is over for the application. */
  boolean closed;

  /** Why it is over; null as long as it is not. */
  TcpCloseReason cause;

  KernelTcpConnection(
      KernelTcp tcp,
      SocketChannel channel,
      IpAddress local,
      IpAddress remote,
      int ports,
      TcpHandler handler) {
    super(local.hi(), local.lo(), remote.hi(), remote.lo(), ports, handler);
    this.tcp = tcp;
    this.channel = channel;
  }

  /** The time that connecting, or waiting for the peer's FIN, may take. */
  static final class Timer extends TimerNode {
    private final KernelTcpConnection connection;

    Timer(KernelTcpConnection connection) {
      this.connection = connection;
    }

    @Override
    protected void onTimer(long now) {
      connection.tcp.onTimer(connection);
    }
  }

  @Override
  public void ready(int operations, long now) {
    tcp.ready(this, operations);
  }

  /** Our end is known now. */
  void bound(IpAddress address, int port) {
    local(address.hi(), address.lo(), port);
  }

  /**
   * Ends it, if it has not ended yet; the application is told later in the duty cycle. Unless both
   * sides have closed, what was not delivered is lost.
   */
  void end(TcpCloseReason why) {
    if (cause == null) {
      cause = why;
      if (why != TcpCloseReason.NORMAL) {
        discardReceived();
      }
      tcp.markDirty(this);
    }
  }

  /** Releases what was received and has not been delivered. */
  void discardReceived() {
    Frame frame = firstReceived;
    firstReceived = null;
    lastReceived = null;
    while (frame != null) {
      Frame after = frame.next();
      frame.release();
      frame = after;
    }
  }

  TcpHandler toTell() {
    return handler();
  }

  // ---- sending ----

  @Override
  public boolean send(Buffer data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length());
    checkSendable();
    if (length != 0) {
      queue().add(data, data.address() + offset, length);
      tcp.markDirty(this);
    }
    return room();
  }

  @Override
  public boolean send(byte[] data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length);
    checkSendable();
    if (length != 0) {
      boolean added = queue().add(data, offset, length);
      tcp.markDirty(this);
      if (!added) {
        throw new IllegalStateException(
            "no memory to copy "
                + length
                + " bytes: send less at once, or give the shard more frames");
      }
    }
    return room();
  }

  private SendQueue queue() {
    if (queue == null) {
      queue = tcp.takeQueue();
    }
    return queue;
  }

  private boolean room() {
    if (unsentBytes() < tcp.config.sendBuffer()) {
      return true;
    }
    wantsWritable = true;
    return false;
  }

  private void checkSendable() {
    if (cause != null || outputClosed) {
      throw new IllegalStateException("cannot send: this side of the connection is closed");
    }
    if (queue != null && queue.isFull()) {
      throw new IllegalStateException(
          "cannot send: wait for onWritable after send() answers false");
    }
  }

  @Override
  public boolean isSendable() {
    return cause == null && !connecting && !outputClosed;
  }

  @Override
  public long unacknowledgedBytes() {
    return unsentBytes();
  }

  @Override
  public long unsentBytes() {
    return queue == null ? 0 : queue.bytes();
  }

  // ---- closing ----

  @Override
  public void shutdownOutput() {
    if (connecting) {
      end(TcpCloseReason.ABORTED);
    } else if (cause == null && !outputClosed) {
      outputClosed = true;
      tcp.markDirty(this);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    paused = false;
    if (cause != null) {
      receiveShut = true; // what is left to be read is not wanted
      tcp.markDirty(this);
    } else if (firstReceived != null) {
      abort(); // data that nobody will read: the peer must know (RFC 9293 §3.6.1, SHLD-3)
    } else {
      receiveShut = true;
      shutdownOutput();
      tcp.markDirty(this);
    }
  }

  @Override
  public void abort() {
    receiveShut |= cause != null;
    end(TcpCloseReason.ABORTED);
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
    tcp.set(this, StandardSocketOptions.TCP_NODELAY, on);
  }

  @Override
  public void keepAlive(boolean on) {
    tcp.keepAlive(this, on);
  }

  @Override
  public void trafficClass(int value) {
    tcp.set(this, StandardSocketOptions.IP_TOS, Objects.checkIndex(value, 256));
  }

  // ---- who and what ----

  @Override
  public TcpState state() {
    if (cause != null) {
      return TcpState.CLOSED;
    }
    if (connecting) {
      return TcpState.SYN_SENT;
    }
    if (outputClosed) {
      return peerClosed
          ? TcpState.LAST_ACK
          : outputShut ? TcpState.FIN_WAIT_2 : TcpState.FIN_WAIT_1;
    }
    return peerClosed ? TcpState.CLOSE_WAIT : TcpState.ESTABLISHED;
  }

  @Override
  public Shard shard() {
    return tcp.shard;
  }

  /** Not known: always 0. */
  @Override
  public long smoothedRoundTrip() {
    return 0;
  }

  /** Not known: always 0. */
  @Override
  public Optional<TcpInfo> info() {
    return Optional.empty();
  }

  @Override
  public int congestionWindow() {
    return 0;
  }
}
