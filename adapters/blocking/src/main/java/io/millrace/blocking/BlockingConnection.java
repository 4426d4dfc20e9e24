package io.millrace.blocking;

import io.millrace.buf.Buffer;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.FlushOp;
import io.millrace.futures.op.ReadSome;
import io.millrace.futures.op.ShutdownOp;
import io.millrace.futures.op.Stream;
import io.millrace.futures.op.WriteBytes;
import io.millrace.futures.op.WriteOp;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A TCP connection for blocking code, on any thread but a shard's own.
 *
 * <p>One thread may read while another one writes. Several that read, or several that write, take
 * turns call by call; the time that a call waits for its turn does not count against a timeout.
 *
 * <p>Besides what the {@link io.millrace.blocking package} says, calls throw {@link
 * io.millrace.futures.ConnectionLostException} when the connection has ended before its time; what
 * was received before that can be read first, unless the stack was closed.
 */
public final class BlockingConnection implements Closeable {
  private final Stream stream;
  private final Shard shard;
  private final IpAddress localAddress;
  private final int localPort;
  private final IpAddress remoteAddress;
  private final int remotePort;
  private final ReentrantLock readLock = new ReentrantLock();
  private final ReentrantLock writeLock = new ReentrantLock();
  private final Call reader = new Call();
  private final Call writer = new Call();

  /** Used again and again; replaced when it was cancelled. Under the read lock. */
  private ReadSome read;

  /** The same for writing, under the write lock. */
  private WriteBytes write;

  /** The shard's: what {@link #receive()} has lent. */
  private Buffer lent;

  private volatile long readTimeout;
  private volatile long writeTimeout;

  /** On the shard, or after it has handed the stream over. */
  BlockingConnection(Stream stream) {
    this.stream = stream;
    this.shard = stream.shard();
    this.localAddress = stream.connection().localAddress();
    this.localPort = stream.connection().localPort();
    this.remoteAddress = stream.connection().remoteAddress();
    this.remotePort = stream.connection().remotePort();
    this.read = new ReadSome(stream, reader);
    this.write = new WriteBytes(stream, writer);
  }

  // ---- reading ----

  /** Reads into an array; see {@link #read(byte[], int, int)}. */
  public int read(byte[] to) throws IOException {
    return read(to, 0, to.length);
  }

