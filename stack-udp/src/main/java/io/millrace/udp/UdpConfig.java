package io.millrace.udp;

/**
 * How UDP is set up on each shard; given to {@code NetStack.Builder.with}.
 *
 * @param maxSockets the number of sockets that can be open at once, 1 to 1,048,576
 * @param hopLimit the time to live or hop limit of new sockets, 1 to 255; or 0 for what the
 *     destination's link says, {@link io.millrace.ip.Route#hopLimit()}
 */
public record UdpConfig(int maxSockets, int hopLimit) {
  /** Checks the ranges. */
  public UdpConfig {
    if (maxSockets < 1 || maxSockets > 1 << 20) {
      throw new IllegalArgumentException(
          "maxSockets " + maxSockets + " is not between 1 and 1048576");
    }
    if (hopLimit < 0 || hopLimit > 255) {
      throw new IllegalArgumentException("hopLimit " + hopLimit + " is not between 0 and 255");
    }
  }

  /** 65,536 sockets, the link's hop limit. */
  public static UdpConfig defaults() {
    return new UdpConfig(65_536, 0);
  }
}
