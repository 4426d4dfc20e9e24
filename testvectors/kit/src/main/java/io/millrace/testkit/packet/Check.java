package io.millrace.testkit.packet;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * One thing to verify about a frame; put several into {@link Decoded#check}:
 *
 * <pre>{@code
 * station.next().check(flags("SA"), ack(1001), option(mss(1460)));
 * }</pre>
 */
@FunctionalInterface
public interface Check {
  /** What is different from what was expected, in words; null if nothing is. */
  String difference(Decoded frame);

  private static Check equal(String name, Object expected, Function<Decoded, Object> actual) {
    return frame -> {
      Object value = actual.apply(frame);
      return Objects.equals(value, expected)
          ? null
          : name + " is " + value + ", expected " + expected;
    };
  }

  /** From an address and a port. */
  static Check source(String address, int port) {
    return equal(
        "source", address + ":" + port, frame -> frame.source() + ":" + frame.sourcePort());
  }

  /** To an address and a port. */
  static Check destination(String address, int port) {
    return equal(
        "destination",
        address + ":" + port,
        frame -> frame.destination() + ":" + frame.destinationPort());
  }

  /** Exactly these flags, letters of {@code FSRPAUEW} in any order. */
  static Check flags(String letters) {
    return equal("flags", sorted(letters), frame -> sorted(frame.flags()));
  }

  private static String sorted(String letters) {
    char[] all = letters.toCharArray();
    Arrays.sort(all);
    return new String(all);
  }

  /** The TCP sequence number, modulo 2^32. */
  static Check seq(long number) {
    return equal("seq", number & 0xffff_ffffL, Decoded::seq);
  }

  /** The TCP acknowledgment number, modulo 2^32, with the ACK flag. */
  static Check ack(long number) {
    return equal(
        "ack",
        number & 0xffff_ffffL,
        frame -> frame.hasFlag('A') ? (Object) frame.ack() : "absent");
  }

  /** The TCP window field. */
  static Check window(int field) {
    return equal("window", field, Decoded::window);
  }

  /** A TCP option with this value. */
  static Check option(TcpOption option) {
    return frame ->
        frame.options().contains(option)
            ? null
            : "options are " + frame.options() + ", expected among them " + option;
  }

  /** No TCP option of a kind. */
  static Check noOption(int kind) {
    return frame -> frame.option(kind) == null ? null : "there is an option " + frame.option(kind);
  }

  /** Exactly these TCP options in this order, padding included. */
  static Check options(TcpOption... options) {
    return equal("options", List.of(options), Decoded::options);
  }

  /** The payload's length in bytes. */
  static Check length(int bytes) {
    return equal("payload length", bytes, frame -> frame.payload().length);
  }

  /** The payload. */
  static Check payload(byte[] bytes) {
    return frame ->
        Arrays.equals(frame.payload(), bytes) ? null : "the payload is not the expected one";
  }

  /** ICMP type and code. */
  static Check icmp(int type, int code) {
    return equal(
        "ICMP type/code", type + "/" + code, frame -> frame.icmpType() + "/" + frame.icmpCode());
  }

  /** Time to live. */
  static Check ttl(int hops) {
    return equal("ttl", hops, Decoded::ttl);
  }

  /** Type of service. */
  static Check tos(int value) {
    return equal("tos", value, Decoded::tos);
  }
}
