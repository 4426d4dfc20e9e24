package io.millrace.udp.tunnel;

import io.millrace.flow.ReceiveHash;
import io.millrace.flow.Toeplitz;
import io.millrace.net.Shard;

/**
 * The outer source port of what goes into a tunnel: the same for all packets of an inner flow, and
 * different between flows, so that the network between spreads them over its paths without looking
 * inside (RFC 7348 §5; 3GPP TS 29.281 §4.4.2.3).
 *
 * <p>A port is one of the 16,384 dynamic ones, 49,152 to 65,535, chosen by a keyed hash of the
 * inner addresses and ports. An answer to such a port would find no socket: for tunnels, whose ends
 * answer to the tunnel's own port. <b>Thread:</b> any; immutable.
 */
public final class SourcePorts {
  private static final int FIRST = 49_152;
  private static final int MASK = 0x3fff;

  private final Toeplitz hash;

  private SourcePorts(byte[] key) {
    hash = new Toeplitz(key, 1);
  }

  /** Ports by a key that is drawn now. */
  public static SourcePorts of(Shard shard) {
    byte[] key = new byte[Toeplitz.KEY_SIZE];
    shard.random().nextBytes(key);
    return new SourcePorts(key);
  }

  /**
   * The port for an IP datagram.
   *
   * @param at the address of its network header
   * @param length its bytes there, 0 or more
   */
  public int ofIp(long at, int length) {
    return port(ReceiveHash.ofIp(hash, at, length));
  }

  /** The port for an Ethernet frame. */
  public int ofEthernet(long at, int length) {
    return port(ReceiveHash.of(hash, at, length));
  }

  private static int port(int hash) {
    return FIRST | (hash ^ hash >>> 16) & MASK;
  }
}
