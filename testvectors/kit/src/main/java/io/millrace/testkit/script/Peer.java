package io.millrace.testkit.script;

import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import io.millrace.testkit.script.PacketSpec.IcmpSpec;
import io.millrace.testkit.script.PacketSpec.TcpSpec;
import io.millrace.testkit.script.PacketSpec.UdpSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The other end of the connection under test: turns the script's numbers into live ones and back.
 *
 * <p>The script counts from the initial sequence numbers of both ends; a first SYN says what they
 * are. Timestamps that the stack is to echo are the script's own; those that it sends are its own,
 * and remembered under the number that the script has for them.
 */
final class Peer {
  private static final long WORD = 0xffff_ffffL;

  private final String localAddress;
  private final String remoteAddress;
  private final long localMac;
  private final long remoteMac;
  private final Map<Long, Long> liveTimestamps = new HashMap<>();
  private int localPort;
  private int remotePort;
  private long localIsn;
  private long localSynInScript;
  private boolean localIsnKnown;
  private long remoteIsn;
  private boolean remoteIsnKnown;

  Peer(ScriptSetup setup, long localMac, long remoteMac, int remotePort) {
    this.localAddress = setup.localAddress();
    this.remoteAddress = setup.remote();
    this.localMac = localMac;
    this.remoteMac = remoteMac;
    this.remotePort = remotePort;
  }

  /** The stack's port of the connection, 0 until it is known. */
  int localPort() {
    return localPort;
  }

  void localPort(int port) {
    localPort = port;
  }

  void remotePort(int port) {
    remotePort = port;
  }

  // ---- into the stack ----

  byte[] build(PacketSpec spec) {
    PacketBuilder packet =
        switch (spec) {
          case TcpSpec tcp -> tcp(tcp);
          case UdpSpec udp ->
              addressed(PacketBuilder.udp(), udp.sourcePort(), udp.destinationPort())
                  .payload(udp.length());
          case IcmpSpec icmp -> icmp(icmp);
        };
    PacketSpec.IpSpec ip = spec.ip();
    if (ip.tos() != null) {
      packet.tos(ip.tos());
    } else if (ip.ecn() != null) {
      packet.tos(ecnBits(ip.ecn()));
    }
    if (ip.ttl() != null) {
      packet.ttl(ip.ttl());
    }
    return packet.ethernet(remoteMac, localMac).bytes();
  }

  private static int ecnBits(String name) {
    return switch (name) {
      case "ect1" -> 1;
      case "ect0", "ect01" -> 2;
      case "ce" -> 3;
      default -> 0;
    };
  }

  private PacketBuilder addressed(PacketBuilder packet, Integer source, Integer destination) {
    if (source != null && source != remotePort) {
      remotePort = source;
      remoteIsnKnown = false;
      localIsnKnown = false;
    }
    localPort = destination == null ? localPort : destination;
    return packet.from(remoteAddress, remotePort).to(localAddress, localPort);
  }

  private PacketBuilder tcp(TcpSpec spec) {
    PacketBuilder packet =
        addressed(PacketBuilder.tcp(), spec.sourcePort(), spec.destinationPort());
    if (spec.has('S') && !remoteIsnKnown) {
      remoteIsn = spec.seq();
      remoteIsnKnown = true;
      packet.seq(remoteIsn);
    } else {
      packet.seq(remoteIsn + spec.seq());
    }
    if (spec.ack() != null) {
      packet.ack(localIsn + spec.ack());
    }
    if (spec.window() != null) {
      packet.window(spec.window());
    }
    if (spec.urgent() != null) {
      packet.urgent(spec.urgent());
    }
    List<TcpOption> options = spec.options() == null ? List.of() : spec.options();
    return packet
        .flags(spec.flags())
        .options(options.stream().map(this::toLive).toList())
        .payload(spec.length());
  }

  private TcpOption toLive(TcpOption option) {
    return switch (option.kind()) {
      case TcpOption.SACK -> shiftEdges(option, localIsn);
      case TcpOption.TIMESTAMPS ->
          TcpOption.timestamps(
              option.word(0), liveTimestamps.getOrDefault(option.word(1), option.word(1)));
      default -> option;
    };
  }

