package io.millrace.ipv4;

import io.millrace.ip.IpFamily;
import io.millrace.ip.IpFamilyProvider;
import io.millrace.net.Shard;

/** Brings IPv4 into a stack; found as a service. */
public final class Ipv4FamilyProvider implements IpFamilyProvider {
  /** Called by {@link java.util.ServiceLoader}. */
  public Ipv4FamilyProvider() {}

  @Override
  public int version() {
    return 4;
  }

  @Override
  public IpFamily create(Shard shard) {
    return new Ipv4Family(shard, shard.setting(Ipv4Config.class, Ipv4Config.defaults()));
  }
}
