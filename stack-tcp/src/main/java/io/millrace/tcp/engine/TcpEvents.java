package io.millrace.tcp.engine;

/** What the application is to be told, as bits. */
public final class TcpEvents {
  /** The connection is established. */
  public static final int CONNECTED = 1;

  /** Data lies in the receive queue. */
  public static final int READABLE = 2;

  /** The send queue has room again. */
  public static final int WRITABLE = 4;

  /** The peer has closed its side; all its data has been received. */
  public static final int FIN = 8;

  /** The connection is over; {@link Tcb#cause()} says why. */
  public static final int CLOSED = 16;

  private TcpEvents() {}
}
