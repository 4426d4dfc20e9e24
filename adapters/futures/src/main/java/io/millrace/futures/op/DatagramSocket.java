package io.millrace.futures.op;

import io.millrace.buf.Frame;
import io.millrace.futures.StreamConfig;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpSocketInfo;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A UDP socket with operations that wait on it, and a bounded queue of what nobody has received
 * yet. <b>Thread:</b> the shard's, but for what says otherwise.
 */
public final class DatagramSocket implements UdpHandler {
  private static final long RETRY = 1_000_000;

  /** A datagram in the frame that it came in, retained. */
  private record Waiting(Frame frame, long sourceHi, long sourceLo, int port) {}

  private final Shard shard;
  private int limit;
  private final ArrayDeque<Waiting> input = new ArrayDeque<>();
  private final OpQueue<ReceiveOp> receivers;
  private final OpQueue<SendOp> senders;
  private final Timeouts receiveTimeouts;
  private final Timeouts sendTimeouts;
  private final Runnable onClose = this::end;
  private final TimerNode retry = new Retry(this);
  private UdpSocket socket;
  private boolean sending;
  private boolean full;
  private boolean closed;
  private boolean unreachable;
  private String name = "udp";

  private long drops;

  /** The same, for other threads. */
  private volatile long dropped;

  private DatagramSocket(Shard shard, StreamConfig config) {
    this.shard = shard;
    this.limit = config.datagrams();
    this.receivers = new OpQueue<>(config.maxWaiting(), op -> {});
    this.senders = new OpQueue<>(config.maxWaiting(), op -> {});
    this.receiveTimeouts = new Timeouts(shard, receivers);
    this.sendTimeouts = new Timeouts(shard, senders);
  }

  /**
   * Binds, and connects if {@code remote} is not null.
   *
   * @throws RuntimeException as {@link Udp#bind(IpAddress, int, UdpHandler)} and {@link
   *     UdpSocket#connect} do
   */
  public static DatagramSocket bind(
      Shard shard, IpAddress local, int port, IpAddress remote, int remotePort) {
    StreamConfig config = shard.setting(StreamConfig.class, StreamConfig.defaults());
    DatagramSocket made = new DatagramSocket(shard, config);
    made.socket = Udp.of(shard).bind(local == null ? Udp.ANY : local, port, made);
    if (remote != null) {
      try {
        made.socket.connect(remote, remotePort);
      } catch (RuntimeException e) {
        made.socket.close();
        throw e;
      }
    }
    made.name = "UDP port " + made.socket.localPort();
    shard.onClose(made.onClose);
    return made;
  }

  /** The shard. Any thread may ask. */
  public Shard shard() {
    return shard;
  }

  /** The socket, for options and facts. */
  public UdpSocket socket() {
    return socket;
  }

  /** Datagrams that were dropped because too many waited. Any thread may ask. */
  public long dropped() {
    return dropped;
  }

