package io.millrace.e2e;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.util.concurrent.CompletableFuture;

/**
 * One end of a connection: sends the first {@code toSend} bytes of a pattern, checks that what
 * comes is the other one, and closes its side when it has sent everything.
 */
final class StreamPeer implements TcpHandler {
  private static final int CHUNK = 100_000;

  /** How a connection ended, and what had come until then. */
  record End(TcpCloseReason reason, long received, long firstWrong) {}

  private final WrappedBuffer mine;
  private final Pattern theirs;
  private final long toSend;
  private final long abortAfter;
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private long sent;
  private long received;
  private long firstWrong = -1;

  StreamPeer(Pattern mine, Pattern theirs, long toSend) {
    this(mine, theirs, toSend, Long.MAX_VALUE);
  }

  /** Aborts the connection once {@code abortAfter} bytes have come. */
  StreamPeer(Pattern mine, Pattern theirs, long toSend, long abortAfter) {
    this.mine = mine.buffer();
    this.theirs = theirs;
    this.toSend = toSend;
    this.abortAfter = abortAfter;
  }

  /** Completes on the shard's thread when the connection is over. */
  CompletableFuture<End> end() {
    return end;
  }

  @Override
  public void onConnected(TcpConnection c) {
    onWritable(c);
  }

  @Override
  public void onWritable(TcpConnection c) {
    while (sent < toSend) {
      int length = (int) Math.min(toSend - sent, CHUNK);
      int offset = Pattern.offset(sent);
      sent += length;
      if (!c.send(mine, offset, length)) {
        break;
      }
    }
    if (sent == toSend) {
      c.shutdownOutput();
    }
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (firstWrong < 0) {
      firstWrong = theirs.firstWrong(data, received);
    }
    received += data.length();
    if (received >= abortAfter) {
      c.abort();
    }
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    // Ours is closed when all is sent.
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    end.complete(new End(reason, received, firstWrong));
  }
}
