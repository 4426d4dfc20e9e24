package io.millrace.futures.op;

import io.millrace.buf.Buffer;
import io.millrace.futures.StreamConfig;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.TimerNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One connection as a stream of bytes with operations that wait on it.
 *
 * <p><b>Thread:</b> the shard's, but for what says otherwise.
 */
public final class Stream implements TcpHandler {
  /** Received buffers that wait for a read, whatever their size, before reading is paused. */
  private static final int MOST_BUFFERS = 128;

  /** How often it is looked whether what a flush waits for is acknowledged, or memory is free. */
  private static final long POLL = 1_000_000;

  private final Shard shard;
  private final StreamConfig config;
  private final InputQueue input = new InputQueue();
  private final OpQueue<ReadOp> readers;
  private final OpQueue<WriteOp> writers;
  private final OpQueue<FlushOp> flushers;
  private final Timer timer = new Timer(this);
  private final String name;

  private List<Consumer<TcpCloseReason>> closedWaiters = List.of();
  private TcpConnection connection;
  private Op connecting;
  private boolean reading;
  private boolean writing;
  private boolean paused;
  private boolean room = true;
  private boolean peerClosed;
  private boolean outputShut;
  private boolean shutSent;
  private boolean closing;
  private boolean closeSent;
  private boolean outOfMemory;
  private long sent;

  /** Written by the shard; others need it only to say why the shard takes no messages. */
  private volatile TcpCloseReason end;

  private Stream(Shard shard, StreamConfig config, String name) {
    this.shard = shard;
    this.name = name;
    this.config = config;
    readers = new OpQueue<>(config.maxWaiting(), op -> op.giveBack(input));
    writers = new OpQueue<>(config.maxWaiting(), Stream::drop);
    flushers = new OpQueue<>(config.maxWaiting(), op -> {});
  }

  private static void drop(WriteOp op) {
    if (op instanceof WriteBytes bytes) {
      bytes.dropBuffer();
    }
  }

  /** The stream of a connection that a listener has accepted. */
  public static Stream accepted(Shard shard, StreamConfig config, TcpConnection connection) {
    Stream stream =
        new Stream(shard, config, connection.remoteAddress() + ":" + connection.remotePort());
    stream.connection = connection;
    return stream;
  }

  /** The stream of a connection that is being made. */
  static Stream connecting(Shard shard, StreamConfig config, Op op) {
    Stream stream = new Stream(shard, config, op.subject());
    stream.connecting = op;
    return stream;
  }

  void connection(TcpConnection made) {
    connection = made;
  }

  /** The connection, for options and facts. */
  public TcpConnection connection() {
    return connection;
  }

  /** The shard. Any thread may ask. */
  public Shard shard() {
    return shard;
  }

  /**
   * How the connection ended, or null. Any thread may ask; a moment late, if it is not the shard.
   */
  public TcpCloseReason endReason() {
    return end;
  }

  /** Runs {@code then} with the reason when the connection has ended, at once if it has. */
  public void whenClosed(Consumer<TcpCloseReason> then) {
    if (end != null) {
      then.accept(end);
      return;
    }
    if (closedWaiters.isEmpty()) {
      closedWaiters = new ArrayList<>();
    }
    closedWaiters.add(then);
  }

  // ---- operations ----

  void read(ReadOp op) {
    if (closing) {
      op.fail(Failure.CLOSED);
      return;
    }
    readers.add(op);
    serveReaders();
    watch(op);
  }

  void write(WriteOp op) {
    Failure refused = refusal();
    if (refused != null) {
      drop(op);
      op.fail(refused);
      return;
    }
    writers.add(op);
    serveWriters();
    watch(op);
  }

  void shutdownOutput(ShutdownOp op) {
    if (!op.claim()) {
      return;
    }
    if (closing) {
      op.finish(Failure.CLOSED);
    } else if (end != null) {
      op.finish(Failure.lost(end));
    } else {
      outputShut = true;
      writers.addBeyondLimit(op);
      serveWriters();
    }
  }

