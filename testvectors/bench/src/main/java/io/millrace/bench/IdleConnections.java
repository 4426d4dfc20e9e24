package io.millrace.bench;

import io.millrace.buf.Buffer;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.util.List;

/** What an established connection without traffic costs, heap and off-heap together, at one end. */
final class IdleConnections {
  private static final int CONNECTIONS = 100_000;
  private static final int PER_PORT = 10_000;

  private IdleConnections() {}

  static List<Row> run() {
    try (Duo duo = new Duo(Family.IPV4, Duo.tcp())) {
      Nothing handler = new Nothing();
      for (int port = 0; port < CONNECTIONS / PER_PORT; port++) {
        Tcp.of(duo.server).listen(null, 9000 + port, c -> handler, 1024);
      }
      long frames = frames(duo);
      long heap = heap();
      for (int i = 0; i < CONNECTIONS; i++) {
        Tcp.of(duo.client).connect(duo.serverAddress, 9000 + i / PER_PORT, handler);
        duo.turn();
      }
      while (handler.connected < 2 * CONNECTIONS) {
        duo.turn();
      }
      double perEnd =
          (heap() - heap + (frames - frames(duo)) * duo.client.pool().frameSize())
              / (2.0 * CONNECTIONS);
      return List.of(
          new Row("idle connection, one end", perEnd, "bytes", "heap and frames, over 100,000"));
    }
  }

  private static long frames(Duo duo) {
    return (long) duo.client.pool().available() + duo.server.pool().available();
  }

  private static long heap() {
    for (int i = 0; i < 4; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static final class Nothing implements TcpHandler {
    private int connected;

    @Override
    public void onConnected(TcpConnection c) {
      connected++;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {}
  }
}