  /**
   * Reads what there is, and waits for the first byte.
   *
   * @return the number of bytes, at least 1; -1 at the end of the peer's data; 0 if {@code length}
   *     is 0
   */
  public int read(byte[] to, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, to.length);
    if (length == 0) {
      return 0;
    }
    lock(readLock);
    try {
      return read(read.into(to, offset, length));
    } finally {
      readLock.unlock();
    }
  }

  /** Reads what there is into a byte buffer, from its position to its limit. */
  public int read(ByteBuffer to) throws IOException {
    if (to.isReadOnly()) {
      throw new IllegalArgumentException("a read-only buffer cannot be read into");
    }
    if (!to.hasRemaining()) {
      return 0;
    }
    lock(readLock);
    try {
      return read(read.into(to));
    } finally {
      readLock.unlock();
    }
  }

  /**
   * Fills an array.
   *
   * @throws EOFException if the peer's data ends before; the bytes that came are in the array
   */
  public void readFully(byte[] to) throws IOException {
    readFully(to, 0, to.length);
  }

  /**
   * Reads exactly {@code length} bytes. Interrupted or timed out, {@code bytesTransferred} of the
   * exception says how many have been read.
   *
   * @throws EOFException if the peer's data ends before; the bytes that came are in the array
   */
  public void readFully(byte[] to, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, to.length);
    lock(readLock);
    int done = 0;
    try {
      while (done < length) {
        int n = read(read.into(to, offset + done, length - done));
        if (n < 0) {
          throw new EOFException(
              this + ": the peer's data ended after " + done + " of " + length + " bytes");
        }
        done += n;
      }
    } catch (IOException e) {
      throw inTheMiddle(e, done);
    } finally {
      readLock.unlock();
    }
  }

  /**
   * The next received bytes where they lie in the receive buffer, without a copy. Only on a thread
   * that the connection's shard carries.
   *
   * @return lent until the next call that reads, or until anybody closes the connection or the
   *     stack; null at the end of the peer's data
   * @throws IllegalStateException on another thread
   */
  public Buffer receive() throws IOException {
    if (!shard.isOwner()) {
      throw new IllegalStateException(
          "received bytes can be lent only to a thread that the connection's shard carries");
    }
    lock(readLock);
    try {
      if (read(read.lent()) < 0) {
        return null;
      }
      lent = read.buffer();
      return lent;
    } finally {
      read.forget();
      readLock.unlock();
    }
  }

  private int read(ReadSome op) throws IOException {
    if (lent != null) {
      releaseLent();
    }
    boolean done = false;
    try {
      reader.await(op, readTimeout);
      done = true;
      return op.count();
    } finally {
      if (!op.isDone()) {
        read = new ReadSome(stream, reader); // the shard may still come across the other
      } else if (!done || op.buffer() == null) {
        op.forget();
      }
    }
  }

  private void releaseLent() {
    if (shard.isOwner()) {
      dropLent();
    } else {
      Calls.surely(shard, this::dropLent);
    }
  }

  private void dropLent() {
    Buffer buffer = lent;
    lent = null;
    if (buffer != null) {
      buffer.release();
    }
  }

  // ---- writing ----

  /** Writes an array; see {@link #write(byte[], int, int)}. */
  public void write(byte[] from) throws IOException {
    write(from, 0, from.length);
  }

  /**
   * Writes bytes of an array: returns when TCP has taken all of them, and waits while its send
   * buffer is full. Interrupted or timed out, {@code bytesTransferred} of the exception says how
   * many it has taken; these are sent.
   */
  public void write(byte[] from, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, from.length);
    lock(writeLock);
    int done = 0;
    try {
      do {
        done += write(write.from(from, offset + done, length - done, false));
      } while (done < length);
    } catch (IOException e) {
      throw inTheMiddle(e, done);
    } finally {
      writeLock.unlock();
    }
  }

  /** Writes a byte buffer from its position to its limit, and moves the position. */
  public void write(ByteBuffer from) throws IOException {
    lock(writeLock);
    int start = from.position();
    try {
      do {
        write(write.from(from, false));
      } while (from.hasRemaining());
    } catch (IOException e) {
      throw inTheMiddle(e, from.position() - start);
    } finally {
      writeLock.unlock();
    }
  }

  /**
   * Sends a buffer without a copy: TCP retains it until the peer has acknowledged it, and it must
   * not change until then. The caller keeps its reference. Only on a thread that the connection's
   * shard carries.
   *
   * @throws IllegalStateException on another thread
   */
  public void write(Buffer from) throws IOException {
    if (!shard.isOwner()) {
      throw new IllegalStateException(
          "a buffer can be sent only by a thread that the connection's shard carries");
    }
    lock(writeLock);
    try {
      from.retain();
      write(write.from(from));
    } finally {
      writeLock.unlock();
    }
  }

  private int write(WriteBytes op) throws IOException {
    try {
      writer.await(op, writeTimeout);
      return op.count();
    } finally {
      if (op.isDone()) {
        op.forget();
      } else {
        write = new WriteBytes(stream, writer); // the shard may still come across the other
      }
    }
  }

  /** Waits until the peer has acknowledged all that was written. */
  public void flush() throws IOException {
    awaitInOrder(new FlushOp(stream, writer));
  }

  /** Closes our side behind what was written; the peer's data can still be read. */
  public void shutdownOutput() throws IOException {
    awaitInOrder(new ShutdownOp(stream, writer));
  }

  private void awaitInOrder(WriteOp op) throws IOException {
    lock(writeLock);
    try {
      writer.await(op, writeTimeout);
    } finally {
      writeLock.unlock();
    }
  }

  /** What a call throws that takes several steps, of which some are done. */
  private static IOException inTheMiddle(IOException failure, int done) {
    if (failure instanceof InterruptedIOException e) {
      e.bytesTransferred = done;
    } else if (done > 0 && failure.getClass() == ClosedChannelException.class) {
      return (IOException) new AsynchronousCloseException().initCause(failure);
    }
    return failure;
  }

  private void lock(ReentrantLock lock) throws InterruptedIOException {
    try {
      lock.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException failure =
          new InterruptedIOException(this + ": the thread was interrupted");
      failure.initCause(e);
      throw failure;
    }
  }

  // ---- closing ----

  /**
   * Closes behind what was written, and returns at once. Received data that nobody has read is
   * dropped; calls that wait end with {@link java.nio.channels.AsynchronousCloseException}. Any
   * thread may call, an interrupted one, too; calling again does nothing.
   */
  @Override
  public void close() {
    Calls.surely(
        shard,
        () -> {
          dropLent();
          stream.close(false);
        });
  }

  /** Resets the connection; else like {@link #close()}. */
  public void abort() {
    Calls.surely(
        shard,
        () -> {
          dropLent();
          stream.abort();
        });
  }

  // ---- streams ----

  /** The peer's data as a stream. Closing it closes the connection. */
  public InputStream inputStream() {
    return new ConnectionInput(this);
  }

  /**
   * What we write as a stream, without a buffer of its own. Its {@code flush} does nothing, because
   * nothing is held back; closing it closes the connection.
   */
  public OutputStream outputStream() {
    return new ConnectionOutput(this);
  }

  // ---- options and facts ----

  /**
   * How long a call that reads may wait for bytes; zero for ever, as at first. Counts from the next
   * call on.
   */
  public void readTimeout(Duration timeout) {
    readTimeout = Timeout.nanos(timeout);
  }

  /** How long a call that writes may wait for room each time; zero for ever, as at first. */
  public void writeTimeout(Duration timeout) {
    writeTimeout = Timeout.nanos(timeout);
  }

  /** Sends small segments at once (Nagle's algorithm off, RFC 9293 §3.7.4) or not. */
  public void noDelay(boolean on) {
    Calls.surely(shard, () -> stream.connection().noDelay(on));
  }

  /** Probes a silent peer, or not (RFC 9293 §3.8.4). */
  public void keepAlive(boolean on) {
    Calls.surely(shard, () -> stream.connection().keepAlive(on));
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
    return shard;
  }

  @Override
  public String toString() {
    return localAddress + ":" + localPort + " - " + remoteAddress + ":" + remotePort;
  }
}
