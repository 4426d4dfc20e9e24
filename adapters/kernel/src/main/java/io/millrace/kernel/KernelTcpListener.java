package io.millrace.kernel;

import io.millrace.tcp.TcpAcceptor;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.tcp.TcpListener;
import io.millrace.time.TimerNode;
import io.millrace.transport.ListenConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A listening socket of the kernel. */
final class KernelTcpListener extends TcpListener implements Selectable {
  /** Connections accepted before others have their turn. */
  private static final int QUOTA = 64;

  /** How long to wait when the process has no descriptor for another connection. */
  private static final long PAUSE = 100_000_000;

  private final KernelTcp tcp;
  private final ServerSocketChannel channel;
  private final SelectionKey key;
  private final Pause pause = new Pause();

  KernelTcpListener(
      KernelTcp tcp, ServerSocketChannel channel, ListenConfig config, TcpAcceptor acceptor) {
    super(config, acceptor);
    this.tcp = tcp;
    this.channel = channel;
    this.key = tcp.sockets.register(channel, SelectionKey.OP_ACCEPT, this);
  }

  private final class Pause extends TimerNode {
    @Override
    protected void onTimer(long now) {
      resume();
    }
  }

  @Override
  public void ready(int operations, long now) {
    for (int i = 0; i < QUOTA && channel.isOpen(); i++) {
      if (tcp.isFull()) {
        key.interestOps(0); // those that wait stay with the kernel
        tcp.waitForRoom(this);
        return;
      }
      SocketChannel accepted = accept(now);
      if (accepted == null) {
        return;
      }
      place(accepted);
    }
  }

  private void place(SocketChannel accepted) {
    try {
      int peerPort = ((InetSocketAddress) accepted.getRemoteAddress()).getPort();
      tcp.placement().place(config(), peerPort, accepted);
    } catch (IOException e) {
      KernelTcp.closeQuietly(accepted); // it was gone before we looked at it
    }
  }

  private SocketChannel accept(long now) {
    try {
      return channel.accept();
    } catch (IOException e) {
      tcp.shard.report("a connection to port " + port() + ", which is tried again later", e);
      key.interestOps(0);
      tcp.shard.wheel().schedule(pause, now + PAUSE);
      return null;
    }
  }

  /** Accepts again, after there was no room or no descriptor. */
  void resume() {
    if (key.isValid()) {
      key.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  /** Asks the application. */
  TcpHandler handlerFor(TcpConnection connection) {
    return accept(connection);
  }

  @Override
  public void stopAccepting() {
    if (channel.isOpen()) {
      tcp.shard.wheel().cancel(pause);
      tcp.remove(this);
      KernelTcp.closeQuietly(channel);
      tcp.sockets.leaveNow();
    }
  }
}
