package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetInterface;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** The addresses that the stack makes for itself, on its first shard. */
final class Autoconf implements AddressTable.Listener {
  private static final Logger LOG = System.getLogger("io.millrace.nd");

  /** IDGEN_RETRIES of RFC 7217 §6, and TEMP_IDGEN_RETRIES of RFC 8981 §3.8. */
  private static final int RETRIES = 3;

  private final AddressTable addresses;
  private final InterfaceIds ids;

  Autoconf(NdHost host, AddressTable addresses, Ipv6Autoconf config) {
    this.addresses = addresses;
    this.ids = new InterfaceIds(config.secret(), host.shard().random());
    addresses.listener(this);
  }

  /** Makes the link-local address (RFC 4862 §5.3). */
  void linkLocal(NetInterface on, int attempt, long now) {
    long id = ids.stable(NdAddress.LINK_LOCAL_HI, on, attempt);
    addresses.claim(
        on,
        new IpPrefix(new IpAddress(NdAddress.LINK_LOCAL_HI, id), 64),
        AddressClaim.Origin.LINK_LOCAL,
        attempt,
        false,
        Long.MAX_VALUE,
        Long.MAX_VALUE,
        now);
  }

  @Override
  public void onAssigned(AddressClaim claim, long now) {}

  @Override
  public void onRefused(AddressClaim claim, long now) {
    int attempt = claim.attempt() + 1;
    if (claim.origin() == AddressClaim.Origin.CONFIGURED) {
      return;
    }
    if (attempt > RETRIES) {
      LOG.log(
          Level.WARNING,
          "{0}: {1} addresses in a row were taken by others; giving up",
          claim.on(),
          attempt);
      return;
    }
    if (claim.origin() == AddressClaim.Origin.LINK_LOCAL) {
      linkLocal(claim.on(), attempt, now);
    }
  }
}
