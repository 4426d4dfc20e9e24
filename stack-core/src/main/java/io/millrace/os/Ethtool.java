package io.millrace.os;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import io.millrace.flow.Toeplitz;
import java.lang.foreign.Arena;

/**
 * Asks a network interface's driver what {@code ethtool(8)} asks: which driver, how many queues,
 * which offloads, by which hash it spreads flows (linux/ethtool.h, ioctl {@code SIOCETHTOOL}).
 *
 * <p>Reading needs no privilege, except where a driver wants it; setting needs CAP_NET_ADMIN. What
 * an interface does not have it answers with {@link Linux#EOPNOTSUPP}: a veth has no hash, a TAP no
 * channels. Cold; one thread at a time.
 */
public final class Ethtool implements AutoCloseable {
  /** An offload that can be asked for and switched. */
  public enum Feature {
    /** Verifies checksums of received packets. */
    RX_CHECKSUM(0x14),
    /** Fills in checksums of packets to be sent. */
    TX_CHECKSUM(0x16),
    /** Cuts TCP segments of up to 64 KiB. */
    TCP_SEGMENTATION(0x1e),
    /** Merges received packets (GRO). */
    MERGE_RECEIVED(0x2b);

    private final int get;

    Feature(int get) {
      this.get = get;
    }
  }

  private static final int SIOCETHTOOL = 0x8946;

  private static final int GET_DRIVER = 0x3;
  private static final int GET_LINK = 0xa;
  private static final int GET_CHANNELS = 0x3c;
  private static final int GET_HASH = 0x46;
  private static final int SET_HASH = 0x47;

  /** The longest answer: a hash's header, 4096 entries, 256 bytes of key. */
  private static final int ROOM = 24 + 4 * 4096 + 256;

  private final Arena arena = Arena.ofConfined();
  private final long data;
  private final NetworkDevice device;

  /** Asks through {@code device}, which stays the caller's and open for as long as this is. */
  public Ethtool(NetworkDevice device) {
    this.device = device;
    data = arena.allocate(ROOM, 8).address();
  }

  private int call(int command) {
    Bytes.put32Native(data, command);
    Bytes.put64Native(device.value(), data);
    return device.request(SIOCETHTOOL);
  }

  /**
   * The name of the interface's driver ({@code veth}, {@code tun}, {@code ixgbe}), empty if it does
   * not say.
   */
  public String driver() {
    // struct ethtool_drvinfo: command u32, driver[32], version[32], firmware[32], bus[32], ...
    return call(GET_DRIVER) < 0 ? "" : text(data + 4);
  }

  /** Where the driver says its device is: a PCI address; {@code tap} or {@code tun} of a TUN. */
  public String bus() {
    return call(GET_DRIVER) < 0 ? "" : text(data + 100);
  }

  private static String text(long at) {
    return Bytes.segment(at, 32).getString(0, US_ASCII);
  }

  /** Whether the cable is plugged in: 1 or 0, or a negated errno. */
  public int link() {
    int result = call(GET_LINK);
    return result < 0 ? result : Bytes.i32Native(data + 4);
  }

  /**
   * How many queues can both receive and transmit, at least 1, or a negated errno: {@link
   * Linux#EOPNOTSUPP} from a driver with a single one.
   */
  public int queues() {
    int result = call(GET_CHANNELS);
    return result < 0 ? result : queues(data);
  }

  /**
   * The queues in a {@code struct ethtool_channels}: command, then how many there may be and are.
   *
   * <pre>
   *   4       8       12          16             20     24     28        32
   *  +-------+-------+-----------+--------------+------+------+---------+------------+
   *  | max rx| max tx| max other | max combined |  rx  |  tx  |  other  |  combined  |
   *  +-------+-------+-----------+--------------+------+------+---------+------------+
   * </pre>
   */
  static int queues(long channels) {
    int receive = Bytes.i32Native(channels + 20);
    int transmit = Bytes.i32Native(channels + 24);
    int both = Bytes.i32Native(channels + 32);
    return Math.max(1, both + Math.min(receive, transmit));
  }

  /** Whether an offload is on: 1 or 0, or a negated errno. */
  public int feature(Feature feature) {
    // struct ethtool_value: command u32, value u32.
    int result = call(feature.get);
    return result < 0 ? result : Bytes.i32Native(data + 4) == 0 ? 0 : 1;
  }

  /** Switches an offload; 0, or a negated errno. */
  public int feature(Feature feature, boolean on) {
    Bytes.put32Native(data + 4, on ? 1 : 0);
    return call(feature.get + 1);
  }

  /** The hash by which the device spreads flows over its queues. */
  public ReceiveHash receiveHash() {
    RssMessage message = new RssMessage(data);
    message.askSizes();
    int result = call(GET_HASH);
    if (result == -Linux.EOPNOTSUPP) {
      return ReceiveHash.none("it has no hash to spread flows by");
    }
    if (result < 0) {
      return ReceiveHash.none("it does not say its hash: " + Linux.describe(result));
    }
    if (message.size() > ROOM) {
      return ReceiveHash.none("its indirection table is too long");
    }
    result = call(GET_HASH);
    return result < 0
        ? ReceiveHash.none("it does not say its hash: " + Linux.describe(result))
        : message.hash();
  }

  /**
   * Gives the device a key and an indirection table, stretched to its own sizes, which changes
   * neither a hash nor a queue; 0, or a negated errno: {@link Linux#EINVAL} where its table is
   * shorter.
   */
  public int receiveHash(Toeplitz toeplitz) {
    RssMessage message = new RssMessage(data);
    message.askSizes();
    int result = call(GET_HASH);
    if (result < 0) {
      return result;
    }
    if (message.size() > ROOM || !message.set(toeplitz)) {
      return -Linux.EINVAL;
    }
    return call(SET_HASH);
  }

  @Override
  public void close() {
    arena.close();
  }
}
