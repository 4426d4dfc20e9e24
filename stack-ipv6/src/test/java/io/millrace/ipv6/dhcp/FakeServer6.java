package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.dhcp.Dhcp6Message.Option;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Answers as a server would: what it grants can be set, and what else it says. */
public final class FakeServer6 {
  public static final int SOLICIT = Dhcp6Message.SOLICIT;
  public static final int ADVERTISE = Dhcp6Message.ADVERTISE;
  public static final int REQUEST = Dhcp6Message.REQUEST;
  public static final int CONFIRM = Dhcp6Message.CONFIRM;
  public static final int RENEW = Dhcp6Message.RENEW;
  public static final int REBIND = Dhcp6Message.REBIND;
  public static final int REPLY = Dhcp6Message.REPLY;
  public static final int RELEASE = Dhcp6Message.RELEASE;
  public static final int DECLINE = Dhcp6Message.DECLINE;
  public static final int INFORMATION_REQUEST = Dhcp6Message.INFORMATION_REQUEST;

  byte[] duid = {0, 3, 0, 1, 9, 9, 9, 9, 9, 9};

  /** What it grants; null for nothing. */
  public String address = "2001:db8::17";

  public String prefix;

  /** Lifetimes, T1 and T2 in seconds. */
  public long preferred = 1_800;

  public long valid = 3_600;
  public long t1;
  public long t2;

  /** Of its associations, if it is not 0. */
  int status;

  private final List<Option> options = new ArrayList<>();

  /** Says something besides, from now on. */
  public FakeServer6 option(int code, int... value) {
    byte[] bytes = new byte[value.length];
    for (int i = 0; i < value.length; i++) {
      bytes[i] = (byte) value[i];
    }
    options.add(new Option(code, bytes));
    return this;
  }

  /** Names DNS servers from now on. */
  public FakeServer6 dns(String... servers) {
    ByteBuffer all = ByteBuffer.allocate(16 * servers.length);
    for (String each : servers) {
      put(all, IpAddress.parse(each));
    }
    options.add(new Option(Dhcp6Message.DNS_SERVERS, all.array()));
    return this;
  }

  /** A number of 32 bits from now on. */
  FakeServer6 number(int code, long value) {
    return option(
        code, (int) (value >>> 24), (int) (value >>> 16), (int) (value >>> 8), (int) value);
  }

  /** Says nothing besides from now on. */
  FakeServer6 plain() {
    options.clear();
    return this;
  }

  public static int type(byte[] message) {
    return message[0];
  }

  /** A message to who has sent the request. */
  public byte[] reply(int type, byte[] request) {
    Dhcp6Message read = Dhcp6Message.read(request);
    Dhcp6Message.Writer writer =
        new Dhcp6Message.Writer(type, read.transaction())
            .option(Dhcp6Message.CLIENT_ID, read.value(Dhcp6Message.CLIENT_ID))
            .option(Dhcp6Message.SERVER_ID, duid);
    options.forEach(each -> writer.option(each.code(), each.value()));
    associate(writer, Dhcp6Message.IA_NA, address == null ? null : addressEntry());
    associate(writer, Dhcp6Message.IA_PD, prefix == null ? null : prefixEntry());
    return writer.end();
  }

  private void associate(Dhcp6Message.Writer writer, int kind, Option entry) {
    if (entry == null) {
      return;
    }
    int inside = status == 0 ? 4 + entry.value().length : 6;
    ByteBuffer value = ByteBuffer.allocate(12 + inside).putInt(0);
    value.putInt((int) t1).putInt((int) t2);
    if (status == 0) {
      value.putShort((short) entry.code()).putShort((short) entry.value().length);
      value.put(entry.value());
    } else {
      value.putShort((short) Dhcp6Message.STATUS).putShort((short) 2).putShort((short) status);
    }
    writer.option(kind, value.array());
  }

  private Option addressEntry() {
    ByteBuffer value = put(ByteBuffer.allocate(24), IpAddress.parse(address));
    value.putInt((int) preferred).putInt((int) valid);
    return new Option(Dhcp6Message.IA_ADDRESS, value.array());
  }

  private Option prefixEntry() {
    IpPrefix network = IpPrefix.parse(prefix);
    ByteBuffer value = ByteBuffer.allocate(25).putInt((int) preferred).putInt((int) valid);
    put(value.put((byte) network.length()), network.address());
    return new Option(Dhcp6Message.IA_PREFIX, value.array());
  }

  private static ByteBuffer put(ByteBuffer to, IpAddress address) {
    return to.putLong(address.hi()).putLong(address.lo());
  }
}
