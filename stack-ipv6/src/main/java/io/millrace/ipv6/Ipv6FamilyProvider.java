package io.millrace.ipv6;

import io.millrace.ip.IpFamily;
import io.millrace.ip.IpFamilyProvider;
import io.millrace.net.Shard;

/** Brings IPv6 into a stack; found as a service. */
public final class Ipv6FamilyProvider implements IpFamilyProvider {
  /** Called by {@link java.util.ServiceLoader}. */
  public Ipv6FamilyProvider() {}

  @Override
  public int version() {
    return 6;
  }

  @Override
  public IpFamily create(Shard shard) {
    return new Ipv6Family(
        shard,
        shard.setting(Ipv6Config.class, Ipv6Config.defaults()),
        shard.setting(Ipv6Autoconf.class, Ipv6Autoconf.defaults()));
  }
}
