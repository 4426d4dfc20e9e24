package io.millrace.tcp;

import io.millrace.buf.Frame;
import io.millrace.buf.ReleaseListener;
import io.millrace.net.Shard;
import io.millrace.tcp.engine.TcpEvents;
import io.millrace.tcp.engine.TcpMachine;

/**
 * Tells applications what happened, once the machine is consistent, so that they may call back into
 * it. What a handler throws ends its connection and nothing else.
 */
final class Dispatcher implements ReleaseListener {
  /** Stands in for a handler where there is none. */
  static final TcpHandler NOBODY = (connection, data) -> {};

  private final Shard shard;
  private final TcpMachine machine;

  Dispatcher(Shard shard, TcpMachine machine) {
    this.shard = shard;
    this.machine = machine;
  }

  /** Asks the listener's application; null if it refuses or throws. */
  TcpHandler accept(StackTcpListener listener, StackTcpConnection c) {
    try {
      return listener.accept(c);
    } catch (RuntimeException | Error e) {
      shard.report("a new TCP connection", e);
      return null;
    }
  }

  /** Tells all but the end. */
  void dispatch(StackTcpConnection c) {
    if (c.dispatching) {
      return;
    }
    c.dispatching = true;
    try {
      int events;
      while ((events = machine.takeEvents(c.tcb)) != 0 || isDeliverable(c)) {
        tell(c, events);
        if (events == TcpEvents.CLOSED) {
          break;
        }
      }
    } catch (RuntimeException | Error e) {
      shard.report("TCP data or events of " + c, e);
      machine.abort(c.tcb);
    }
    c.dispatching = false;
  }

  private boolean isDeliverable(StackTcpConnection c) {
    return !c.paused && machine.isReadable(c.tcb);
  }

  private void tell(StackTcpConnection c, int events) {
    if ((events & TcpEvents.CONNECTED) != 0 && !machine.isBroken(c.tcb)) {
      c.handler.onConnected(c);
    }
    if (isDeliverable(c)) {
      deliver(c);
    }
    if ((events & TcpEvents.WRITABLE) != 0 && c.isSendable()) {
      c.handler.onWritable(c);
    }
    if ((events & TcpEvents.FIN) != 0) {
      c.finPending = true;
    }
    if (c.finPending && !machine.isReadable(c.tcb) && !machine.isBroken(c.tcb)) {
      c.finPending = false;
      if (!machine.isReceiveShut(c.tcb)) {
        c.handler.onPeerClosed(c);
      }
    }
  }

  private void deliver(StackTcpConnection c) {
    Frame frame;
    while (!c.paused && (frame = machine.receive(c.tcb)) != null) {
      frame.onReleased(this, c);
      try {
        if (!machine.isReceiveShut(c.tcb)) {
          c.handler.onData(c, frame);
        }
      } finally {
        frame.release();
      }
    }
  }

  /** A lent frame has come back: its bytes do not count against the window any more. */
  @Override
  public void onReleased(Object context, int length) {
    StackTcpConnection c = (StackTcpConnection) context;
    if (!c.closed) {
      machine.consumed(c.tcb, length);
      if (!c.dispatching && c.tcb.needsOutput()) {
        c.tcp.markDirty(c);
      }
    }
  }

  /** Tells the end. */
  void closed(StackTcpConnection c, boolean stackClosed) {
    TcpCloseReason reason =
        switch (c.tcb.cause()) {
          case NORMAL -> TcpCloseReason.NORMAL;
          case RESET -> TcpCloseReason.RESET;
          case REFUSED -> TcpCloseReason.REFUSED;
          case TIMED_OUT -> TcpCloseReason.TIMED_OUT;
          case UNREACHABLE -> TcpCloseReason.UNREACHABLE;
          case ABORTED -> stackClosed ? TcpCloseReason.STACK_CLOSED : TcpCloseReason.ABORTED;
        };
    try {
      c.handler.onClosed(c, reason);
    } catch (RuntimeException | Error e) {
      shard.report("the end of " + c, e);
    }
  }
}
