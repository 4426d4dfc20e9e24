package io.millrace.script.wire;

import io.millrace.script.Profile;
import io.millrace.script.language.IcmpNames;
import io.millrace.script.language.PacketSpec;
import io.millrace.script.language.PacketSpec.IcmpSpec;
import io.millrace.script.language.PacketSpec.IpSpec;
import io.millrace.script.language.PacketSpec.SctpSpec;
import io.millrace.script.language.PacketSpec.TcpSpec;
import io.millrace.script.language.PacketSpec.UdpSpec;
import io.millrace.testkit.packet.TcpOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Compares what the stack sent with what a script expects, as far as the profile wants it. */
final class Comparison {
  private static final long WORD = 0xffff_ffffL;
  private static final long TIMESTAMP_TOLERANCE_MICROS = 4_000;
  private static final String FLAG_ORDER = "FSRPEWUN";

  private final Peer peer;
  private final Sequences sequences;
  private final Profile profile;
  private final long tickMicros;

  Comparison(Peer peer, Sequences sequences, Profile profile, long tickMicros) {
    this.peer = peer;
    this.sequences = sequences;
    this.profile = profile;
    this.tickMicros = tickMicros;
  }

  List<String> compare(PacketSpec spec, Sent sent) {
    List<String> differences = new ArrayList<>();
    SeenPacket packet = sent.first();
    String wanted =
        switch (spec.body()) {
          case TcpSpec tcp -> "tcp";
          case UdpSpec udp -> "udp";
          case IcmpSpec icmp -> "icmp";
          case SctpSpec sctp -> "sctp";
        };
    if (!packet.kind().equals(wanted)) {
      differences.add("it is " + packet.kind() + ", expected " + wanted);
      return differences;
    }
    network(spec.ip(), packet, differences);
    switch (spec.body()) {
      case TcpSpec tcp -> tcp(tcp, sent, differences);
      case UdpSpec udp -> {
        ports(udp.sourcePort(), udp.destinationPort(), packet, differences);
        equal("length", packet.length(), udp.length(), differences);
      }
      case IcmpSpec icmp -> icmp(icmp, packet, differences);
      case SctpSpec sctp -> {}
    }
    return differences;
  }

  private static void equal(String name, Object actual, Object expected, List<String> differences) {
    if (!actual.equals(expected)) {
      String verb = name.equals("flags") || name.equals("options") ? " are " : " is ";
      differences.add(name + verb + actual + ", expected " + expected);
    }
  }

  static int ecnBits(String name) {
    return switch (name) {
      case "ect1" -> 1;
      case "ect0", "ect01" -> 2;
      case "ce" -> 3;
      default -> 0;
    };
  }

  private void network(IpSpec ip, SeenPacket packet, List<String> differences) {
    String remote = peer.ends().remote();
    if (!Arrays.equals(packet.destinationBytes(), PacketWriter.address(remote))) {
      differences.add("destination is " + packet.destination() + ", expected " + remote);
    }
    if (ip.tos() != null) {
      equal("tos", packet.tos(), ip.tos(), differences);
    }
    if (ip.ttl() != null) {
      equal("ttl", packet.ttl(), ip.ttl(), differences);
    }
    if (ip.flowLabel() != null) {
      equal("flow label", packet.flowLabel(), ip.flowLabel(), differences);
    }
    if (ip.ecn() != null) {
      int bits = packet.tos() & 3;
      boolean fits = ip.ecn().equals("ect01") ? bits == 1 || bits == 2 : bits == ecnBits(ip.ecn());
      if (!fits) {
        differences.add("ecn bits are " + bits + ", expected " + ip.ecn());
      }
    }
  }

  private void ports(
      Integer source, Integer destination, SeenPacket packet, List<String> differences) {
    if (peer.localPort() == 0) {
      peer.localPort(packet.sourcePort());
    }
    int wantedSource = source == null ? peer.localPort() : source;
    int wantedDestination = destination == null ? peer.remotePort() : destination;
    equal("source port", packet.sourcePort(), wantedSource, differences);
    equal("destination port", packet.destinationPort(), wantedDestination, differences);
  }

  private void tcp(TcpSpec spec, Sent sent, List<String> differences) {
    SeenPacket packet = sent.first();
    ports(spec.sourcePort(), spec.destinationPort(), packet, differences);
    if (spec.has('S') && packet.has('S')) {
      sequences.synSeen(packet, spec.seq());
    }
    equal("flags", comparable(sent.flags()), comparable(spec.flags()), differences);
    long seq = spec.isAbsolute() ? packet.seq() : sequences.seqToScript(packet);
    equal("seq", seq, spec.seq(), differences);
    equal("length", sent.length(), spec.length(), differences);
    if (spec.ack() != null && packet.has('A')) {
      equal("ack", sequences.ackToScript(packet), spec.ack(), differences);
    }
    if (spec.window() != null && profile.comparesWindow()) {
      equal("win", packet.window(), spec.window(), differences);
    }
    if (spec.urgent() != null) {
      equal("urgent pointer", packet.urgent(), spec.urgent(), differences);
    }
    if (spec.options() != null) {
      options(spec.options(), packet, differences);
    }
  }

