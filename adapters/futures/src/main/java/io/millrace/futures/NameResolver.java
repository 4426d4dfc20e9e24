package io.millrace.futures;

import io.millrace.ip.IpAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Turns host names into addresses. Called by any thread. */
@FunctionalInterface
public interface NameResolver {
  /**
   * The addresses of a host, at least one, the best first. Returns at once, and completes at once
   * for a literal address.
   *
   * @return fails with {@link java.net.UnknownHostException} if there are none
   */
  CompletableFuture<List<IpAddress>> resolve(String host);
}
