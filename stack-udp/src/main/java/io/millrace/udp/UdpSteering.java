package io.millrace.udp;

import io.millrace.buf.Bytes;

/**
 * Which shard gets the datagrams to a port that carries a tunnel: network hardware hashes only the
 * tunnel's own addresses, which are the same for all that is inside. Given to {@code
 * NetStack.Builder.with}.
 *
 * <p>Where the shard that the hash says has the port bound, a datagram that came in elsewhere is
 * handed over to it.
 *
 * @param port the tunnel's port, 1 to 65535
 * @param hash of what is inside
 */
public record UdpSteering(int port, PayloadHash hash) {
  /** GTP-U's port (3GPP TS 29.281 §4.4.2.3). */
  public static final int GTP_U_PORT = 2152;

  private static final int GTP_HEADER = 8;

  /** Checks the range. */
  public UdpSteering {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
    }
    java.util.Objects.requireNonNull(hash);
  }

  /** A hash of a datagram's payload. Called on the packet path: no allocation. */
  @FunctionalInterface
  public interface PayloadHash {
    /** Says that a datagram may stay where it came in. */
    int NONE = -1;

    /**
     * The hash.
     *
     * @param payload the address of the first byte behind UDP's header
     * @param length bytes of payload, 0 or more: nothing behind them may be read
     * @return 0 or more; or {@link #NONE}
     */
    int hash(long payload, int length);
  }

  /** Steers GTP-U by its tunnel endpoint identifier, so that a tunnel's packets share a shard. */
  public static UdpSteering gtpU() {
    return new UdpSteering(GTP_U_PORT, UdpSteering::hashOfTunnel);
  }

  /** 3GPP TS 29.281 §5.1: version 1 of GTP, the identifier in the second word; 0 is signalling. */
  private static int hashOfTunnel(long payload, int length) {
    if (length < GTP_HEADER || Bytes.u8(payload) >>> 4 != 3) {
      return PayloadHash.NONE;
    }
    int tunnel = Bytes.i32(payload + 4);
    // Identifiers are often given out one after the other, or in steps of a power of two.
    return tunnel == 0 ? PayloadHash.NONE : tunnel * 0x9e37_79b9 >>> 16;
  }
}
