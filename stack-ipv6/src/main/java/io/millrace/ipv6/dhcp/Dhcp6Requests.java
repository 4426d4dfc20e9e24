package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.dhcp.Dhcp6Machine.State;
import io.millrace.ipv6.dhcp.Dhcp6Message.Option;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Writes what a client sends, in each of its states. */
final class Dhcp6Requests {
  private static final long HUNDREDTH = 10_000_000;

  private final Dhcp6Wishes wishes;

  Dhcp6Requests(Dhcp6Wishes wishes) {
    this.wishes = wishes;
  }

  /**
   * Writes a message.
   *
   * @param server the DUID of the server that it is for, or null if any may answer
   * @param elapsed nanoseconds since the exchange began
   * @param entries what is asked for, or given back
   */
  byte[] write(
      State state, int type, int transaction, byte[] server, long elapsed, List<Option> entries) {
    Dhcp6Message.Writer writer = new Dhcp6Message.Writer(type, transaction);
    writer.option(Dhcp6Message.CLIENT_ID, wishes.duid());
    if (server != null) {
      writer.option(Dhcp6Message.SERVER_ID, server);
    }
    int hundredths = (int) Math.min(0xffff, elapsed / HUNDREDTH); // §21.9
    writer.option(Dhcp6Message.ELAPSED, (byte) (hundredths >>> 8), (byte) hundredths);
    switch (state) {
      case CONFIRMING, RETURNING -> {}
      case INFORMING -> request(writer, Dhcp6Message.REFRESH_TIME, Dhcp6Message.INF_MAX_RT);
      default -> request(writer, Dhcp6Message.SOL_MAX_RT);
    }
    if (state == State.SOLICITING && wishes.rapidCommit()) {
      writer.option(Dhcp6Message.RAPID_COMMIT);
    }
    associations(writer, state, entries);
    return writer.end();
  }

  /** What is asked for besides: the configuration, and what limits our questions (§21.7). */
  private static void request(Dhcp6Message.Writer writer, int... more) {
    ByteBuffer codes = ByteBuffer.allocate(2 * (2 + more.length));
    codes.putShort((short) Dhcp6Message.DNS_SERVERS).putShort((short) Dhcp6Message.DOMAINS);
    for (int each : more) {
      codes.putShort((short) each);
    }
    writer.option(Dhcp6Message.OPTION_REQUEST, codes.array());
  }

  private void associations(Dhcp6Message.Writer writer, State state, List<Option> entries) {
    List<Option> addresses = of(entries, Dhcp6Message.IA_ADDRESS);
    List<Option> prefixes = of(entries, Dhcp6Message.IA_PREFIX);
    // Only what is named is given back, or asked about; §18.2.3: prefixes are not asked about.
    boolean named = state == State.RETURNING || state == State.CONFIRMING;
    if (named ? !addresses.isEmpty() : wishes.addresses()) {
      writer.association(Dhcp6Message.IA_NA, wishes.iaid(), addresses);
    }
    if (named ? state == State.RETURNING && !prefixes.isEmpty() : wishes.prefixLength() != 0) {
      List<Option> hint = List.of(prefix(new IpPrefix(new IpAddress(0, 0), wishes.prefixLength())));
      writer.association(Dhcp6Message.IA_PD, wishes.iaid(), prefixes.isEmpty() ? hint : prefixes);
    }
  }

  private static List<Option> of(List<Option> entries, int kind) {
    return entries.stream().filter(each -> each.code() == kind).toList();
  }

  /** An address without lifetimes. */
  static Option address(IpAddress address) {
    ByteBuffer value = ByteBuffer.allocate(24).putLong(address.hi()).putLong(address.lo());
    return new Option(Dhcp6Message.IA_ADDRESS, value.array());
  }

  private static Option prefix(IpPrefix prefix) {
    ByteBuffer value = ByteBuffer.allocate(25).putLong(0).put((byte) prefix.length());
    value.putLong(prefix.address().hi()).putLong(prefix.address().lo());
    return new Option(Dhcp6Message.IA_PREFIX, value.array());
  }

  /** All that a binding has, without lifetimes. */
  static List<Option> entriesOf(Dhcp6Binding of) {
    List<Option> all = new ArrayList<>();
    of.addresses().forEach(each -> all.add(address(each.address())));
    of.prefixes().forEach(each -> all.add(prefix(each.prefix())));
    return all;
  }
}
