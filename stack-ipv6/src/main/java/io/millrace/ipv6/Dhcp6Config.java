package io.millrace.ipv6;

import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * How addresses and networks are leased by DHCPv6 where a port says {@code dhcp6}, and what is
 * asked for where a router says so; given to {@link io.millrace.net.NetStack.Builder#with}.
 *
 * @param identity who we are to servers (DUID-UUID, RFC 6355), the same after each start; null to
 *     make it of the first port's link address
 * @param rapidCommit whether a server may answer at once with what is ours from then on (RFC 8415
 *     §18.2.1)
 * @param release whether what was leased is given back when the stack closes (RFC 8415 §18.2.7)
 * @param followRouters whether ports with {@code auto} ask for addresses where a router sets the
 *     managed flag, and for DNS servers where it sets the other-configuration flag (RFC 4861 §4.2)
 * @param prefixLength the length of the network that ports with {@code dhcp6} ask for beside an
 *     address (RFC 8415 §6.3), 1 to 64, or 0 for none; the server may give another
 * @param prefixes is given the networks of all ports whenever they have changed, on the first
 *     shard's thread; empty when the last is gone
 */
public record Dhcp6Config(
    UUID identity,
    boolean rapidCommit,
    boolean release,
    boolean followRouters,
    int prefixLength,
    Consumer<List<DelegatedPrefix>> prefixes) {
  /** Checks the ranges. */
  public Dhcp6Config {
    if (prefixLength < 0 || prefixLength > 64) {
      throw new IllegalArgumentException(
          "networks to give out have 1 to 64 bits, or 0 for none: not " + prefixLength);
    }
  }

  /** Of the link address; at once; giving back; following routers; no networks. */
  public static Dhcp6Config defaults() {
    return new Dhcp6Config(null, true, true, true, 0, _ -> {});
  }

  /** The same with another identity. */
  public Dhcp6Config withIdentity(UUID newIdentity) {
    return new Dhcp6Config(
        newIdentity, rapidCommit, release, followRouters, prefixLength, prefixes);
  }

  /** The same with servers that may answer at once, or not. */
  public Dhcp6Config withRapidCommit(boolean newRapidCommit) {
    return new Dhcp6Config(
        identity, newRapidCommit, release, followRouters, prefixLength, prefixes);
  }

  /** The same with leases given back or kept for the next start. */
  public Dhcp6Config withRelease(boolean newRelease) {
    return new Dhcp6Config(
        identity, rapidCommit, newRelease, followRouters, prefixLength, prefixes);
  }

  /** The same with the flags of routers followed, or not. */
  public Dhcp6Config withFollowRouters(boolean newFollowRouters) {
    return new Dhcp6Config(
        identity, rapidCommit, release, newFollowRouters, prefixLength, prefixes);
  }

  /** The same with networks to give out. */
  public Dhcp6Config withPrefixes(int length, Consumer<List<DelegatedPrefix>> listener) {
    return new Dhcp6Config(identity, rapidCommit, release, followRouters, length, listener);
  }
}
