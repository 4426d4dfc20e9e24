package io.millrace.apps.iperf;

/** The other end of a control connection says what cannot be understood. */
final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1L;

  ProtocolException(String sentence) {
    super(sentence);
  }
}
