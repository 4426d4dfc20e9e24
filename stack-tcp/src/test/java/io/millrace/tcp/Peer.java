package io.millrace.tcp;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One end of a connection in tests: sends a stream of {@code size} bytes that follow from their
 * position and {@code seed}, checks that what it receives is the other end's stream, and closes
 * when it has sent everything.
 */
final class Peer implements TcpHandler {
  private final long toSend;
  private final int seed;
  private final int peerSeed;
  private final int chunk;
  private long sent;
  long received;
  boolean connected;
  boolean peerClosed;
  TcpCloseReason reason;
  TcpConnection connection;

  Peer(long toSend, int chunk, int seed, int peerSeed) {
    this.toSend = toSend;
    this.chunk = chunk;
    this.seed = seed;
    this.peerSeed = peerSeed;
  }

  static byte at(long position, int seed) {
    return (byte) ((position * 0x9e3779b97f4a7c15L >>> 40) + position + seed);
  }

  @Override
  public void onConnected(TcpConnection c) {
    connected = true;
    connection = c;
    pump(c);
  }

  private void pump(TcpConnection c) {
    while (sent < toSend) {
      int n = (int) Math.min(chunk, toSend - sent);
      MemorySegment memory = Arena.ofAuto().allocate(n);
      for (int i = 0; i < n; i++) {
        memory.set(ValueLayout.JAVA_BYTE, i, at(sent + i, seed));
      }
      WrappedBuffer buffer = WrappedBuffer.of(memory);
      sent += n;
      boolean more = c.send(buffer);
      buffer.release();
      if (!more) {
        return;
      }
    }
    c.shutdownOutput();
  }

  @Override
  public void onWritable(TcpConnection c) {
    pump(c);
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    for (int i = 0; i < data.length(); i++) {
      if (data.getByte(i) != at(received + i, peerSeed)) {
        throw new AssertionError("wrong byte at " + (received + i));
      }
    }
    received += data.length();
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    peerClosed = true;
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason why) {
    reason = why;
  }
}