  private Failure refusal() {
    if (closing) {
      return Failure.CLOSED;
    }
    if (outputShut) {
      return Failure.OUTPUT_SHUT;
    }
    return end == null ? null : Failure.lost(end);
  }

  /**
   * Closes. Reads that wait fail, received bytes are dropped.
   *
   * @param afterWrites whether writes that wait are done first; they fail if not
   */
  public void close(boolean afterWrites) {
    boolean first = !closing;
    closing = true;
    if (!afterWrites) {
      writers.failAll(Failure.CLOSED_MEANWHILE);
    }
    if (first) {
      readers.failAll(Failure.CLOSED_MEANWHILE);
      input.clear();
    }
    serveWriters();
  }

  /** Resets the connection; all that waits fails. */
  public void abort() {
    closing = true;
    writers.failAll(Failure.CLOSED_MEANWHILE);
    flushers.failAll(Failure.CLOSED_MEANWHILE);
    readers.failAll(Failure.CLOSED_MEANWHILE);
    input.clear();
    if (connection != null) {
      connection.abort();
    }
  }

  /** Bytes that can be read at once. */
  public int available() {
    return input.bytes();
  }

  /** Counts bytes that TCP has taken. */
  void sent(int n) {
    sent += n;
  }

  // ---- serving ----

  /** Whoever is served may call back: then the outer call goes on. */
  void serveReaders() {
    if (reading) {
      return;
    }
    reading = true;
    ReadOp op;
    while ((op = readers.first()) != null) {
      if (!input.isEmpty() && op.isSatisfiedBy(input)) {
        readers.removeFirst();
        deliver(op);
      } else if (isInputOver()) {
        readers.removeFirst();
        endOfInput(op);
      } else {
        break;
      }
    }
    reading = false;
    if (paused
        && end == null
        && input.bytes() <= config.inputLimit() / 2
        && input.buffers() <= MOST_BUFFERS / 2) {
      paused = false;
      connection.resumeReading();
    }
  }

  private void deliver(ReadOp op) {
    if (!op.claim()) {
      op.giveBack(input);
      return;
    }
    op.take(input);
    Failure refused = op instanceof ReadUntil until ? until.refusal() : null;
    if (refused == null) {
      op.succeed();
    } else {
      op.finish(refused);
    }
  }

  private boolean isInputOver() {
    return peerClosed || end != null || closing;
  }

  private void endOfInput(ReadOp op) {
    op.giveBack(input);
    if (!op.claim()) {
      return;
    }
    if (closing) {
      op.finish(Failure.CLOSED_MEANWHILE);
    } else if (peerClosed || end == TcpCloseReason.NORMAL) {
      op.end();
    } else {
      op.finish(Failure.lost(end));
    }
  }

  private void serveWriters() {
    if (writing || connection == null) {
      return;
    }
    writing = true;
    WriteOp op;
    while (end == null && (op = writers.first()) != null) {
      if (op instanceof FlushOp flush) {
        writers.removeFirst();
        await(flush);
      } else if (op instanceof ShutdownOp) {
        writers.removeFirst();
        shutOnce();
        op.succeed();
      } else if (!room) {
        break;
      } else if (op instanceof WriteBytes bytes && (op.isTakenUp() || op.claim())) {
        advance(bytes);
      }
    }
    writing = false;
    if (closing && !closeSent && end == null && writers.isEmpty()) {
      closeSent = true;
      connection.close();
    }
  }

  private void shutOnce() {
    if (!shutSent) {
      shutSent = true;
      connection.shutdownOutput();
    }
  }

  private void advance(WriteBytes op) {
    WriteBytes.Progress progress;
    try {
      progress = op.advance(connection);
    } catch (IllegalStateException e) {
      writers.removeFirst();
      drop(op);
      op.finish(end == null ? Failure.other(e.getMessage()) : Failure.lost(end));
      return;
    }
    switch (progress) {
      case DONE -> {
        writers.removeFirst();
        op.succeed();
      }
      case DONE_AND_FULL -> {
        room = false;
        writers.removeFirst();
        op.succeed();
      }
      case FULL -> room = false;
      case NO_MEMORY -> {
        room = false;
        outOfMemory = true;
        arm(shard.clock().now() + POLL);
      }
    }
  }