  /** Flags as a script writes them, without those that the profile leaves to the stack. */
  private String comparable(String flags) {
    StringBuilder ordered = new StringBuilder();
    for (int i = 0; i < FLAG_ORDER.length(); i++) {
      char flag = FLAG_ORDER.charAt(i);
      if (flags.indexOf(flag) >= 0 && (flag != 'P' || profile.comparesPush())) {
        ordered.append(flag == 'N' ? 'A' : flag);
      }
    }
    if (flags.indexOf('A') >= 0) {
      ordered.append('.');
    }
    return ordered.isEmpty() ? "-" : ordered.toString();
  }

  private void options(List<TcpOption> wanted, SeenPacket packet, List<String> differences) {
    List<TcpOption> actual = new ArrayList<>();
    for (TcpOption option : packet.options()) {
      actual.add(sequences.toScript(option, wanted));
      timestamp(option, wanted, differences);
    }
    if (profile.comparesOptionOrder()) {
      equal("options", Peer.texts(actual), Peer.texts(wanted), differences);
    } else {
      equal("options", withoutPadding(actual), withoutPadding(wanted), differences);
    }
  }

  private void timestamp(TcpOption option, List<TcpOption> wanted, List<String> differences) {
    if (tickMicros == 0 || option.kind() != TcpOption.TIMESTAMPS || option.body().length != 8) {
      return;
    }
    for (TcpOption each : wanted) {
      if (each.kind() == TcpOption.TIMESTAMPS) {
        long error = sequences.timestampError(each.word(0), option.word(0), tickMicros);
        if (error > TIMESTAMP_TOLERANCE_MICROS + tickMicros) {
          differences.add("its timestamp is " + error + " us away from " + each.word(0));
        }
      }
    }
  }

  private static List<String> withoutPadding(List<TcpOption> options) {
    return options.stream()
        .filter(option -> option.kind() > TcpOption.NOP)
        .map(TcpOption::toString)
        .sorted()
        .toList();
  }

  private static void icmp(IcmpSpec spec, SeenPacket packet, List<String> differences) {
    boolean v6 = packet.isIpv6();
    boolean tooBig = IcmpNames.isTooBig(spec.type(), spec.code());
    int type = tooBig ? v6 ? 2 : 3 : IcmpNames.type(spec.type(), v6);
    int code = tooBig ? v6 ? 0 : 4 : IcmpNames.code(spec.type(), spec.code(), v6);
    equal("type", packet.icmpType(), type, differences);
    equal("code", packet.icmpCode(), code, differences);
    if (spec.mtu() != null) {
      equal("mtu", packet.icmpRest(), (long) spec.mtu(), differences);
    }
    if (spec.id() != null) {
      equal("id", packet.icmpRest() >>> 16, (long) spec.id(), differences);
    }
  }

  String describe(Sent sent) {
    SeenPacket packet = sent.first();
    if (packet.isUdp()) {
      return "udp "
          + packet.sourcePort()
          + " > "
          + packet.destinationPort()
          + " ("
          + packet.length()
          + ")";
    }
    if (packet.isIcmp()) {
      return "icmp type " + packet.icmpType() + " code " + packet.icmpCode();
    }
    return packet.isTcp() ? describeTcp(sent) : packet.kind();
  }

  private String describeTcp(Sent sent) {
    SeenPacket packet = sent.first();
    long seq = sequences.seqToScript(packet);
    StringBuilder text = new StringBuilder();
    if (packet.sourcePort() != peer.localPort() || packet.destinationPort() != peer.remotePort()) {
      text.append(packet.sourcePort()).append(" > ").append(packet.destinationPort()).append(' ');
    }
    String flags = sent.flags().replace("A", "").replace('N', 'A');
    text.append(flags).append(packet.has('A') ? "." : flags.isEmpty() ? "-" : "");
    text.append(' ').append(seq).append(':').append(seq + sent.length() & WORD);
    text.append('(').append(sent.length()).append(')');
    if (packet.has('A')) {
      text.append(" ack ").append(sequences.ackToScript(packet));
    }
    text.append(" win ").append(packet.window());
    if (!packet.options().isEmpty()) {
      List<TcpOption> options = new ArrayList<>();
      packet.options().forEach(option -> options.add(sequences.toScript(option, List.of())));
      text.append(" <").append(String.join(",", Peer.texts(options))).append('>');
    }
    return text.toString();
  }
}
