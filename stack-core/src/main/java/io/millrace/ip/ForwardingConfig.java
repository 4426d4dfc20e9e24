package io.millrace.ip;

import java.util.Objects;

/**
 * Makes a stack a router; given to {@link io.millrace.net.NetStack.Builder#with}. A stack without
 * it is a host and forwards nothing.
 *
 * @param reversePath what is asked of source addresses
 * @param redirects whether hosts are told of a better router on their own link (RFC 1812 §5.2.7.2)
 * @param redirectRate redirects per second in the long run, and at once, at least 1
 */
public record ForwardingConfig(ReversePath reversePath, boolean redirects, int redirectRate) {
  /** Checks the ranges. */
  public ForwardingConfig {
    Objects.requireNonNull(reversePath, "reversePath");
    if (redirectRate < 1) {
      throw new IllegalArgumentException("at least 1 redirect a second, not " + redirectRate);
    }
  }

  /** Reverse paths are checked strictly; redirects are sent, 10 a second. */
  public static ForwardingConfig defaults() {
    return new ForwardingConfig(ReversePath.STRICT, true, 10);
  }

  /** The same with another check of source addresses. */
  public ForwardingConfig withReversePath(ReversePath newReversePath) {
    return new ForwardingConfig(newReversePath, redirects, redirectRate);
  }

  /** The same with redirects on or off. */
  public ForwardingConfig withRedirects(boolean newRedirects) {
    return new ForwardingConfig(reversePath, newRedirects, redirectRate);
  }
}
