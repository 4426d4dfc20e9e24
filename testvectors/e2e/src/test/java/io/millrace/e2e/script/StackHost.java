package io.millrace.e2e.script;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.spi.Port;
import io.millrace.tcp.Tcp;
import io.millrace.testkit.World;
import io.millrace.testkit.script.Errno;
import io.millrace.testkit.script.ScriptHost;
import io.millrace.testkit.script.ScriptSetup;
import io.millrace.udp.Udp;
import java.util.HashMap;
import java.util.Map;

/** The stack's sockets by descriptor. */
final class StackHost implements ScriptHost {
  private static final int BAD = Errno.EBADF.failure();

  private final Shard shard;
  private final Map<Integer, HostSocket> sockets = new HashMap<>();
  private int next = 3;

  private StackHost(Shard shard) {
    this.shard = shard;
  }

  /** Starts a stack as a script wants it. */
  static ScriptHost start(World world, Port port, ScriptSetup setup) {
    NetStack.Builder builder =
        world
            .builder(port, setup.local())
            .gateway(setup.gateway())
            .with(TcpSettings.config(setup.settings()));
    return new StackHost(world.stack(builder).shard(0));
  }

  private int add(HostSocket socket) {
    sockets.put(next, socket);
    return next++;
  }

  @Override
  public int socket(boolean stream) {
    return add(stream ? new TcpHostSocket(Tcp.of(shard)) : new UdpHostSocket(Udp.of(shard)));
  }

  @Override
  public int bind(int fd, IpAddress address, int port) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.bind(address, port);
  }

  @Override
  public int listen(int fd, int backlog) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.listen(backlog);
  }

  @Override
  public int accept(int fd) {
    HostSocket socket = sockets.get(fd);
    if (socket == null) {
      return BAD;
    }
    HostSocket accepted = socket.accept();
    return accepted == null ? Errno.EAGAIN.failure() : add(accepted);
  }

  @Override
  public int connect(int fd, IpAddress address, int port) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.connect(address, port);
  }

  @Override
  public int connected(int fd) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.connected();
  }

  @Override
  public int send(int fd, int length) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.send(length);
  }

  @Override
  public int sendTo(int fd, int length, IpAddress address, int port) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.sendTo(length, address, port);
  }

  @Override
  public int receive(int fd, int length) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.receive(length);
  }

  @Override
  public int shutdown(int fd, Shutdown how) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.shutdown(how);
  }

  @Override
  public int close(int fd) {
    HostSocket socket = sockets.remove(fd);
    return socket == null ? BAD : socket.close();
  }

  @Override
  public int setOption(int fd, String level, String name, long... values) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.setOption(level, name, values);
  }

  @Override
  public long getOption(int fd, String level, String name) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? BAD : socket.getOption(level, name);
  }

  @Override
  public int poll(int fd) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? POLLERR : socket.poll();
  }

  @Override
  public int localPort(int fd) {
    HostSocket socket = sockets.get(fd);
    return socket == null ? 0 : socket.localPort();
  }
}
