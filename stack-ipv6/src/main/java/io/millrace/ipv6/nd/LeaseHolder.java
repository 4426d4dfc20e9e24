package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;

/** Who has leased an address: hears that it cannot be used. */
public interface LeaseHolder {
  /**
   * Somebody else has the address; it is not in use, and not in the table any more. On the first
   * shard's thread.
   */
  void onDuplicate(IpAddress address, long now);
}
