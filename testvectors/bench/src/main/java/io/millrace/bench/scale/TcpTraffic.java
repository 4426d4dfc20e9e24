package io.millrace.bench.scale;

import io.millrace.buf.Buffer;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;

/**
 * TCP connections between the stacks of a pair, on which 64 bytes are answered with 64 bytes. A
 * fixed number of requests is on the way; each answer makes the next connection ask, in turn, so
 * that all of them are used alike.
 */
final class TcpTraffic {
  private static final int SIZE = 64;
  private static final int FIRST_PORT = 9_000;

  /** Connections to one port of the server from one address, at most. */
  private static final int PER_PORT = 8_000;

  private static final byte[] MESSAGE = new byte[SIZE];

  private TcpTraffic() {}

  /**
   * Opens connections on every shard of the clients, and lets some ask for ever.
   *
   * @param active per shard, those that take turns in asking
   * @param idle per shard, those that only exist
   * @param onTheWay per shard, requests at a time
   */
  static void start(Pair pair, int active, int idle, int onTheWay) {
    int ports = (active + idle) * pair.shards() / PER_PORT + 1;
    for (int i = 0; i < pair.shards(); i++) {
      for (int port = 0; port < ports; port++) {
        Tcp.of(pair.serverShard(i)).listen(null, FIRST_PORT + port, _ -> new Answer(), 4_096);
      }
    }
    Ring[] rings = new Ring[pair.shards()];
    int opened = 0;
    for (int i = 0; i < pair.shards(); i++) {
      rings[i] = new Ring(active);
      for (int n = 0; n < active + idle; n++) {
        TcpHandler handler = n < active ? rings[i] : new Silence();
        Tcp.of(pair.clientShard(i)).connect(Pair.SERVER, FIRST_PORT + opened++ % ports, handler);
        pair.turnAll();
      }
    }
    for (int i = 0; i < 1_000; i++) {
      pair.turnAll();
    }
    for (Ring ring : rings) {
      ring.start(onTheWay);
    }
  }

  private static final class Answer implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(MESSAGE, 0, SIZE);
    }
  }

  private static final class Silence implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {
      throw new IllegalStateException("an idle connection has received something");
    }
  }

  /** A shard's active connections. */
  private static final class Ring implements TcpHandler {
    private final TcpConnection[] connections;
    private int open;
    private int next;

    Ring(int size) {
      connections = new TcpConnection[size];
    }

    @Override
    public void onConnected(TcpConnection c) {
      connections[open++] = c;
    }

    void start(int onTheWay) {
      if (open != connections.length) {
        throw new IllegalStateException(
            "only " + open + " of " + connections.length + " connections are open");
      }
      for (int i = 0; i < onTheWay; i++) {
        ask();
      }
    }

    private void ask() {
      TcpConnection c = connections[next];
      next = next + 1 == connections.length ? 0 : next + 1;
      c.send(MESSAGE, 0, SIZE);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      for (int got = data.length(); got > 0; got -= SIZE) {
        ask();
      }
    }
  }
}
