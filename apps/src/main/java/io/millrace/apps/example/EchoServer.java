package io.millrace.apps.example;

import io.millrace.buf.Buffer;
import io.millrace.net.NetStack;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;

/** A TCP echo server: {@code java ... EchoServer tap:mr0,address=10.77.0.1/24 10.77.0.2/24}. */
public final class EchoServer implements TcpHandler {
  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (!c.send(data)) {
      c.pauseReading();
    }
  }

  @Override
  public void onWritable(TcpConnection c) {
    c.resumeReading();
  }

  public static void main(String[] args) throws InterruptedException {
    try (NetStack stack = NetStack.builder().port(args[0], args[1]).start()) {
      Tcp.listen(stack, 7, connection -> new EchoServer());
      stack.awaitClose();
    }
  }
}
