package io.millrace.dns;

import io.millrace.ip.IpAddress;
import java.util.List;
import org.xbill.DNS.Name;

/** What the answer to a question comes to. */
sealed interface Reply {
  /** How long it may be kept, in seconds; 0 if not at all. */
  long ttl();

  /** The addresses, at least one. */
  record Addresses(List<IpAddress> list, long ttl) implements Reply {}

  /** The name stands for another one, of which the answer does not say the addresses. */
  record Alias(Name target, long ttl) implements Reply {}

  /**
   * There is nothing (RFC 2308 §2).
   *
   * @param noSuchName whether there is no such name at all
   */
  record Nothing(boolean noSuchName, long ttl) implements Reply {}

  /** No server could say. */
  record Failed(String why, long ttl) implements Reply {}
}