  // ---- flushing: TCP does not say when bytes are acknowledged, so it is asked ----

  private void await(FlushOp op) {
    op.target = sent;
    flushers.add(op);
    serveFlushers();
  }

  private void serveFlushers() {
    FlushOp op;
    while ((op = flushers.first()) != null) {
      if (sent - connection.unacknowledgedBytes() < op.target) {
        arm(shard.clock().now() + POLL);
        return;
      }
      flushers.removeFirst();
      if (op.claim()) {
        op.succeed();
      }
    }
  }

  // ---- time ----

  /** Wakes up at {@code deadline} or before. */
  private void arm(long deadline) {
    if (!timer.isScheduled() || deadline < timer.scheduledDeadline()) {
      shard.wheel().schedule(timer, deadline);
    }
  }

  private void watch(Op op) {
    if (op.deadline != Long.MAX_VALUE && op.isWaiting()) {
      arm(op.deadline);
    }
  }

  private void onTimer(long now) {
    // One that collects gives back what it had: for those behind it.
    long next = Math.min(readers.sweep(now), Math.min(writers.sweep(now), flushers.sweep(now)));
    if (next != Long.MAX_VALUE) {
      arm(next);
    }
    if (connecting != null && connecting.deadline <= now) {
      Op op = connecting;
      connecting = null;
      op.fail(Failure.TIMEOUT);
      abort();
      return;
    }
    if (!input.isEmpty()) {
      serveReaders();
    }
    if (outOfMemory) {
      outOfMemory = false;
      room = true;
      serveWriters();
    }
    if (end == null) {
      serveFlushers();
    }
  }

  /** The one node of a stream in the wheel: at or before the earliest deadline. */
  private static final class Timer extends TimerNode {
    private final Stream stream;

    Timer(Stream stream) {
      this.stream = stream;
    }

    @Override
    protected void onTimer(long now) {
      stream.onTimer(now);
    }
  }

  // ---- what TCP says ----

  void begin(ConnectOp op) {
    if (op.deadline != Long.MAX_VALUE) {
      arm(op.deadline);
    }
  }

  @Override
  public void onConnected(TcpConnection c) {
    Op op = connecting;
    if (op == null) {
      return;
    }
    connecting = null;
    if (op.claim()) {
      op.succeed();
    } else {
      abort();
    }
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (closing) {
      return;
    }
    input.add(data);
    serveReaders();
    if (!paused && (input.bytes() >= config.inputLimit() || input.buffers() >= MOST_BUFFERS)) {
      paused = true;
      c.pauseReading();
    }
    if (!flushers.isEmpty()) {
      serveFlushers();
    }
  }

  @Override
  public void onWritable(TcpConnection c) {
    outOfMemory = false;
    room = true;
    serveWriters();
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    peerClosed = true;
    serveReaders();
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    end = reason;
    if (reason == TcpCloseReason.STACK_CLOSED) {
      input.clear(); // the memory goes away
    }
    if (timer.isScheduled()) {
      shard.wheel().cancel(timer);
    }
    if (connecting != null) {
      Op op = connecting;
      connecting = null;
      op.fail(Failure.notConnected(reason));
    }
    Failure why = closing ? Failure.CLOSED_MEANWHILE : Failure.lost(reason);
    writers.failAll(why);
    if (reason == TcpCloseReason.NORMAL) {
      flushers.succeedAll(); // both FINs are acknowledged, and so is what was before ours
    } else {
      flushers.failAll(why);
    }
    serveReaders();
    List<Consumer<TcpCloseReason>> told = closedWaiters;
    closedWaiters = List.of();
    told.forEach(each -> each.accept(reason));
  }

  @Override
  public String toString() {
    return name;
  }
}
