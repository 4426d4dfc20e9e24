package io.millrace.ipv4.dhcp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A message (RFC 2131 §2).
 *
 * <pre>
 *   0 op | 1 htype | 2 hlen | 3 hops | 4 xid | 8 secs | 10 flags | 12 ciaddr | 16 yiaddr | 20 siaddr
 *   24 giaddr | 28 chaddr (16) | 44 sname (64) | 108 file (128) | 236 cookie | 240 options
 * </pre>
 *
 * @param type DHCPOFFER, DHCPACK or DHCPNAK
 * @param xid the transaction
 * @param address the address that is given, as 32 bits
 * @param server who says so, as 32 bits
 * @param options all options
 */
record DhcpMessage(int type, int xid, int address, int server, DhcpOptions options) {
  static final int DISCOVER = 1;
  static final int OFFER = 2;
  static final int REQUEST = 3;
  static final int DECLINE = 4;
  static final int ACK = 5;
  static final int NAK = 6;
  static final int RELEASE = 7;

  static final int SNAME = 44;
  static final int FILE = 108;
  static final int COOKIE_AT = 236;
  static final int OPTIONS = 240;

  private static final int COOKIE = 0x63825363;
  private static final int BOOT_REQUEST = 1;
  private static final int BOOT_REPLY = 2;
  private static final int ETHERNET = 1;
  private static final int MAC_SIZE = 6;

  /** Relays and servers of BOOTP drop what is shorter (RFC 951 §3). */
  private static final int LEAST_SIZE = 300;

  /**
   * Reads what a server has sent to {@code client}.
   *
   * @return null if it is malformed, or not for us
   */
  static DhcpMessage read(byte[] bytes, DhcpIdentity client) {
    if (bytes.length < OPTIONS) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    boolean ours =
        bytes[0] == BOOT_REPLY
            && bytes[1] == ETHERNET
            && bytes[2] == MAC_SIZE
            && buffer.getInt(COOKIE_AT) == COOKIE
            && buffer.getLong(28) >>> 16 == client.mac();
    DhcpOptions options = ours ? DhcpOptions.read(bytes) : null;
    if (options == null) {
      return null;
    }
    byte[] echoed = options.bytes(DhcpOptions.CLIENT_ID);
    if (echoed != null && !Arrays.equals(echoed, client.id())) {
      return null; // RFC 6842 §3: for another client behind the same link address
    }
    int type = options.u8(DhcpOptions.MESSAGE_TYPE, 0);
    int server = options.address(DhcpOptions.SERVER);
    boolean known = type == OFFER || type == ACK || type == NAK;
    // RFC 2131 table 3: all three must say which server they come from.
    return known && server != 0
        ? new DhcpMessage(type, buffer.getInt(4), buffer.getInt(16), server, options)
        : null;
  }

  /** Writes messages of one client. */
  static final class Writer {
    private final ByteBuffer buffer = ByteBuffer.allocate(576);

    Writer(int type, int xid, int seconds, int clientAddress, DhcpIdentity client) {
      buffer.put((byte) BOOT_REQUEST).put((byte) ETHERNET).put((byte) MAC_SIZE).put((byte) 0);
      buffer.putInt(xid).putShort((short) seconds).putShort((short) 0);
      buffer.putInt(clientAddress);
      buffer.putLong(28, client.mac() << 16);
      buffer.putInt(COOKIE_AT, COOKIE);
      buffer.position(OPTIONS);
      option(DhcpOptions.MESSAGE_TYPE, (byte) type);
      option(DhcpOptions.CLIENT_ID, client.id());
    }

    Writer option(int code, byte... value) {
      buffer.put((byte) code).put((byte) value.length).put(value);
      return this;
    }

    Writer address(int code, int address) {
      return option(code, ByteBuffer.allocate(4).putInt(address).array());
    }

    /** What we want to know, how much we can take, and what we are called. */
    Writer wishes(DhcpIdentity client, int maxSize) {
      option(
          DhcpOptions.PARAMETERS,
          (byte) DhcpOptions.SUBNET_MASK,
          (byte) DhcpOptions.ROUTES, // RFC 3442: before the router option
          (byte) DhcpOptions.ROUTER,
          (byte) DhcpOptions.DNS,
          (byte) DhcpOptions.DOMAIN,
          (byte) DhcpOptions.MTU,
          (byte) DhcpOptions.LEASE_TIME,
          (byte) DhcpOptions.T1,
          (byte) DhcpOptions.T2);
      option(DhcpOptions.MAX_SIZE, (byte) (maxSize >>> 8), (byte) maxSize);
      if (!client.hostName().isEmpty()) {
        option(DhcpOptions.HOST_NAME, client.hostName().getBytes(StandardCharsets.US_ASCII));
      }
      return this;
    }

    byte[] end() {
      buffer.put((byte) DhcpOptions.END);
      return Arrays.copyOf(buffer.array(), Math.max(LEAST_SIZE, buffer.position()));
    }
  }
}