  private static TcpOption shiftEdges(TcpOption option, long by) {
    long[] edges = new long[option.body().length / 4];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = option.word(i) + by;
    }
    return TcpOption.sack(edges);
  }

  /** An error about what the stack sent quotes its IP header and eight bytes, as it was sent. */
  private PacketBuilder icmp(IcmpSpec spec) {
    int rest = spec.mtu() == null ? 0 : spec.mtu();
    PacketBuilder packet =
        addressed(PacketBuilder.icmp(spec.type(), spec.code(), rest), null, null);
    PacketBuilder quoted = null;
    if (spec.quotedSeq() != null) {
      quoted = PacketBuilder.tcp().seq(localIsn + spec.quotedSeq()).payload(8);
    } else if (spec.quotedUdp() != null) {
      quoted = PacketBuilder.udp().payload(spec.quotedUdp());
    }
    if (quoted != null) {
      byte[] whole = quoted.from(localAddress, localPort).to(remoteAddress, remotePort).ipBytes();
      packet.payload(java.util.Arrays.copyOf(whole, 28));
    }
    return packet;
  }

  // ---- out of the stack ----

  /** What is different between a script's packet and one that the stack sent; empty if nothing. */
  List<String> compare(PacketSpec spec, Sent sent) {
    List<String> differences = new ArrayList<>();
    Decoded frame = sent.first();
    String kind = kindOf(frame);
    String wanted =
        switch (spec) {
          case TcpSpec tcp -> "tcp";
          case UdpSpec udp -> "udp";
          case IcmpSpec icmp -> "icmp";
        };
    if (!kind.equals(wanted)) {
      differences.add("it is " + kind + ", expected " + wanted);
      return differences;
    }
    compareIp(spec.ip(), frame, differences);
    switch (spec) {
      case TcpSpec tcp -> compareTcp(tcp, sent, differences);
      case UdpSpec udp -> {
        comparePorts(udp.sourcePort(), udp.destinationPort(), frame, differences);
        equal("length", frame.payload().length, udp.length(), differences);
      }
      case IcmpSpec icmp -> {
        equal("type", frame.icmpType(), icmp.type(), differences);
        equal("code", frame.icmpCode(), icmp.code(), differences);
        if (icmp.mtu() != null) {
          int field = ByteBuffer.wrap(frame.icmpBody()).getInt(0);
          equal("mtu", field, icmp.mtu(), differences);
        }
      }
    }
    return differences;
  }

  static String kindOf(Decoded frame) {
    if (frame.isTcp()) {
      return "tcp";
    }
    if (frame.isUdp()) {
      return "udp";
    }
    return frame.isIcmp() ? "icmp" : "protocol " + frame.protocol();
  }

  private static void equal(String name, Object actual, Object expected, List<String> differences) {
    if (!actual.equals(expected)) {
      String verb = name.equals("flags") || name.equals("options") ? " are " : " is ";
      differences.add(name + verb + actual + ", expected " + expected);
    }
  }

  private void compareIp(PacketSpec.IpSpec ip, Decoded frame, List<String> differences) {
    equal("destination", frame.destination(), remoteAddress, differences);
    if (ip.tos() != null) {
      equal("tos", frame.tos(), ip.tos(), differences);
    }
    if (ip.ttl() != null) {
      equal("ttl", frame.ttl(), ip.ttl(), differences);
    }
    if (ip.ecn() != null) {
      int bits = frame.tos() & 3;
      boolean fits = ip.ecn().equals("ect01") ? bits == 1 || bits == 2 : bits == ecnBits(ip.ecn());
      if (!fits) {
        differences.add("ecn bits are " + bits + ", expected " + ip.ecn());
      }
    }
  }

  private void comparePorts(
      Integer source, Integer destination, Decoded frame, List<String> differences) {
    if (localPort == 0) {
      localPort = frame.sourcePort();
    }
    equal("source port", frame.sourcePort(), source == null ? localPort : source, differences);
    equal(
        "destination port",
        frame.destinationPort(),
        destination == null ? remotePort : destination,
        differences);
  }

  private void compareTcp(TcpSpec spec, Sent sent, List<String> differences) {
    Decoded frame = sent.first();
    comparePorts(spec.sourcePort(), spec.destinationPort(), frame, differences);
    if (spec.has('S') && frame.hasFlag('S') && !localIsnKnown) {
      localIsn = frame.seq();
      localSynInScript = spec.seq();
      localIsnKnown = true;
    }
    equal("flags", comparable(sent.flags()), comparable(spec.flags()), differences);
    equal("seq", seqInScript(frame), spec.seq(), differences);
    equal("length", sent.length(), spec.length(), differences);
    if (spec.ack() != null && frame.hasFlag('A')) {
      equal("ack", ackInScript(frame), spec.ack(), differences);
    }
    if (spec.urgent() != null) {
      equal("urgent pointer", frame.urgent(), spec.urgent(), differences);
    }
    if (spec.options() != null) {
      compareOptions(spec.options(), frame, differences);
    }
  }

  /** Flags in one order, without PSH, which the neutral profile leaves to the stack. */
  private static String comparable(String flags) {
    StringBuilder ordered = new StringBuilder();
    for (char flag : new char[] {'F', 'S', 'R', 'E', 'W', 'U', 'A'}) {
      if (flags.indexOf(flag) >= 0) {
        ordered.append(flag == 'A' ? '.' : flag);
      }
    }
    return ordered.isEmpty() ? "-" : ordered.toString();
  }

  private void compareOptions(List<TcpOption> wanted, Decoded frame, List<String> differences) {
    List<TcpOption> actual = new ArrayList<>();
    for (TcpOption option : frame.options()) {
      actual.add(toScript(option, wanted));
    }
    equal("options", withoutPadding(actual), withoutPadding(wanted), differences);
  }

  private static List<String> withoutPadding(List<TcpOption> options) {
    return options.stream()
        .filter(option -> option.kind() > TcpOption.NOP)
        .map(TcpOption::toString)
        .sorted()
        .toList();
  }

  private TcpOption toScript(TcpOption option, List<TcpOption> wanted) {
    if (option.kind() == TcpOption.SACK) {
      return shiftEdges(option, -remoteIsn);
    }
    if (option.kind() == TcpOption.TIMESTAMPS && option.body().length == 8) {
      for (TcpOption each : wanted) {
        if (each.kind() == TcpOption.TIMESTAMPS) {
          liveTimestamps.put(each.word(0), option.word(0));
          return TcpOption.timestamps(each.word(0), option.word(1));
        }
      }
    }
    return option;
  }

  private long seqInScript(Decoded frame) {
    long offset = frame.hasFlag('S') ? localSynInScript : 0;
    return frame.seq() - localIsn + offset & WORD;
  }

  private long ackInScript(Decoded frame) {
    return frame.ack() - remoteIsn & WORD;
  }

  /** What the stack sent, as a script would write it. */
  String describe(Sent sent) {
    Decoded frame = sent.first();
    if (!frame.isTcp()) {
      return frame.toString();
    }
    long seq = seqInScript(frame);
    StringBuilder text = new StringBuilder();
    String flags = sent.flags().replace("A", "");
    text.append(flags).append(sent.flags().contains("A") ? "." : flags.isEmpty() ? "-" : "");
    text.append(' ').append(seq).append(':').append(seq + sent.length() & WORD);
    text.append('(').append(sent.length()).append(')');
    if (frame.hasFlag('A')) {
      text.append(" ack ").append(ackInScript(frame));
    }
    text.append(" win ").append(frame.window());
    if (!frame.options().isEmpty()) {
      List<String> options = new ArrayList<>();
      for (TcpOption option : frame.options()) {
        options.add(toScript(option, List.of()).toString());
      }
      text.append(" <").append(String.join(",", options)).append('>');
    }
    return text.toString();
  }
}
