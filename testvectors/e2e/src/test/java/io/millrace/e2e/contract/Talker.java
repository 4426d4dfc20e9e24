package io.millrace.e2e.contract;

import io.millrace.buf.Buffer;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Writes down what a connection's handler is told, and does what the test says. */
final class Talker implements TcpHandler {
  /** What was told, in order, data in a row once. */
  final List<String> told = new ArrayList<>();

  final ByteArrayOutputStream received = new ByteArrayOutputStream();
  TcpConnection connection;
  TcpCloseReason reason;

  Consumer<TcpConnection> onConnected = c -> {};
  BiConsumer<TcpConnection, Buffer> onData = (c, data) -> {};
  Consumer<TcpConnection> onWritable = c -> {};
  Consumer<TcpConnection> onPeerClosed = TcpConnection::close;

  /** Sends back what comes, at the pace of the peer. */
  Talker echoing() {
    onData =
        (c, data) -> {
          if (!c.send(data)) {
            c.pauseReading();
          }
        };
    onWritable = TcpConnection::resumeReading;
    return this;
  }

  String text() {
    return received.toString(StandardCharsets.UTF_8);
  }

  boolean isClosed() {
    return reason != null;
  }

  boolean wasTold(String what) {
    return told.contains(what);
  }

  private void note(TcpConnection c, String what) {
    connection = c;
    if (told.isEmpty() || !told.getLast().equals(what)) {
      told.add(what);
    }
  }

  @Override
  public void onConnected(TcpConnection c) {
    note(c, "connected");
    onConnected.accept(c);
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    note(c, "data");
    received.writeBytes(data.toByteArray());
    onData.accept(c, data);
  }

  @Override
  public void onWritable(TcpConnection c) {
    note(c, "writable");
    onWritable.accept(c);
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    note(c, "peer closed");
    onPeerClosed.accept(c);
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason why) {
    note(c, "closed " + why);
    reason = why;
  }
}
