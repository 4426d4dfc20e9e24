package io.millrace.ipv4.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The options of a received message, each put together from its parts (RFC 3396 §7). */
public final class DhcpOptions {
  static final int PAD = 0;
  static final int SUBNET_MASK = 1;
  static final int ROUTER = 3;
  static final int DNS = 6;
  static final int HOST_NAME = 12;
  static final int DOMAIN = 15;
  static final int MTU = 26;
  static final int REQUESTED_ADDRESS = 50;
  static final int LEASE_TIME = 51;
  static final int OVERLOAD = 52;
  static final int MESSAGE_TYPE = 53;
  static final int SERVER = 54;
  static final int PARAMETERS = 55;
  static final int MAX_SIZE = 57;
  static final int T1 = 58;
  static final int T2 = 59;
  static final int CLIENT_ID = 61;
  static final int ROUTES = 121;
  static final int END = 255;

  private static final int OVERLOAD_FILE = 1;
  private static final int OVERLOAD_SNAME = 2;

  private final ByteArrayOutputStream[] parts = new ByteArrayOutputStream[256];

  private DhcpOptions() {}

  /**
   * Reads the options of a message.
   *
   * @return null if one of them is longer than its field
   */
  static DhcpOptions read(byte[] message) {
    DhcpOptions options = new DhcpOptions();
    if (!options.add(message, DhcpMessage.OPTIONS, message.length)) {
      return null;
    }
    int overload = options.u8(OVERLOAD, 0);
    // RFC 3396 §5: the file field comes before that of the server's name.
    boolean whole =
        ((overload & OVERLOAD_FILE) == 0
                || options.add(message, DhcpMessage.FILE, DhcpMessage.COOKIE_AT))
            && ((overload & OVERLOAD_SNAME) == 0
                || options.add(message, DhcpMessage.SNAME, DhcpMessage.FILE));
    return whole ? options : null;
  }

  private boolean add(byte[] from, int start, int end) {
    int at = start;
    while (at < end) {
      int code = from[at++] & 0xff;
      if (code == END) {
        return true;
      }
      if (code == PAD) {
        continue;
      }
      if (at == end) {
        return false;
      }
      int length = from[at++] & 0xff;
      if (length > end - at) {
        return false;
      }
      if (parts[code] == null) {
        parts[code] = new ByteArrayOutputStream();
      }
      parts[code].write(from, at, length);
      at += length;
    }
    // RFC 2131 §4.1 asks for an end option; servers that leave it out are understood.
    return true;
  }

  /** The bytes of an option, or null if it is not there. */
  byte[] bytes(int code) {
    return parts[code] == null ? null : parts[code].toByteArray();
  }

  int u8(int code, int otherwise) {
    byte[] bytes = bytes(code);
    return bytes == null || bytes.length != 1 ? otherwise : bytes[0] & 0xff;
  }

  int u16(int code, int otherwise) {
    byte[] bytes = bytes(code);
    return bytes == null || bytes.length != 2
        ? otherwise
        : ByteBuffer.wrap(bytes).getShort() & 0xffff;
  }

  long u32(int code, long otherwise) {
    byte[] bytes = bytes(code);
    return bytes == null || bytes.length != 4
        ? otherwise
        : ByteBuffer.wrap(bytes).getInt() & 0xffff_ffffL;
  }

  /** An address as 32 bits, 0 if the option is not there or no address. */
  int address(int code) {
    return (int) u32(code, 0);
  }

  /** All addresses of an option; none if its length is no multiple of 4. */
  List<IpAddress> addresses(int code) {
    byte[] bytes = bytes(code);
    List<IpAddress> all = new ArrayList<>();
    if (bytes != null && bytes.length % 4 == 0) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        all.add(IpAddress.v4(buffer.getInt()));
      }
    }
    return all;
  }

  /** A text, without zeros at its end; empty if it is not there or no plain ASCII. */
  String text(int code) {
    byte[] bytes = bytes(code);
    if (bytes == null) {
      return "";
    }
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == 0) {
      end--;
    }
    boolean plain = text.chars().limit(end).allMatch(c -> c > ' ' && c < 0x7f);
    return plain ? text.substring(0, end) : "";
  }

  /** A route that the server tells of. */
  public record ClasslessRoute(IpPrefix destination, IpAddress via) {}

  /** The routes of option 121 (RFC 3442), or null if it is not there or cannot be read. */
  List<ClasslessRoute> routes() {
    byte[] bytes = bytes(ROUTES);
    if (bytes == null) {
      return null;
    }
    List<ClasslessRoute> all = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      int length = buffer.get() & 0xff;
      int significant = (length + 7) / 8;
      if (length > 32 || buffer.remaining() < significant + 4) {
        return null;
      }
      int network = 0;
      for (int i = 0; i < significant; i++) {
        network |= (buffer.get() & 0xff) << (24 - 8 * i);
      }
      IpPrefix written = new IpPrefix(IpAddress.v4(network), length);
      // RFC 3442: bits behind the mask are taken for zeros.
      IpAddress masked = IpAddress.v4(network & written.v4Mask());
      all.add(new ClasslessRoute(new IpPrefix(masked, length), IpAddress.v4(buffer.getInt())));
    }
    return all;
  }
}
