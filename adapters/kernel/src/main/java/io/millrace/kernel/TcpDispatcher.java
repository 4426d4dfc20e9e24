package io.millrace.kernel;

import io.millrace.buf.Frame;
import io.millrace.buf.ReleaseListener;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpHandler;

/** Tells applications what happened. What a handler throws ends its connection and nothing else. */
final class TcpDispatcher implements ReleaseListener {
  /** Stands in for a handler where there is none. */
  static final TcpHandler NOBODY = (connection, data) -> {};

  private final Shard shard;

  TcpDispatcher(Shard shard) {
    this.shard = shard;
  }

  /** Asks the listener's application; null if it refuses or throws. */
  TcpHandler accept(KernelTcpListener listener, KernelTcpConnection c) {
    try {
      return listener.handlerFor(c);
    } catch (RuntimeException | Error e) {
      shard.report("a new TCP connection", e);
      return null;
    }
  }

  /** Tells all but the end. */
  void dispatch(KernelTcpConnection c) {
    if (c.dispatching) {
      return;
    }
    c.dispatching = true;
    try {
      tell(c);
    } catch (RuntimeException | Error e) {
      shard.report("TCP data or events of " + c, e);
      c.abort();
    }
    c.dispatching = false;
  }

  private static boolean isBroken(KernelTcpConnection c) {
    return c.cause != null && c.cause != TcpCloseReason.NORMAL;
  }

  private void tell(KernelTcpConnection c) {
    if (c.newlyConnected) {
      c.newlyConnected = false;
      if (!isBroken(c)) {
        c.toTell().onConnected(c);
      }
    }
    deliver(c);
    if (c.newlyWritable) {
      c.newlyWritable = false;
      if (c.isSendable()) {
        c.toTell().onWritable(c);
      }
    }
    if (c.finPending && c.firstReceived == null && !isBroken(c)) {
      c.finPending = false;
      if (!c.receiveShut) {
        c.toTell().onPeerClosed(c);
      }
    }
  }

  private void deliver(KernelTcpConnection c) {
    Frame frame;
    while (!c.paused && (frame = c.firstReceived) != null) {
      c.firstReceived = frame.next();
      if (c.firstReceived == null) {
        c.lastReceived = null;
      }
      frame.next(null);
      frame.onReleased(this, c);
      try {
        if (!c.receiveShut) {
          c.toTell().onData(c, frame);
        }
      } finally {
        frame.release();
      }
    }
  }

  /** A lent frame has come back: its bytes do not count any more. */
  @Override
  public void onReleased(Object context, int length) {
    KernelTcpConnection c = (KernelTcpConnection) context;
    c.held -= length;
    c.tcp.released(c);
  }

  /** Tells the end. */
  void closed(KernelTcpConnection c, boolean stackClosed) {
    boolean closedByStack = stackClosed && c.cause == TcpCloseReason.ABORTED;
    try {
      c.toTell().onClosed(c, closedByStack ? TcpCloseReason.STACK_CLOSED : c.cause);
    } catch (RuntimeException | Error e) {
      shard.report("the end of " + c, e);
    }
  }
}