  /**
   * Any thread: has something done to the socket, on its shard; at once if the caller is there.
   *
   * @return fails with what it throws, or {@link ClosedChannelException} if the socket is closed
   */
  public <T> CompletableFuture<T> call(Function<UdpSocket, T> what) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Calls.surely(
        shard,
        () -> {
          try {
            if (closed) {
              answer.completeExceptionally(new ClosedChannelException());
            } else {
              answer.complete(what.apply(socket));
            }
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    if (shard.isClosed()) {
      answer.completeExceptionally(new IOException("the stack is closed"));
    }
    return answer;
  }

  /** The datagrams that may wait for a receive, at least 1. What waits already stays. */
  public void limit(int datagrams) {
    if (datagrams < 1) {
      throw new IllegalArgumentException("at least 1 datagram must be able to wait");
    }
    limit = datagrams;
  }

  /** What the socket says of itself, and what has been dropped here. */
  public UdpSocketInfo info() {
    UdpSocketInfo info = socket.info();
    return info.withInOverflows(info.inOverflows() + drops);
  }

  // ---- receiving ----

  void receive(ReceiveOp op) {
    if (closed) {
      op.fail(Failure.CLOSED);
      return;
    }
    if (unreachable) {
      unreachable = false;
      op.fail(Failure.PORT_UNREACHABLE);
      return;
    }
    Waiting first = input.peek();
    if (first == null) {
      receivers.add(op);
      receiveTimeouts.watch(op);
    } else if (op.claim()) {
      input.remove();
      op.take(first.frame, first.sourceHi, first.sourceLo, first.port);
      first.frame.release();
      op.succeed();
    }
  }

  @Override
  public void onDatagram(UdpSocket to, Frame data, long sourceHi, long sourceLo, int sourcePort) {
    ReceiveOp op;
    while ((op = receivers.first()) != null) {
      receivers.removeFirst();
      if (op.claim()) {
        op.take(data, sourceHi, sourceLo, sourcePort);
        op.succeed();
        return;
      }
    }
    if (input.size() >= limit) {
      dropped = ++drops;
      return;
    }
    data.retain();
    input.add(new Waiting(data, sourceHi, sourceLo, sourcePort));
  }

  @Override
  public void onError(
      UdpSocket from, IcmpError error, long remoteHi, long remoteLo, int remotePort) {
    if (error != IcmpError.PORT_UNREACHABLE || from.remotePort() == 0) {
      return; // only a connected socket has one peer that it can be about (RFC 1122 §4.1.3.3)
    }
    ReceiveOp op = receivers.first();
    if (op == null) {
      unreachable = true;
    } else {
      receivers.removeFirst();
      op.fail(Failure.PORT_UNREACHABLE);
    }
  }

  // ---- sending ----

  void send(SendOp op) {
    if (closed) {
      op.fail(Failure.CLOSED);
      return;
    }
    senders.add(op);
    serve();
    sendTimeouts.watch(op);
  }

  private void serve() {
    if (sending) {
      return;
    }
    sending = true;
    SendOp op;
    while (!full && !closed && (op = senders.first()) != null) {
      if (op.isTakenUp() || op.claim()) {
        serve(op);
      }
    }
    sending = false;
  }

  private void serve(SendOp op) {
    Failure failure;
    try {
      SendResult result = op.send(socket);
      if (result == SendResult.WOULD_BLOCK || result == SendResult.NO_FRAME) {
        full = true;
        if (result == SendResult.NO_FRAME) {
          shard.wheel().schedule(retry, shard.clock().now() + RETRY);
        }
        return;
      }
      failure = failure(result);
    } catch (IllegalArgumentException | IllegalStateException e) {
      failure = Failure.other(e.getMessage());
    }
    senders.removeFirst();
    if (failure == null) {
      op.succeed();
    } else {
      op.finish(failure);
    }
  }

  private static Failure failure(SendResult result) {
    return switch (result) {
      case SENT, WOULD_BLOCK, NO_FRAME -> null;
      case NO_ROUTE -> Failure.NO_ROUTE;
      case TOO_BIG -> Failure.other("the datagram is too big");
      case NOT_PERMITTED -> Failure.other("sending to a broadcast address is not allowed");
    };
  }

  @Override
  public void onWritable(UdpSocket to) {
    full = false;
    serve();
  }

  /** Tries again when a frame may be free: nobody tells when one is. */
  private static final class Retry extends TimerNode {
    private final DatagramSocket socket;

    Retry(DatagramSocket socket) {
      this.socket = socket;
    }

    @Override
    protected void onTimer(long now) {
      socket.onWritable(socket.socket);
    }
  }

  // ---- the end ----

  /** Gives the port back. What waits fails, what was not received is dropped. */
  public void close() {
    if (!closed) {
      shard.removeOnClose(onClose);
      socket.close();
      end();
    }
  }

  private void end() {
    closed = true;
    shard.wheel().cancel(retry);
    shard.wheel().cancel(receiveTimeouts);
    shard.wheel().cancel(sendTimeouts);
    Waiting left;
    while ((left = input.poll()) != null) {
      left.frame.release();
    }
    receivers.failAll(Failure.CLOSED_MEANWHILE);
    senders.failAll(Failure.CLOSED_MEANWHILE);
  }

  @Override
  public String toString() {
    return name;
  }
}
