package io.millrace.name;

import io.millrace.ip.IpAddress;
import java.io.IOException;
import java.util.List;

/** Whom the addresses of a host are told. Called on the shard's thread; must not block. */
public interface NameAnswer {
  /**
   * The addresses of one family.
   *
   * @param version 4 or 6
   * @param addresses at least one, in the server's order
   */
  void onAddresses(int version, List<IpAddress> addresses);

  /**
   * There are none.
   *
   * @param version 4 or 6
   * @param reason {@link java.net.UnknownHostException} if the host has no address of this family,
   *     or else why nobody could say
   */
  void onFailure(int version, IOException reason);
}
