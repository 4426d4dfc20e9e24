package io.millrace.e2e;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * A program for the kernel's side: opens many connections, sends a number on each, and waits for it
 * to come back. Arguments: how many, the server's address and port, the address to connect from.
 *
 * <p>Prints {@code held} and how many it holds, waits for a line of input, asks again on all of
 * them, prints {@code again} and how many have answered, and ends with the end of its input, which
 * closes them.
 */
final class KernelCrowd {
  /** Connections that are being opened or have not been answered. */
  private static final int AT_ONCE = 64;

  private static final int MESSAGE = 8;

  private final Selector selector = Selector.open();
  private final SocketAddress server;
  private final SocketAddress from;
  private final SocketChannel[] all;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(MESSAGE);
  private int opened;
  private int answered;

  private KernelCrowd(String[] arguments) throws IOException {
    all = new SocketChannel[Integer.parseInt(arguments[0])];
    server = new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2]));
    from = new InetSocketAddress(arguments[3], 0);
  }

  public static void main(String[] arguments) throws IOException {
    KernelCrowd crowd = new KernelCrowd(arguments);
    crowd.open();
    System.out.println("held " + crowd.answered);
    await();
    crowd.again();
    System.out.println("again " + crowd.answered);
    await();
  }

  private static void await() throws IOException {
    for (int read = System.in.read(); read >= 0 && read != '\n'; ) {
      read = System.in.read();
    }
  }

  private void open() throws IOException {
    while (answered < all.length) {
      while (opened < all.length && opened - answered < AT_ONCE) {
        SocketChannel channel = SocketChannel.open();
        channel.bind(from);
        channel.configureBlocking(false);
        channel.connect(server);
        channel.register(selector, SelectionKey.OP_CONNECT, opened);
        all[opened++] = channel;
      }
      turn();
    }
  }

  private void again() throws IOException {
    answered = 0;
    for (int asked = 0; answered < all.length; ) {
      while (asked < all.length && asked - answered < AT_ONCE) {
        send(asked++);
      }
      turn();
    }
  }

  private void turn() throws IOException {
    selector.select(
        key -> {
          try {
            ready(key);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException("connection " + key.attachment(), e);
          }
        });
  }

  private void ready(SelectionKey key) throws IOException {
    int index = (int) key.attachment();
    if (key.isConnectable()) {
      all[index].finishConnect();
      key.interestOps(SelectionKey.OP_READ);
      send(index);
      return;
    }
    buffer.clear();
    // Eight bytes in one segment are not torn apart.
    int read = all[index].read(buffer);
    if (read != MESSAGE || buffer.getLong(0) != index) {
      throw new IOException("not the answer: " + read + " bytes, " + buffer.getLong(0));
    }
    answered++;
  }

  private void send(int index) throws IOException {
    buffer.clear().putLong(index).flip();
    if (all[index].write(buffer) != MESSAGE) {
      throw new IOException("no room for 8 bytes");
    }
  }
}
