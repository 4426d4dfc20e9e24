package io.millrace.script.language;

import io.millrace.testkit.packet.TcpOption;
import java.util.List;

/**
 * A packet as a script writes it, in the script's own numbers.
 *
 * @param outer the headers written in front of the packet's own, outermost first
 * @param ip what is said about the network header
 * @param body what it carries
 */
public record PacketSpec(List<OuterSpec> outer, IpSpec ip, Body body) {
  /** Copies the list. */
  public PacketSpec {
    outer = List.copyOf(outer);
  }

  /**
   * A header in front: {@code ipv4 A > B:}, {@code gre[...]:}, {@code mpls (...):} or {@code
   * udp(...):}.
   *
   * @param kind its first word
   * @param text what stands between it and the colon
   */
  public record OuterSpec(String kind, String text) {}

  /**
   * What is said about the network header; null where nothing is.
   *
   * @param ecn {@code noecn}, {@code ect0}, {@code ect1}, {@code ect01} or {@code ce}
   * @param tos type of service
   * @param flowLabel flow label
   * @param ttl time to live
   */
  public record IpSpec(String ecn, Integer tos, Integer flowLabel, Integer ttl) {
    /** Nothing is said. */
    public static final IpSpec NOTHING = new IpSpec(null, null, null, null);
  }

  /** What a packet carries. */
  public sealed interface Body {}

  /**
   * A TCP segment.
   *
   * @param sourcePort the source port, or null for the connection's
   * @param destinationPort the destination port, or null for the connection's
   * @param flags letters of {@code FSRPEWUAN}, where A stands for the script's dot and N for the
   *     bit that the script calls A (AE of Accurate ECN)
   * @param seq the sequence number
   * @param isAbsolute whether it is the number on the wire
   * @param length the payload's length
   * @param ack the acknowledgment number, or null
   * @param window the window field, or null if it is not to be checked
   * @param urgent the urgent pointer, or null
   * @param options the options in order; null for any ({@code <...>})
   * @param unknown an option of which only the name is known here, or null
   */
  public record TcpSpec(
      Integer sourcePort,
      Integer destinationPort,
      String flags,
      long seq,
      boolean isAbsolute,
      int length,
      Long ack,
      Integer window,
      Integer urgent,
      List<TcpOption> options,
      String unknown)
      implements Body {
    /** Whether it has a flag. */
    public boolean has(char flag) {
      return flags.indexOf(flag) >= 0;
    }
  }

  /**
   * A UDP datagram.
   *
   * @param sourcePort the source port, or null for the connection's
   * @param destinationPort the destination port, or null for the connection's
   * @param length the payload's length
   */
  public record UdpSpec(Integer sourcePort, Integer destinationPort, int length) implements Body {}

  /**
   * An ICMP message, of either version: which one is said by the network header.
   *
   * @param type its type's name, or number
   * @param code its code's name, or number; empty if there is none
   * @param mtu the next hop's MTU, or null
   * @param id the identifier of an echo, or null
   * @param quoted what it is about, or null
   */
  public record IcmpSpec(String type, String code, Integer mtu, Integer id, Quoted quoted)
      implements Body {}

  /**
   * What an ICMP message is about.
   *
   * @param kind {@code tcp}, {@code udp} or {@code raw}
   * @param seq the sequence number if it is TCP, else 0
   * @param length its payload's length
   */
  public record Quoted(String kind, long seq, int length) {}

  /**
   * An SCTP packet.
   *
   * @param remarks {@code bad_crc32c}, {@code zero_checksum}, {@code tag=N}; empty if none
   * @param chunks its chunks, or what are its bytes
   */
  public record SctpSpec(String remarks, List<ChunkSpec> chunks) implements Body {
    /** Copies the list. */
    public SctpSpec {
      chunks = List.copyOf(chunks);
    }
  }

  /**
   * A chunk, parameter, cause or field of an SCTP packet.
   *
   * @param name its name; empty for one that is known by its place
   * @param value its value as written, or empty if it consists of {@code parts}
   * @param parts what stands in its brackets
   */
  public record ChunkSpec(String name, String value, List<ChunkSpec> parts) {
    /** Copies the list. */
    public ChunkSpec {
      parts = List.copyOf(parts);
    }
  }
}
