package io.millrace.os;

import io.millrace.flow.Toeplitz;

/**
 * What a network card says about how it spreads flows over its queues, see {@link Ethtool}.
 *
 * @param toeplitz its key and indirection table; null if it does not hash so or does not say
 * @param reason why there is none, as a half sentence for people ("it does not say its hash key");
 *     empty if there is one
 */
public record ReceiveHash(Toeplitz toeplitz, String reason) {
  static ReceiveHash of(Toeplitz toeplitz) {
    return new ReceiveHash(toeplitz, "");
  }

  static ReceiveHash none(String reason) {
    return new ReceiveHash(null, reason);
  }
}
