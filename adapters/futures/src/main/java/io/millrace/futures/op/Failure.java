package io.millrace.futures.op;

import io.millrace.futures.ConnectionLostException;
import io.millrace.tcp.TcpCloseReason;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/**
 * Why an operation failed. The exception is made by who waits for it, so that its stack trace shows
 * the call that failed.
 */
public record Failure(Kind kind, TcpCloseReason reason, String detail) {
  /** What the exception is. */
  public enum Kind {
    /** The operation's own time is over. */
    TIMEOUT,
    /** Closed by this side before. */
    CLOSED,
    /** Closed by this side while the operation waited. */
    CLOSED_MEANWHILE,
    /** This side has shut its output. */
    OUTPUT_SHUT,
    /** The peer's data ended too early. */
    END,
    /** The host has no address. */
    UNKNOWN_HOST,
    /** The connection was not made. */
    NOT_CONNECTED,
    /** The connection has ended. */
    LOST,
    /** There is no route to the destination. */
    NO_ROUTE,
    /** Nobody listens on the peer's port. */
    PORT_UNREACHABLE,
    /** Anything else; the detail says it. */
    OTHER
  }

  /** A failure without a detail. */
  public static final Failure TIMEOUT = new Failure(Kind.TIMEOUT, null, "timed out");

  /** Closed before. */
  public static final Failure CLOSED = new Failure(Kind.CLOSED, null, "closed");

  /** Closed while waiting. */
  public static final Failure CLOSED_MEANWHILE = new Failure(Kind.CLOSED_MEANWHILE, null, "closed");

  /** The output is shut. */
  public static final Failure OUTPUT_SHUT =
      new Failure(Kind.OUTPUT_SHUT, null, "this side has shut its output");

  /** The peer's data ended too early. */
  public static final Failure END =
      new Failure(Kind.END, null, "the peer has closed its side before all was read");

  /** There is no route. */
  public static final Failure NO_ROUTE =
      new Failure(Kind.NO_ROUTE, null, "there is no route to the destination");

  /** Nobody listens there. */
  public static final Failure PORT_UNREACHABLE =
      new Failure(Kind.PORT_UNREACHABLE, null, "nobody listens on the peer's port");

  /** Another failure, in words. */
  public static Failure other(String detail) {
    return new Failure(Kind.OTHER, null, detail);
  }

  /** What an exception says. */
  static Failure of(IOException e) {
    Kind kind =
        switch (e) {
          case UnknownHostException _ -> Kind.UNKNOWN_HOST;
          case SocketTimeoutException _ -> Kind.TIMEOUT;
          case NoRouteToHostException _ -> Kind.NO_ROUTE;
          case ConnectException _ -> Kind.NOT_CONNECTED;
          default -> Kind.OTHER;
        };
    return new Failure(kind, null, e.getMessage());
  }

  static Failure tooMany(int limit) {
    return other("more than " + limit + " operations wait; raise StreamConfig.maxWaiting");
  }

  static Failure lost(TcpCloseReason reason) {
    return new Failure(Kind.LOST, reason, reason.text());
  }

  static Failure notConnected(TcpCloseReason reason) {
    return new Failure(Kind.NOT_CONNECTED, reason, reason.text());
  }

  static Failure notConnected(String detail) {
    return new Failure(Kind.NOT_CONNECTED, null, detail);
  }

  /** The exception, with {@code who} in its message. */
  public IOException exception(String who) {
    String message = who + ": " + detail;
    return switch (kind) {
      case TIMEOUT -> new SocketTimeoutException(message);
      case CLOSED -> new ClosedChannelException();
      case CLOSED_MEANWHILE -> new AsynchronousCloseException();
      case OUTPUT_SHUT -> new SocketException(message);
      case END -> new EOFException(message);
      case UNKNOWN_HOST -> new UnknownHostException(message);
      case NOT_CONNECTED -> notConnectedException(message);
      case LOST -> new ConnectionLostException(message, reason);
      case NO_ROUTE -> new NoRouteToHostException(message);
      case PORT_UNREACHABLE -> new PortUnreachableException(message);
      case OTHER -> new IOException(message);
    };
  }

  private IOException notConnectedException(String message) {
    if (reason == TcpCloseReason.TIMED_OUT) {
      return new SocketTimeoutException(message);
    }
    if (reason == TcpCloseReason.UNREACHABLE) {
      return new NoRouteToHostException(message);
    }
    return new ConnectException(message);
  }
}
