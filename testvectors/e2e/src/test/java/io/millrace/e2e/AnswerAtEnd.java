package io.millrace.e2e;

import io.millrace.buf.Buffer;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.ByteArrayOutputStream;

/** Collects all that comes, and sends it back once the peer has closed its side. */
final class AnswerAtEnd implements TcpHandler {
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();

  @Override
  public void onData(TcpConnection c, Buffer data) {
    received.writeBytes(Received.bytes(data));
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    byte[] answer = received.toByteArray();
    c.send(answer, 0, answer.length);
    c.close();
  }
}
