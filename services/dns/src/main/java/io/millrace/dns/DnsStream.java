package io.millrace.dns;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import org.xbill.DNS.Message;

/** One question over TCP: two bytes of length before each message (RFC 1035 §4.2.2, RFC 7766). */
final class DnsStream implements TcpHandler {
  /** Who is told. */
  interface Listener {
    /** A message has come. */
    void onMessage(DnsStream from, byte[] wire);

    /** No more will come. */
    void onEnd(DnsStream from);
  }

  private static final int LENGTH_SIZE = 2;

  private final byte[] request;
  private final Listener listener;
  private final byte[] length = new byte[LENGTH_SIZE];
  private TcpConnection connection;
  private byte[] message;
  private int have;
  private boolean answered;
  private boolean closed;

  private DnsStream(byte[] request, Listener listener) {
    this.request = request;
    this.listener = listener;
  }

  /** Connects and asks; null if there is no way to the server. */
  static DnsStream ask(Shard shard, IpAddress server, int port, Message query, Listener listener) {
    byte[] wire = query.toWire();
    // RFC 7766 §8: length and message in one segment.
    byte[] request = new byte[LENGTH_SIZE + wire.length];
    request[0] = (byte) (wire.length >>> 8);
    request[1] = (byte) wire.length;
    System.arraycopy(wire, 0, request, LENGTH_SIZE, wire.length);
    DnsStream stream = new DnsStream(request, listener);
    try {
      stream.connection = Tcp.of(shard).connect(server, port, stream);
      return stream;
    } catch (IllegalStateException | IllegalArgumentException e) {
      return null;
    }
  }

  @Override
  public void onConnected(TcpConnection to) {
    to.send(request, 0, request.length);
  }

  @Override
  public void onData(TcpConnection from, Buffer data) {
    int at = 0;
    while (!closed && at < data.length()) {
      byte[] part = message == null ? length : message;
      int n = Math.min(part.length - have, data.length() - at);
      data.getBytes(at, part, have, n);
      at += n;
      have += n;
      if (have == part.length) {
        onPart();
      }
    }
  }

  private void onPart() {
    have = 0;
    if (message == null) {
      int size = (length[0] & 0xff) << 8 | (length[1] & 0xff);
      if (size == 0) {
        end(); // no message is empty
      } else {
        message = new byte[size];
      }
    } else {
      byte[] whole = message;
      message = null;
      answered = true;
      listener.onMessage(this, whole);
    }
  }

  @Override
  public void onPeerClosed(TcpConnection from) {
    end();
  }

  @Override
  public void onClosed(TcpConnection from, TcpCloseReason reason) {
    end();
  }

  private void end() {
    if (!closed) {
      listener.onEnd(this);
    }
  }

  /** Nothing is told any more. */
  void close() {
    if (!closed) {
      closed = true;
      if (answered) {
        connection.close();
      } else {
        connection.abort();
      }
    }
  }
}
