package io.millrace.futures;

import io.millrace.ip.IpAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Asks the JDK, and through it the system, on a thread that may block: never on the shard's.
 * Literals are parsed by the caller.
 */
final class JdkResolver implements NameResolver {
  @Override
  public CompletableFuture<List<IpAddress>> resolve(String host) {
    if (isLiteral(host)) {
      try {
        return CompletableFuture.completedFuture(List.of(IpAddress.parse(host)));
      } catch (IllegalArgumentException e) {
        return CompletableFuture.failedFuture(unknown(host, e));
      }
    }
    CompletableFuture<List<IpAddress>> answer = new CompletableFuture<>();
    Thread.ofVirtual().name("millrace-resolve").start(() -> ask(host, answer));
    return answer;
  }

  private static void ask(String host, CompletableFuture<List<IpAddress>> answer) {
    try {
      answer.complete(Stream.of(InetAddress.getAllByName(host)).map(IpAddress::of).toList());
    } catch (UnknownHostException e) {
      answer.completeExceptionally(e);
    }
  }

  /** No host name consists of digits and dots only (RFC 1123 §2.1) or has a colon in it. */
  private static boolean isLiteral(String host) {
    return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  private static UnknownHostException unknown(String host, IllegalArgumentException cause) {
    UnknownHostException e = new UnknownHostException(host + ": " + cause.getMessage());
    e.initCause(cause);
    return e;
  }
}
