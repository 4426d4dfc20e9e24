package io.millrace.apps.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.LongConsumer;

/**
 * A load on a web server from the kernel's sockets: one thread, many connections that stay open, on
 * each one request after the other.
 */
final class KernelLoad {
  private final InetSocketAddress server;
  private final int connections;
  private final byte[] request;
  private final Latencies latencies = new Latencies();
  private final ByteBuffer input = ByteBuffer.allocateDirect(1 << 16);
  private long requests;
  private long errors;

  KernelLoad(InetSocketAddress server, int connections, String target) {
    this.server = server;
    this.connections = connections;
    this.request =
        ("GET " + target + " HTTP/1.1\r\nHost: " + server.getHostString() + "\r\n\r\n")
            .getBytes(ISO_8859_1);
  }

  /** One connection: how much of the response is still to come. */
  private static final class Session {
    final ByteBuffer output;
    final StringBuilder head = new StringBuilder();
    long remaining = -1;
    long sentAt;

    Session(byte[] request) {
      output = ByteBuffer.wrap(request);
    }
  }

  /**
   * Runs for {@code seconds}.
   *
   * @param everySecond is told the requests of the last second
   */
  LoadResult run(int seconds, LongConsumer everySecond) throws IOException {
    long started = System.nanoTime();
    long end = started + seconds * 1_000_000_000L;
    long tell = started + 1_000_000_000L;
    long told = 0;
    try (Selector selector = Selector.open()) {
      for (int i = 0; i < connections; i++) {
        connect(selector);
      }
      long now = started;
      while (now < end) {
        selector.select(this::ready, 100);
        now = System.nanoTime();
        if (now >= tell) {
          everySecond.accept(requests - told);
          told = requests;
          tell += 1_000_000_000L;
        }
      }
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
      return new LoadResult(
          requests, errors, (now - started) / 1e9, latencies.micros(0.5), latencies.micros(0.99));
    }
  }

  private void connect(Selector selector) throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.register(selector, SelectionKey.OP_CONNECT, new Session(request));
    channel.connect(server);
  }

  private void ready(SelectionKey key) {
    SocketChannel channel = (SocketChannel) key.channel();
    Session session = (Session) key.attachment();
    try {
      if (key.isConnectable()) {
        channel.finishConnect();
        send(key, channel, session);
      } else if (key.isWritable()) {
        channel.write(session.output);
        wantRest(key, session);
      } else if (key.isReadable()) {
        receive(key, channel, session);
      }
    } catch (IOException e) {
      errors++;
      key.cancel();
      closeQuietly(channel);
    }
  }

  private void send(SelectionKey key, SocketChannel channel, Session session) throws IOException {
    session.output.clear();
    session.sentAt = System.nanoTime();
    channel.write(session.output);
    wantRest(key, session);
  }

  private static void wantRest(SelectionKey key, Session session) {
    int wanted = session.output.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    if (key.interestOps() != wanted) {
      key.interestOps(wanted);
    }
  }

  private void receive(SelectionKey key, SocketChannel channel, Session session)
      throws IOException {
    input.clear();
    int n = channel.read(input);
    if (n < 0) {
      throw new IOException("the server closed the connection");
    }
    input.flip();
    if (session.remaining < 0) {
      readHead(session);
    }
    if (session.remaining >= 0) {
      session.remaining -= input.remaining();
      if (session.remaining == 0) {
        requests++;
        latencies.add(System.nanoTime() - session.sentAt);
        session.remaining = -1;
        session.head.setLength(0);
        send(key, channel, session);
      } else if (session.remaining < 0) {
        throw new IOException("more came than was asked for");
      }
    }
  }

  private void readHead(Session session) throws IOException {
    StringBuilder head = session.head;
    while (input.hasRemaining()) {
      char c = (char) input.get();
      head.append(c);
      int length = head.length();
      if (c == '\n' && length > 3 && head.charAt(length - 3) == '\n') {
        session.remaining = contentLength(head);
        return;
      }
    }
  }

  private static long contentLength(StringBuilder head) throws IOException {
    String field = "\r\nContent-Length: ";
    int at = head.indexOf(field);
    if (head.indexOf("HTTP/1.1 200 ") != 0 || at < 0) {
      throw new IOException("not the answer that was expected");
    }
    int from = at + field.length();
    return Long.parseLong(head.substring(from, head.indexOf("\r", from)));
  }

  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing more can be done with it.
    }
  }
}
