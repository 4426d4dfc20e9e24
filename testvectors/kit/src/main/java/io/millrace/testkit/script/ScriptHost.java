package io.millrace.testkit.script;

import io.millrace.ip.IpAddress;
import io.millrace.spi.Port;
import io.millrace.testkit.World;

/**
 * A stack's sockets as a script's system calls see them: descriptors, and errors as negative
 * numbers.
 *
 * <p>No call blocks: one that would answers {@link Errno#EAGAIN}, and the runner asks again for as
 * long as the script allows. Every call returns 0 or more, or {@link Errno#failure}. What a host
 * cannot do, it says by {@link UnsupportedOperationException}: the script is then skipped with that
 * reason. Payload is zeros. All on the test's thread.
 */
public interface ScriptHost {
  /** Makes hosts. */
  @FunctionalInterface
  interface Factory {
    /** Starts a stack on {@code port} that is as {@code setup} says; the world closes it. */
    ScriptHost start(World world, Port port, ScriptSetup setup);

    /** Whether a setting of the system that a script makes can be made. */
    default boolean knows(String setting, String value) {
      return false;
    }
  }

  /** Which way a connection is shut down. */
  enum Shutdown {
    /** Nothing more is read. */
    READ,
    /** Nothing more is written. */
    WRITE,
    /** Both. */
    BOTH
  }

  /** {@code poll}: there is something to read. */
  int POLLIN = 1;

  /** {@code poll}: there is room to write. */
  int POLLOUT = 4;

  /** {@code poll}: an error waits. */
  int POLLERR = 8;

  /** {@code poll}: both directions are closed. */
  int POLLHUP = 16;

  /** {@code poll}: the peer writes no more. */
  int POLLRDHUP = 0x2000;

  /** A new socket: of a stream (TCP) or for datagrams (UDP). Returns its descriptor. */
  int socket(boolean stream);

  /** Binds a socket; port 0 for any. */
  int bind(int fd, IpAddress address, int port);

  /** Lets a bound stream socket accept connections. */
  int listen(int fd, int backlog);

  /** The descriptor of the next connection. */
  int accept(int fd);

  /** Starts to connect: 0 if that was all, {@link Errno#EINPROGRESS} if it goes on. */
  int connect(int fd, IpAddress address, int port);

  /** How a connect goes: 0 once connected, {@link Errno#EINPROGRESS}, or what went wrong. */
  int connected(int fd);

  /** Sends so many zeros; returns how many were taken. */
  int send(int fd, int length);

  /** Sends a datagram of so many zeros. */
  int sendTo(int fd, int length, IpAddress address, int port);

  /** Receives up to so many bytes: how many there were, 0 at the end of a stream. */
  int receive(int fd, int length);

  /** Shuts a connection down. */
  int shutdown(int fd, Shutdown how);

  /** Closes a socket. */
  int close(int fd);

  /** Sets an option, by the names that Linux gives level and option. */
  int setOption(int fd, String level, String name, long... values);

  /** An option's value. */
  long getOption(int fd, String level, String name);

  /** The {@code POLL} bits that hold now, whether asked for or not. */
  int poll(int fd);

  /** The port that a socket has, 0 if none. */
  int localPort(int fd);
}
