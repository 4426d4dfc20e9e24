package io.millrace.bench.net.servers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The least that a web server on {@code java.nio} can be: one thread, one selector, heads searched
 * for their end and for {@code Connection: close}, responses made beforehand.
 */
public final class NioServer {
  private static final int BACKLOG = 4_096;
  private static final int MOST_AT_ONCE = 64;
  private static final byte[] END = "\r\n\r\n".getBytes(US_ASCII);
  private static final byte[] CLOSE = "\nconnection: close\r".getBytes(US_ASCII);

  private final Selector selector;
  private final ServerSocketChannel listener;
  private final ByteBuffer input = ByteBuffer.allocateDirect(16_384);
  private final byte[] body;
  private ByteBuffer keeping;
  private ByteBuffer closing;
  private long responsesMadeAt;

  private NioServer(InetSocketAddress address, byte[] body) throws IOException {
    this.body = body;
    selector = Selector.open();
    listener = ServerSocketChannel.open();
    listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    listener.bind(address, BACKLOG);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
    makeResponses(System.nanoTime());
  }

  /**
   * Serves until it is killed.
   *
   * @param args address, port, bytes of the body
   */
  public static void main(String[] args) throws IOException {
    InetSocketAddress address = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
    new NioServer(address, Body.of(Integer.parseInt(args[2]))).run();
  }

  private void run() throws IOException {
    while (true) {
      selector.select(this::ready);
      long now = System.nanoTime();
      if (now - responsesMadeAt > 1_000_000_000L) {
        makeResponses(now);
      }
    }
  }

  private void makeResponses(long now) {
    responsesMadeAt = now;
    keeping = response("");
    closing = response("Connection: close\r\n");
  }

  private ByteBuffer response(String field) {
    String head =
        "HTTP/1.1 200 OK\r\nServer: NIO\r\nDate: "
            + HttpDate.now()
            + "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "
            + body.length
            + "\r\n"
            + field
            + "\r\n";
    byte[] bytes = head.getBytes(US_ASCII);
    return ByteBuffer.allocateDirect(bytes.length + body.length).put(bytes).put(body).flip();
  }

  private void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        accept();
      } else {
        ((Session) key.attachment()).receive();
      }
    } catch (IOException e) {
      closeQuietly(key);
    }
  }

  private void accept() throws IOException {
    for (int i = 0; i < MOST_AT_ONCE; i++) {
      SocketChannel channel = listener.accept();
      if (channel == null) {
        return;
      }
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.register(selector, SelectionKey.OP_READ, new Session(channel));
    }
  }

  private static void closeQuietly(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException e) {
      // Nothing more can be done with it.
    }
  }

  /** One connection: how far the end of a head, and the wish to close, have been seen. */
  private final class Session {
    private final SocketChannel channel;
    private int endSeen;
    private int closeSeen;

    Session(SocketChannel channel) {
      this.channel = channel;
    }

    void receive() throws IOException {
      input.clear();
      if (channel.read(input) < 0) {
        channel.close();
        return;
      }
      input.flip();
      int length = input.limit();
      for (int i = 0; i < length; i++) {
        byte c = input.get(i);
        if (closeSeen < CLOSE.length) {
          // The line feed is only in front, so a mismatch can only begin again with one.
          int folded = c >= 'A' && c <= 'Z' ? c + 32 : c;
          closeSeen = folded == CLOSE[closeSeen] ? closeSeen + 1 : c == '\n' ? 1 : 0;
        }
        endSeen = c == END[endSeen] ? endSeen + 1 : c == '\r' ? 1 : 0;
        if (endSeen == END.length) {
          answer();
        }
      }
    }

    private void answer() throws IOException {
      boolean close = closeSeen == CLOSE.length;
      endSeen = 0;
      closeSeen = 0;
      ByteBuffer response = (close ? closing : keeping).rewind();
      channel.write(response);
      if (response.hasRemaining()) {
        throw new IOException("a client that does not read its small response");
      }
      if (close) {
        channel.close();
      }
    }
  }
}
