package io.millrace.name;

import io.millrace.net.Shard;

/**
 * Turns host names into addresses on one shard; found through {@link NameServiceProvider}.
 *
 * <p><b>Thread:</b> the shard's.
 */
public interface NameService {
  /**
   * Name resolution of a shard.
   *
   * @throws IllegalStateException if the stack was started without it
   */
  static NameService of(Shard shard) {
    if (shard.names() == null) {
      throw new IllegalStateException(
          "this stack cannot resolve names: put millrace-dns on the module path");
    }
    return shard.names();
  }

  /** Whether there is anybody to ask; if not, only hosts files and literals are known. */
  boolean isConfigured();

  /**
   * Asks for the addresses of a host, IPv4 and IPv6 at the same time. A literal address is answered
   * without asking anybody. The answers may come before this method returns.
   *
   * @param host a name such as {@code www.example.org}, or an address
   * @param answer called once for each family that {@code families} has
   * @return what gives the question up
   */
  Lookup resolve(String host, Families families, NameAnswer answer);

  /** Which addresses are wanted. */
  enum Families {
    /** Only IPv4. */
    IPV4,
    /** Only IPv6. */
    IPV6,
    /** Both. */
    BOTH;

    /** Whether a family is wanted: 4 or 6. */
    public boolean has(int version) {
      return this == BOTH || (this == IPV4) == (version == 4);
    }
  }

  /** A question that has been asked. */
  interface Lookup {
    /** Gives it up: no answer comes after this call. Calling it again does nothing. */
    void cancel();
  }
}
