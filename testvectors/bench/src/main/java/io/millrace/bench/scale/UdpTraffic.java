package io.millrace.bench.scale;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;

/**
 * UDP flows between the stacks of a pair: connected sockets whose datagrams of 64 bytes are echoed
 * in place. Each echo makes the next socket send, in turn.
 */
final class UdpTraffic {
  private static final int SIZE = 64;
  private static final int PORT = 7;

  /** Of the clients. */
  private static final int FIRST_PORT = 1_024;

  private UdpTraffic() {}

  /**
   * Opens sockets on every shard of the clients and lets them send for ever.
   *
   * @param flows per shard
   * @param onTheWay per shard, datagrams at a time
   * @param arena of the message, which must live longer than the stacks
   */
  static void start(Pair pair, int flows, int onTheWay, Arena arena) {
    WrappedBuffer message = WrappedBuffer.of(arena.allocate(SIZE));
    for (int i = 0; i < pair.shards(); i++) {
      Udp.of(pair.serverShard(i)).bind(PORT, new Echo());
    }
    for (int i = 0; i < pair.shards(); i++) {
      Ring ring = new Ring(flows, message);
      int number = -1;
      for (int n = 0; n < flows; n++) {
        number = open(pair, i, number + 1, ring, n);
        pair.turnAll();
      }
      for (int n = 0; n < onTheWay; n++) {
        ring.send();
      }
    }
  }

  /**
   * Opens a socket whose flow belongs to the shard: UDP leaves the choice of its port to us.
   *
   * @param number of the first address and port to try, so that no two are tried twice
   * @return the socket's number
   */
  private static int open(Pair pair, int shard, int number, Ring ring, int index) {
    int at = number;
    while (true) {
      IpAddress local = Pair.client(at % Pair.CLIENT_ADDRESSES);
      int port = FIRST_PORT + at / Pair.CLIENT_ADDRESSES;
      if (pair.clientOwner(local, port, PORT) == shard) {
        UdpSocket socket = Udp.of(pair.clientShard(shard)).bindShared(local, port, ring);
        socket.connect(Pair.SERVER, PORT);
        ring.sockets[index] = socket;
        return at;
      }
      at++;
    }
  }

  private static final class Echo implements UdpHandler {
    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      data.retain();
      socket.sendFrame(data, hi, lo, port);
    }
  }

  private static final class Ring implements UdpHandler {
    private final UdpSocket[] sockets;
    private final WrappedBuffer message;
    private int next;

    Ring(int size, WrappedBuffer message) {
      sockets = new UdpSocket[size];
      this.message = message;
    }

    void send() {
      sockets[next()].send(message);
    }

    private int next() {
      int now = next;
      next = next + 1 == sockets.length ? 0 : next + 1;
      return now;
    }

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      data.retain(); // the received frame itself goes out again, from the next socket
      sockets[next()].sendFrame(data);
    }
  }
}
