package io.millrace.script.sockets;

/** The errors of system calls, by the names and numbers that Linux gives them. */
public enum Errno {
  /** Interrupted. */
  EINTR(4),
  /** No such descriptor. */
  EBADF(9),
  /** Not now; ask again. */
  EAGAIN(11),
  /** Out of memory. */
  ENOMEM(12),
  /** Not permitted. */
  EACCES(13),
  /** An argument is wrong. */
  EINVAL(22),
  /** The other end reads no more. */
  EPIPE(32),
  /** No destination was given. */
  EDESTADDRREQ(89),
  /** Larger than a datagram can be. */
  EMSGSIZE(90),
  /** No such option. */
  ENOPROTOOPT(92),
  /** No such protocol. */
  EPROTONOSUPPORT(93),
  /** Not with this kind of socket. */
  EOPNOTSUPP(95),
  /** The address is taken. */
  EADDRINUSE(98),
  /** Not an address of ours. */
  EADDRNOTAVAIL(99),
  /** No route. */
  ENETUNREACH(101),
  /** The connection was given up. */
  ECONNABORTED(103),
  /** The peer reset the connection. */
  ECONNRESET(104),
  /** No buffers. */
  ENOBUFS(105),
  /** Connected already. */
  EISCONN(106),
  /** Not connected. */
  ENOTCONN(107),
  /** The socket was shut down. */
  ESHUTDOWN(108),
  /** No answer. */
  ETIMEDOUT(110),
  /** Nobody listens there. */
  ECONNREFUSED(111),
  /** The host cannot be reached. */
  EHOSTUNREACH(113),
  /** An earlier connect is still under way. */
  EALREADY(114),
  /** The connect is under way. */
  EINPROGRESS(115);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /** The number, above 0. */
  public int number() {
    return number;
  }

  /** What a call that fails with it returns: the number, negative. */
  public int failure() {
    return -number;
  }

  /** The error's name for a call's negative return value, or the number if it is none of these. */
  public static String name(long failure) {
    for (Errno each : values()) {
      if (each.number == -failure) {
        return each.name();
      }
    }
    return "errno " + -failure;
  }
}
