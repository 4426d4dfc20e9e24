package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A message between client and server (RFC 8415 §8): type, transaction, options of (code, length,
 * value).
 */
final class Dhcp6Message {
  static final int SOLICIT = 1;
  static final int ADVERTISE = 2;
  static final int REQUEST = 3;
  static final int CONFIRM = 4;
  static final int RENEW = 5;
  static final int REBIND = 6;
  static final int REPLY = 7;
  static final int RELEASE = 8;
  static final int DECLINE = 9;
  static final int INFORMATION_REQUEST = 11;

  static final int CLIENT_ID = 1;
  static final int SERVER_ID = 2;
  static final int IA_NA = 3;
  static final int IA_ADDRESS = 5;
  static final int OPTION_REQUEST = 6;
  static final int PREFERENCE = 7;
  static final int ELAPSED = 8;
  static final int STATUS = 13;
  static final int RAPID_COMMIT = 14;
  static final int DNS_SERVERS = 23;
  static final int DOMAINS = 24;
  static final int IA_PD = 25;
  static final int IA_PREFIX = 26;
  static final int REFRESH_TIME = 32;
  static final int SOL_MAX_RT = 82;
  static final int INF_MAX_RT = 83;

  // Status codes (§21.13).
  static final int SUCCESS = 0;
  static final int NO_BINDING = 3;
  static final int NOT_ON_LINK = 4;

  static final int HEADER = 4;
  private static final int MOST_ENTRIES = 16;

  /** An option's value. */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Option(int code, byte[] value) {}

  /**
   * One identity association.
   *
   * @param t1 seconds, 0 if the client is to choose
   * @param t2 seconds, 0 if the client is to choose
   * @param status 0 for success
   */
  record Association(long t1, long t2, int status, List<Option> entries) {}

  private final int type;
  private final int transaction;
  private final List<Option> options;

  private Dhcp6Message(int type, int transaction, List<Option> options) {
    this.type = type;
    this.transaction = transaction;
    this.options = options;
  }

  /** Reads a message; null if it is malformed. */
  static Dhcp6Message read(byte[] bytes) {
    if (bytes.length < HEADER) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int first = buffer.getInt();
    List<Option> options = options(buffer);
    return options == null ? null : new Dhcp6Message(first >>> 24, first & 0xff_ffff, options);
  }

  private static List<Option> options(ByteBuffer from) {
    List<Option> all = new ArrayList<>();
    while (from.remaining() >= 4) {
      int code = from.getShort() & 0xffff;
      int length = from.getShort() & 0xffff;
      if (length > from.remaining()) {
        return null;
      }
      byte[] value = new byte[length];
      from.get(value);
      all.add(new Option(code, value));
    }
    return from.hasRemaining() ? null : all;
  }

  int type() {
    return type;
  }

  int transaction() {
    return transaction;
  }

  /** The value of an option, or null if it is not there. */
  byte[] value(int code) {
    return value(options, code);
  }

  private static byte[] value(List<Option> options, int code) {
    for (Option each : options) {
      if (each.code() == code) {
        return each.value();
      }
    }
    return null;
  }

  boolean has(int code) {
    return value(code) != null;
  }

  /** The code of a status option, 0 for success, which is also what its absence means (§21.13). */
  int status() {
    return status(options);
  }

  private static int status(List<Option> options) {
    byte[] value = value(options, STATUS);
    return value == null || value.length < 2 ? 0 : ByteBuffer.wrap(value).getShort() & 0xffff;
  }

  /** 0 to 255 (§21.8). */
  int preference() {
    byte[] value = value(PREFERENCE);
    return value == null || value.length != 1 ? 0 : value[0] & 0xff;
  }

  /** A number of 32 bits, unsigned, or {@code otherwise} if it is not there or malformed. */
  long number(int code, long otherwise) {
    byte[] value = value(code);
    return value == null || value.length != 4
        ? otherwise
        : ByteBuffer.wrap(value).getInt() & 0xffff_ffffL;
  }

