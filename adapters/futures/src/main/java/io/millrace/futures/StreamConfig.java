package io.millrace.futures;

import java.util.Objects;

/**
 * How futures and blocking calls behave on a stack; given to {@code NetStack.builder().with(...)}.
 *
 * @param inputLimit received bytes of a connection that wait for a read before reading is paused,
 *     at least 1; what comes then fills TCP's receive buffer, and the peer's window closes
 * @param maxWaiting operations of one kind that may wait on one connection, socket or listener, at
 *     least 1; one more fails
 * @param backlog accepted connections of a listener that wait for {@code accept}, at least 1; one
 *     more is reset
 * @param datagrams received datagrams of a UDP socket that wait for a {@code receive}, at least 1;
 *     one more is dropped
 * @param resolver turns names into addresses
 */
public record StreamConfig(
    int inputLimit, int maxWaiting, int backlog, int datagrams, NameResolver resolver) {
  private static final StreamConfig DEFAULTS =
      new StreamConfig(64 * 1024, 1_024, 1_024, 256, new JdkResolver());

  /** Checks the ranges. */
  public StreamConfig {
    Objects.requireNonNull(resolver);
    if (inputLimit < 1 || maxWaiting < 1 || backlog < 1 || datagrams < 1) {
      throw new IllegalArgumentException(
          "limits must be at least 1, not "
              + (inputLimit + ", " + maxWaiting + ", " + backlog + " and " + datagrams));
    }
  }

  /** 64 KiB, 1,024 operations, 1,024 connections, 256 datagrams, names resolved by the JDK. */
  public static StreamConfig defaults() {
    return DEFAULTS;
  }

  /** The same with another limit for bytes that wait for a read. */
  public StreamConfig withInputLimit(int bytes) {
    return new StreamConfig(bytes, maxWaiting, backlog, datagrams, resolver);
  }

  /** The same with another limit for operations that wait. */
  public StreamConfig withMaxWaiting(int operations) {
    return new StreamConfig(inputLimit, operations, backlog, datagrams, resolver);
  }

  /** The same with another limit for connections that wait for {@code accept}. */
  public StreamConfig withBacklog(int connections) {
    return new StreamConfig(inputLimit, maxWaiting, connections, datagrams, resolver);
  }

  /** The same with another limit for datagrams that wait. */
  public StreamConfig withDatagrams(int number) {
    return new StreamConfig(inputLimit, maxWaiting, backlog, number, resolver);
  }

  /** The same with another resolver. */
  public StreamConfig withResolver(NameResolver newResolver) {
    return new StreamConfig(inputLimit, maxWaiting, backlog, datagrams, newResolver);
  }
}
