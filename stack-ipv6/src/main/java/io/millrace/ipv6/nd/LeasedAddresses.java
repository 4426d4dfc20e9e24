package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;

/**
 * Addresses that a server has leased: checked as others are (RFC 8415 §18.2.10.1), used for as long
 * as the server says. On the first shard.
 */
final class LeasedAddresses {
  private final AddressTable addresses;
  private final Autoconf lifetimes;

  LeasedAddresses(AddressTable addresses, Autoconf lifetimes) {
    this.addresses = addresses;
    this.lifetimes = lifetimes;
  }

  /** Claims an address, or gives it other times. One that is ours for another reason stays so. */
  void put(
      NetInterface on,
      IpAddress address,
      long preferredUntil,
      long validUntil,
      LeaseHolder holder,
      long now) {
    AddressClaim claim = addresses.find(on, address.hi(), address.lo());
    if (claim == null) {
      // RFC 8415 §21.6: an address says nothing about what is on the link.
      IpPrefix alone = new IpPrefix(address, 128);
      claim = new AddressClaim(addresses, on, alone, AddressClaim.Origin.LEASED, 0);
      claim.heldBy(holder);
      claim.lifetimes(preferredUntil, validUntil);
      addresses.add(claim, false, now);
    } else if (claim.origin() == AddressClaim.Origin.LEASED) {
      AddressState before = claim.usability(now);
      claim.lifetimes(preferredUntil, validUntil);
      if (claim.isAssigned() && claim.usability(now) != before) {
        addresses.publish(claim, now);
      }
    }
    lifetimes.expire(now);
  }

  /** Gives an address up; nothing happens if it was not leased. */
  void remove(NetInterface on, IpAddress address) {
    AddressClaim claim = addresses.find(on, address.hi(), address.lo());
    if (claim != null && claim.origin() == AddressClaim.Origin.LEASED) {
      addresses.remove(claim);
    }
  }
}
