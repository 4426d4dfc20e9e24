package io.millrace.script.wire;

import io.millrace.script.Profile;
import io.millrace.script.language.IcmpNames;
import io.millrace.script.language.PacketSpec;
import io.millrace.script.language.PacketSpec.IcmpSpec;
import io.millrace.script.language.PacketSpec.IpSpec;
import io.millrace.script.language.PacketSpec.Quoted;
import io.millrace.script.language.PacketSpec.SctpSpec;
import io.millrace.script.language.PacketSpec.TcpSpec;
import io.millrace.script.language.PacketSpec.UdpSpec;
import io.millrace.testkit.packet.TcpOption;
import java.util.ArrayList;
import java.util.List;

/** The other end of the connection under test: writes what it sends, and knows its numbers. */
public final class Peer {
  private static final int PACKET_TOO_BIG_V6 = 2;
  private static final int FRAGMENTATION_NEEDED_V4 = 4;

  private final Ends ends;
  private final Sequences sequences = new Sequences();
  private final Comparison comparison;
  private int localPort;
  private int remotePort;

  /**
   * Who speaks to whom.
   *
   * @param local the stack's address
   * @param remote the peer's
   * @param localMac the stack's link address
   * @param remoteMac the link address of the router to the peer
   */
  public record Ends(String local, String remote, long localMac, long remoteMac) {
    boolean isV6() {
      return remote.indexOf(':') >= 0;
    }
  }

  /**
   * Knows the ends but nothing of the connection yet.
   *
   * @param tickMicros what the script's timestamps count in, 0 if they are not to be checked
   */
  public Peer(Ends ends, int localPort, int remotePort, Profile profile, long tickMicros) {
    this.ends = ends;
    this.localPort = localPort;
    this.remotePort = remotePort;
    comparison = new Comparison(this, sequences, profile, tickMicros);
  }

  Ends ends() {
    return ends;
  }

  /** The stack's port of the connection, 0 until it is known. */
  int localPort() {
    return localPort;
  }

  int remotePort() {
    return remotePort;
  }

  /** Says what the stack's port is. */
  public void localPort(int port) {
    localPort = port;
  }

  /** Says where the stack sends to. */
  public void remotePort(int port) {
    remotePort = port;
  }

  /** The stack opens a connection, perhaps the next one between the same ports. */
  public void opens() {
    sequences.opens();
  }

  /**
   * A packet of the peer's, from the Ethernet header on.
   *
   * @throws UnsupportedOperationException if it is of a kind that the stack has no use for
   */
  public byte[] build(PacketSpec spec) {
    requireSupported(spec);
    PacketWriter writer = new PacketWriter(ends.remote(), ends.local());
    network(writer, spec.ip());
    byte[] packet =
        switch (spec.body()) {
          case TcpSpec tcp -> tcp(writer, tcp);
          case UdpSpec udp -> {
            ports(udp.sourcePort(), udp.destinationPort());
            yield writer.udp(remotePort, localPort, udp.length());
          }
          case IcmpSpec icmp -> icmp(writer, icmp);
          case SctpSpec sctp -> throw unsupported("SCTP");
        };
    return PacketWriter.ethernet(ends.remoteMac(), ends.localMac(), packet);
  }

  /** What is different between a script's packet and what the stack sent; empty if nothing. */
  public List<String> compare(PacketSpec spec, Sent sent) {
    requireSupported(spec);
    return comparison.compare(spec, sent);
  }

  /** What the stack sent, as a script would write it. */
  public String describe(Sent sent) {
    return comparison.describe(sent);
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("the stack does not speak " + what + " yet");
  }

  private static void requireSupported(PacketSpec spec) {
    if (spec.body() instanceof SctpSpec) {
      throw unsupported("SCTP");
    }
    if (!spec.outer().isEmpty()) {
      throw unsupported("tunnels of the kind '" + spec.outer().getFirst().kind() + "'");
    }
    if (spec.body() instanceof TcpSpec tcp && tcp.unknown() != null) {
      throw unsupported("the TCP option '" + tcp.unknown() + "'");
    }
  }

  private static void network(PacketWriter writer, IpSpec ip) {
    if (ip.tos() != null) {
      writer.tos(ip.tos());
    } else if (ip.ecn() != null) {
      writer.tos(Comparison.ecnBits(ip.ecn()));
    }
    if (ip.ttl() != null) {
      writer.ttl(ip.ttl());
    }
    if (ip.flowLabel() != null) {
      writer.flowLabel(ip.flowLabel());
    }
  }

  private void ports(Integer source, Integer destination) {
    if (source != null && source != remotePort) {
      remotePort = source;
      sequences.forget();
    }
    localPort = destination == null ? localPort : destination;
  }

  private byte[] tcp(PacketWriter writer, TcpSpec spec) {
    ports(spec.sourcePort(), spec.destinationPort());
    long seq =
        spec.isAbsolute()
            ? spec.seq()
            : sequences.seqToLive(spec.seq(), spec.has('S'), spec.has('A'));
    long ack = spec.ack() == null ? 0 : sequences.ackToLive(spec.ack());
    List<TcpOption> options = spec.options() == null ? List.of() : spec.options();
    PacketWriter.TcpFields fields =
        new PacketWriter.TcpFields(
            remotePort,
            localPort,
            seq,
            ack,
            spec.flags(),
            spec.window() == null ? 0 : spec.window(),
            spec.urgent() == null ? 0 : spec.urgent(),
            options.stream().map(sequences::toLive).toList());
    return writer.tcp(fields, spec.length());
  }

  private byte[] icmp(PacketWriter writer, IcmpSpec spec) {
    int type;
    int code;
    if (IcmpNames.isTooBig(spec.type(), spec.code())) {
      // One message by two names: whoever writes for one version means the other's too.
      type = ends.isV6() ? PACKET_TOO_BIG_V6 : IcmpNames.type("unreachable", false);
      code = ends.isV6() ? 0 : FRAGMENTATION_NEEDED_V4;
    } else {
      type = IcmpNames.type(spec.type(), ends.isV6());
      code = IcmpNames.code(spec.type(), spec.code(), ends.isV6());
    }
    int rest = spec.mtu() == null ? 0 : spec.mtu();
    if (spec.id() != null) {
      rest = spec.id() << 16;
    }
    return writer.icmp(
        type, code, rest, spec.quoted() == null ? new byte[0] : quote(spec.quoted()));
  }

  /** What the stack sent, as its IP header and the first eight bytes behind it. */
  private byte[] quote(Quoted quoted) {
    PacketWriter writer = new PacketWriter(ends.local(), ends.remote());
    return switch (quoted.kind()) {
      case "raw" -> new byte[quoted.length()];
      case "udp" -> PacketWriter.quoted(writer.udp(localPort, remotePort, quoted.length()));
      default -> {
        PacketWriter.TcpFields fields =
            new PacketWriter.TcpFields(
                localPort, remotePort, sequences.ackToLive(quoted.seq()), 0, "A", 0, 0, List.of());
        yield PacketWriter.quoted(writer.tcp(fields, quoted.length()));
      }
    };
  }

  /** Options of a segment in the script's numbers. */
  static List<String> texts(List<TcpOption> options) {
    List<String> texts = new ArrayList<>();
    options.forEach(option -> texts.add(option.toString()));
    return texts;
  }
}
