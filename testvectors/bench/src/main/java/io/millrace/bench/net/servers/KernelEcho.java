package io.millrace.bench.net.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Sends back what it receives over UDP and TCP, through the kernel's sockets, on one thread. */
public final class KernelEcho {
  private final DatagramChannel datagrams;
  private final ServerSocketChannel listener;
  private final List<SocketChannel> connections = new ArrayList<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);

  private KernelEcho(InetSocketAddress address) throws IOException {
    datagrams = DatagramChannel.open().bind(address);
    datagrams.configureBlocking(false);
    listener = ServerSocketChannel.open();
    listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    listener.bind(address);
    listener.configureBlocking(false);
  }

  /**
   * Serves until it is killed.
   *
   * @param args {@code poll}, which never sleeps, or {@code sleep}; address, port
   */
  public static void main(String[] args) throws IOException {
    KernelEcho echo = new KernelEcho(new InetSocketAddress(args[1], Integer.parseInt(args[2])));
    System.out.printf("Echo on %s, TCP and UDP port %s%n", args[1], args[2]);
    if (args[0].equals("poll")) {
      echo.poll();
    } else {
      echo.sleep();
    }
  }

  private void poll() throws IOException {
    while (true) {
      datagram();
      accept();
      connections.removeIf(connection -> !echo(connection));
    }
  }

  private void sleep() throws IOException {
    Selector selector = Selector.open();
    datagrams.register(selector, SelectionKey.OP_READ);
    listener.register(selector, SelectionKey.OP_ACCEPT);
    while (true) {
      selector.select(key -> ready(key, selector));
    }
  }

  private void ready(SelectionKey key, Selector selector) {
    try {
      if (key.channel() instanceof DatagramChannel) {
        datagram();
      } else if (key.isAcceptable()) {
        SocketChannel connection = accept();
        if (connection != null) {
          connection.register(selector, SelectionKey.OP_READ);
        }
      } else {
        echo((SocketChannel) key.channel());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void datagram() throws IOException {
    buffer.clear();
    SocketAddress from = datagrams.receive(buffer);
    if (from != null) {
      datagrams.send(buffer.flip(), from);
    }
  }

  private SocketChannel accept() throws IOException {
    SocketChannel connection = listener.accept();
    if (connection != null) {
      connection.configureBlocking(false);
      connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
      connections.add(connection);
    }
    return connection;
  }

  /** Whether the connection is still open. */
  private boolean echo(SocketChannel connection) {
    try {
      buffer.clear();
      int n = connection.read(buffer);
      buffer.flip();
      while (buffer.hasRemaining()) {
        connection.write(buffer);
      }
      if (n >= 0) {
        return true;
      }
      connection.close();
    } catch (IOException e) {
      // The peer has gone.
    }
    return false;
  }
}