  /** The association of a kind with this number, or null if it is not there or malformed. */
  Association association(int kind, int number) {
    for (Option each : options) {
      if (each.code() == kind && each.value().length >= 12) {
        ByteBuffer buffer = ByteBuffer.wrap(each.value());
        int iaid = buffer.getInt();
        long t1 = buffer.getInt() & 0xffff_ffffL;
        long t2 = buffer.getInt() & 0xffff_ffffL;
        List<Option> inner = options(buffer);
        // §21.4, §21.21: T1 greater than T2 makes the option invalid.
        boolean valid = inner != null && (t2 == 0 || t1 <= t2);
        if (iaid == number && valid) {
          return new Association(t1, t2, status(inner), inner);
        }
      }
    }
    return null;
  }

  /** An address or a prefix as it stands in an association; lifetimes in seconds. */
  record Entry(IpPrefix prefix, long preferred, long valid) {}

  /**
   * The usable entries of an association: of a success, with lifetimes in order (§21.6, §21.22).
   */
  static List<Entry> entries(Association association, int kind) {
    List<Entry> all = new ArrayList<>();
    for (Option each : association.entries()) {
      Entry entry = each.code() == kind ? entry(each.value(), kind == IA_PREFIX) : null;
      if (entry != null && all.size() < MOST_ENTRIES) {
        all.add(entry);
      }
    }
    return all;
  }

  private static Entry entry(byte[] value, boolean prefix) {
    if (value.length < (prefix ? 25 : 24)) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    IpAddress address = prefix ? null : address(buffer);
    long preferred = buffer.getInt() & 0xffff_ffffL;
    long valid = buffer.getInt() & 0xffff_ffffL;
    int length = prefix ? buffer.get() & 0xff : 128;
    address = prefix ? address(buffer) : address;
    List<Option> inner = options(buffer);
    boolean unicast = address.hi() >>> 56 != 0xff && (address.hi() | address.lo() >>> 1) != 0;
    boolean usable = unicast && !address.isV4() && length >= 1 && length <= 128;
    return inner == null || status(inner) != 0 || preferred > valid || !usable
        ? null
        : new Entry(new IpPrefix(address, length), preferred, valid);
  }

  private static IpAddress address(ByteBuffer from) {
    return new IpAddress(from.getLong(), from.getLong());
  }

  List<IpAddress> dnsServers() {
    List<IpAddress> all = new ArrayList<>();
    byte[] value = value(DNS_SERVERS);
    if (value != null && value.length % 16 == 0) {
      ByteBuffer buffer = ByteBuffer.wrap(value);
      while (buffer.hasRemaining()) {
        all.add(address(buffer));
      }
    }
    return all;
  }

  /** Domains in the form of DNS, without compression (§10); none if that is broken. */
  List<String> domains() {
    List<String> all = new ArrayList<>();
    byte[] value = value(DOMAINS);
    StringBuilder name = new StringBuilder();
    for (int at = 0; value != null && at < value.length; ) {
      int length = value[at++] & 0xff;
      if (length > 63 || length > value.length - at) {
        return List.of();
      }
      if (length == 0) {
        if (!name.isEmpty()) {
          all.add(name.toString());
        }
        name.setLength(0);
        continue;
      }
      name.append(name.isEmpty() ? "" : ".");
      name.append(new String(value, at, length, StandardCharsets.ISO_8859_1));
      at += length;
    }
    return name.isEmpty() && all.stream().allMatch(Dhcp6Message::isPlain) ? all : List.of();
  }

  private static boolean isPlain(String domain) {
    return domain.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  /** Writes a message. */
  static final class Writer {
    private final ByteBuffer buffer = ByteBuffer.allocate(2_048);

    Writer(int type, int transaction) {
      buffer.putInt(type << 24 | transaction);
    }

    Writer option(int code, byte... value) {
      buffer.putShort((short) code).putShort((short) value.length).put(value);
      return this;
    }

    /** An association with entries of code and value; T1 and T2 are 0: the server chooses. */
    Writer association(int kind, int number, List<Option> entries) {
      int length = 12 + entries.stream().mapToInt(each -> 4 + each.value().length).sum();
      buffer.putShort((short) kind).putShort((short) length).putInt(number).putLong(0);
      entries.forEach(each -> option(each.code(), each.value()));
      return this;
    }

    byte[] end() {
      return Arrays.copyOf(buffer.array(), buffer.position());
    }
  }
}
