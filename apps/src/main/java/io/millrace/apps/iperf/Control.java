package io.millrace.apps.iperf;

/**
 * The bytes of the control connection. The server names the phase that the test is in; the client
 * ends it.
 *
 * <pre>
 *  client                                server
 *    cookie, 37 bytes                 →
 *                                     ←   PARAM_EXCHANGE
 *    length (4), JSON: parameters     →
 *                                     ←   CREATE_STREAMS
 *    streams: TCP connections that begin with the cookie, or a datagram and its answer
 *                                     ←   TEST_START, TEST_RUNNING
 *    TEST_END                         →
 *                                     ←   EXCHANGE_RESULTS
 *    length (4), JSON: results        →
 *                                     ←   length (4), JSON: results
 *                                     ←   DISPLAY_RESULTS
 *    DONE                             →
 * </pre>
 */
final class Control {
  static final int TEST_START = 1;
  static final int TEST_RUNNING = 2;
  static final int TEST_END = 4;
  static final int PARAM_EXCHANGE = 9;
  static final int CREATE_STREAMS = 10;
  static final int SERVER_TERMINATE = 11;
  static final int CLIENT_TERMINATE = 12;
  static final int EXCHANGE_RESULTS = 13;
  static final int DISPLAY_RESULTS = 14;
  static final int DONE = 16;

  /** The server runs another test. */
  static final int ACCESS_DENIED = -1;

  /** The server cannot do it; two numbers of 4 bytes follow that say why. */
  static final int SERVER_ERROR = -2;

  /** What a client's datagram asks for a stream with, as bytes on the wire. */
  static final int UDP_HELLO = 0x3938_3736;

  /** The server's answer. */
  static final int UDP_WELCOME = 0x3637_3839;

  /** 36 characters and a zero. */
  static final int COOKIE_SIZE = 37;

  private Control() {}
}
