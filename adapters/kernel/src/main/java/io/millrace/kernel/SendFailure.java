package io.millrace.kernel;

import io.millrace.udp.SendResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;

/** Puts the kernel's refusal of a datagram into the words of the API. */
final class SendFailure {
  private SendFailure() {}

  /**
   * The result that an exception stands for.
   *
   * @throws UncheckedIOException if it is none that the API knows
   */
  static SendResult of(IOException e) {
    // The kernel's words are all that java.net passes on.
    String words = String.valueOf(e.getMessage());
    if (words.contains("too long")) {
      return SendResult.TOO_BIG;
    }
    if (words.contains("ermission denied")) {
      return SendResult.NOT_PERMITTED;
    }
    if (e instanceof NoRouteToHostException || words.contains("unreachable")) {
      return SendResult.NO_ROUTE;
    }
    if (e instanceof PortUnreachableException || words.contains("buffer space")) {
      return SendResult.WOULD_BLOCK;
    }
    throw new UncheckedIOException("the kernel does not send a datagram: " + words, e);
  }
}
