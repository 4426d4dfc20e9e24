package io.millrace.futures;

import io.millrace.buf.Buffer;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.FlushOp;
import io.millrace.futures.op.ReadSome;
import io.millrace.futures.op.ReadUntil;
import io.millrace.futures.op.ShutdownOp;
import io.millrace.futures.op.Stream;
import io.millrace.futures.op.WriteBytes;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.tcp.TcpCloseReason;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A TCP connection with futures, for any thread.
 *
 * <p><b>Order.</b> Reads are served in the order in which they were called, and so are writes; at
 * most {@link StreamConfig#maxWaiting} of each may wait. What depends on a future runs on the
 * shard's thread when it completes there, on the caller's if it is complete already.
 *
 * <p><b>Giving up.</b> {@code cancel}, {@code orTimeout} and the like on a future that a method of
 * this class has returned (not on what was derived from it) give the operation up. A read that was
 * given up has taken no data away. A write that has not begun sends nothing; one that has begun
 * goes on, because the peer could not make sense of half of it: {@link #abort()} if it must not.
 *
 * <p><b>Errors.</b> {@link java.nio.channels.ClosedChannelException} once this side has closed
 * ({@link java.nio.channels.AsynchronousCloseException} if it was while the operation waited),
 * {@link ConnectionLostException} if the connection has ended before its time, {@link
 * java.io.EOFException} where the peer's data ends too early, {@link
 * java.util.concurrent.RejectedExecutionException} if the shard has too many messages to take
 * another. What has been received before the end can be read before the error is told.
 *
 * <p>A connection must be closed or aborted in the end: until then it may hold received frames.
 */
public final class FutureConnection implements AutoCloseable {
  private final Stream stream;
  private final IpAddress localAddress;
  private final int localPort;
  private final IpAddress remoteAddress;
  private final int remotePort;
  private final CompletableFuture<TcpCloseReason> closed = new CompletableFuture<>();

  /** On the shard. */
  FutureConnection(Stream stream) {
    this.stream = stream;
    this.localAddress = stream.connection().localAddress();
    this.localPort = stream.connection().localPort();
    this.remoteAddress = stream.connection().remoteAddress();
    this.remotePort = stream.connection().remotePort();
    stream.whenClosed(closed::complete);
  }

  // ---- reading ----

  /**
   * Reads what there is: 1 to {@code most} bytes, none at the end of the peer's data.
   *
   * @throws IllegalArgumentException if {@code most} is not positive
   */
  public CompletableFuture<byte[]> read(int most) {
    checkPositive(most);
    return StreamFuture.of(waiter -> new ReadSome(stream, waiter).atMost(most), ReadSome::array);
  }

  /**
   * Reads what there is into a buffer, from its position to its limit, and moves the position. The
   * buffer belongs to the read until it is done or given up.
   *
   * @return the number of bytes, -1 at the end of the peer's data
   * @throws IllegalArgumentException if there is no room in the buffer, or it is read-only
   */
  public CompletableFuture<Integer> read(ByteBuffer to) {
    if (!to.hasRemaining() || to.isReadOnly()) {
      throw new IllegalArgumentException("there is no room in " + to);
    }
    return StreamFuture.of(waiter -> new ReadSome(stream, waiter).into(to), ReadSome::count);
  }

  /**
   * Reads exactly {@code length} bytes. Fails with {@link java.io.EOFException} if the peer's data
   * ends before; what has come can then still be read.
   *
   * @throws IllegalArgumentException if {@code length} is not positive
   */
  public CompletableFuture<byte[]> readFully(int length) {
    checkPositive(length);
    return StreamFuture.of(waiter -> ReadUntil.length(stream, waiter, length), ReadUntil::bytes);
  }

  /**
   * Reads up to and including a delimiter. Fails if it is not among the next {@code most} bytes, or
   * the peer's data ends before; what has come can then still be read.
   *
   * @throws IllegalArgumentException if {@code most} is not positive
   */
  public CompletableFuture<byte[]> readUntil(byte delimiter, int most) {
    checkPositive(most);
    return StreamFuture.of(
        waiter -> ReadUntil.delimiter(stream, waiter, delimiter, most), ReadUntil::bytes);
  }

  private static void checkPositive(int length) {
    if (length < 1) {
      throw new IllegalArgumentException("at least 1 byte must be read, not " + length);
    }
  }

  // ---- writing ----

  /** Writes an array; see {@link #write(byte[], int, int)}. */
  public CompletableFuture<Void> write(byte[] data) {
    return write(data, 0, data.length);
  }

  /**
   * Writes bytes of an array, which must not change before the future is complete.
   *
   * @return completes when TCP has taken all bytes; it takes them as there is room in its send
   *     buffer, so whoever waits for one write before the next cannot pile anything up
   */
  public CompletableFuture<Void> write(byte[] data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length);
    return StreamFuture.ofWrite(
        waiter -> new WriteBytes(stream, waiter).from(data, offset, length, true), op -> null);
  }

  /** Writes a byte buffer from its position to its limit, and moves the position. */
  public CompletableFuture<Void> write(ByteBuffer data) {
    return StreamFuture.ofWrite(
        waiter -> new WriteBytes(stream, waiter).from(data, true), op -> null);
  }

  /**
   * Writes a buffer without a copy, and takes over the caller's reference: it is released, on the
   * shard, when the peer has acknowledged the bytes, or the write has failed.
   */
  public CompletableFuture<Void> write(Buffer data) {
    return StreamFuture.ofWrite(waiter -> new WriteBytes(stream, waiter).from(data), op -> null);
  }

  /** Completes when the peer has acknowledged all that was written before. */
  public CompletableFuture<Void> flush() {
    return StreamFuture.of(waiter -> new FlushOp(stream, waiter), op -> null);
  }

  /**
   * Closes our side behind what was written before; the peer's data can still be read.
   *
   * @return completes when TCP has been told
   */
  public CompletableFuture<Void> shutdownOutput() {
    return StreamFuture.ofWrite(waiter -> new ShutdownOp(stream, waiter), op -> null);
  }

  // ---- closing ----

  /**
   * Closes behind what was written before, and returns at once. Reads that wait fail, received data
   * is dropped, and if the peer sends more it is reset. Calling again does nothing.
   */
  @Override
  public void close() {
    Calls.surely(stream.shard(), () -> stream.close(true));
  }

  /** Resets the connection. Everything that waits fails. */
  public void abort() {
    Calls.surely(stream.shard(), stream::abort);
  }

  /** Completes when the connection is over, whatever the reason; a copy for each caller. */
  public CompletableFuture<TcpCloseReason> closed() {
    return closed.copy();
  }

  // ---- options and facts ----

  /** Sends small segments at once (Nagle's algorithm off, RFC 9293 §3.7.4) or not. */
  public void noDelay(boolean on) {
    Calls.surely(stream.shard(), () -> stream.connection().noDelay(on));
  }

  /** Probes a silent peer, or not (RFC 9293 §3.8.4). */
  public void keepAlive(boolean on) {
    Calls.surely(stream.shard(), () -> stream.connection().keepAlive(on));
  }

  /** Our address. */
  public IpAddress localAddress() {
    return localAddress;
  }

  /** Our port. */
  public int localPort() {
    return localPort;
  }

  /** The peer's address. */
  public IpAddress remoteAddress() {
    return remoteAddress;
  }

  /** The peer's port. */
  public int remotePort() {
    return remotePort;
  }

  /** The shard that the connection lives on. */
  public Shard shard() {
    return stream.shard();
  }

  @Override
  public String toString() {
    return localAddress + ":" + localPort + " - " + remoteAddress + ":" + remotePort;
  }
}
