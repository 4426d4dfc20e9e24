package io.millrace.e2e.fuzz;

import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A host that talks to the stack over a few TCP connections, UDP, ICMP and ARP, and follows the
 * sequence numbers well enough that many of its segments are acceptable: so that damaged ones reach
 * deep states.
 */
final class Conversation {
  private static final String[] FLAGS = {
    "S", "A", "PA", "FA", "R", "RA", "SA", "", "FPU", "A", "PA"
  };
  private final SplittableRandom random;
  private final long stationMac;
  private final long stackMac;
  private final List<Flow> flows = new ArrayList<>();

  /** What this host knows of one connection. */
  private static final class Flow {
    final int ours;
    final int theirs;
    long seq;
    long ack;

    Flow(int ours, int theirs, long seq) {
      this.ours = ours;
      this.theirs = theirs;
      this.seq = seq;
    }
  }

  Conversation(SplittableRandom random, long stationMac, long stackMac) {
    this.random = random;
    this.stationMac = stationMac;
    this.stackMac = stackMac;
  }

  /** Takes notice of what the stack sent. */
  void heard(byte[] frame) {
    if (frame.length < 54 || frame[23] != 6 || !Decoded.problems(frame).isEmpty()) {
      return; // not TCP, or the world reports it
    }
    Decoded packet = Decoded.of(frame);
    if (!packet.isIpv4() || !packet.isTcp()) {
      return;
    }
    Flow flow = find(packet.destinationPort(), packet.sourcePort());
    int length =
        packet.payload().length + (packet.hasFlag('S') ? 1 : 0) + (packet.hasFlag('F') ? 1 : 0);
    flow.ack = packet.seq() + length;
    if (packet.hasFlag('A')) {
      flow.seq = packet.ack();
    }
  }

  private Flow find(int ours, int theirs) {
    for (Flow flow : flows) {
      if (flow.ours == ours && flow.theirs == theirs) {
        return flow;
      }
    }
    Flow flow = new Flow(ours, theirs, random.nextInt() & 0xffff_ffffL);
    flows.add(flow);
    if (flows.size() > 40) {
      flows.remove(random.nextInt(flows.size()));
    }
    return flow;
  }

  /** The next frame, well formed. */
  byte[] next() {
    return switch (random.nextInt(12)) {
      case 0 -> arp();
      case 1 ->
          PacketBuilder.icmp(random.nextInt(20), random.nextInt(6), random.nextInt())
              .ethernet(stationMac, stackMac)
              .from("10.0.0.9", 0)
              .to("10.0.0.1", 0)
              .payload(random.nextInt(100))
              .bytes();
      case 2 -> icmpError();
      case 3 -> udp();
      case 4 -> fragment();
      default -> tcp();
    };
  }

  private byte[] arp() {
    byte[] frame = new byte[42];
    for (int i = 0; i < 6; i++) {
      frame[i] = (byte) (random.nextBoolean() ? 0xff : stackMac >>> (40 - 8 * i));
      frame[6 + i] = (byte) (stationMac >>> (40 - 8 * i));
      frame[22 + i] = frame[6 + i];
    }
    byte[] rest = {8, 6, 0, 1, 8, 0, 6, 4, 0, (byte) (1 + random.nextInt(2))};
    System.arraycopy(rest, 0, frame, 12, rest.length);
    byte[] sender = {10, 0, 0, (byte) (9 + random.nextInt(3))};
    System.arraycopy(sender, 0, frame, 28, 4);
    byte[] target = {10, 0, 0, 1};
    System.arraycopy(target, 0, frame, 38, 4);
    return frame;
  }

  private byte[] udp() {
    return PacketBuilder.udp()
        .ethernet(stationMac, stackMac)
        .from("10.0.0.9", 1 + random.nextInt(65_535))
        .to("10.0.0.1", random.nextBoolean() ? 7 : random.nextInt(65_536))
        .payload(random.nextInt(1400))
        .bytes();
  }

  private byte[] fragment() {
    return PacketBuilder.udp()
        .ethernet(stationMac, stackMac)
        .from("10.0.0.9", 7)
        .to("10.0.0.1", 7)
        .ipId(random.nextInt(4))
        .fragment(8 * random.nextInt(random.nextBoolean() ? 40 : 8191), random.nextBoolean())
        .payload(8 * random.nextInt(100))
        .bytes();
  }

  /** An error that quotes a segment as the stack may have sent it. */
  private byte[] icmpError() {
    Flow flow = any();
    byte[] quoted =
        PacketBuilder.tcp()
            .from("10.0.0.1", flow.theirs)
            .to("10.0.0.9", flow.ours)
            .seq(flow.ack - random.nextInt(3000))
            .flags("A")
            .ipBytes();
    return PacketBuilder.icmp(3, random.nextInt(16), random.nextInt(1600))
        .ethernet(stationMac, stackMac)
        .from("10.0.0.9", 0)
        .to("10.0.0.1", 0)
        .payload(quoted)
        .bytes();
  }

  private Flow any() {
    if (flows.isEmpty() || random.nextInt(10) == 0) {
      int theirs = random.nextInt(4) == 0 ? 81 : 80;
      return find(1024 + random.nextInt(1000), theirs);
    }
    return flows.get(random.nextInt(flows.size()));
  }

  private byte[] tcp() {
    Flow flow = any();
    String flags = FLAGS[random.nextInt(FLAGS.length)];
    boolean fresh = flow.ack == 0;
    if (fresh) {
      flags = "S";
    }
    int length = random.nextInt(3) == 0 ? random.nextInt(1400) : random.nextInt(20);
    long seq = flow.seq + (random.nextInt(3) == 0 ? random.nextInt(6000) - 3000 : 0);
    long ack = flow.ack + (random.nextInt(4) == 0 ? random.nextInt(6000) - 3000 : 0);
    PacketBuilder builder =
        PacketBuilder.tcp()
            .ethernet(stationMac, stackMac)
            .from("10.0.0.9", flow.ours)
            .to("10.0.0.1", flow.theirs)
            .seq(seq & 0xffff_ffffL)
            .ack(ack & 0xffff_ffffL)
            .flags(flags)
            .window(random.nextInt(5) == 0 ? 0 : 60_000)
            .payload(flags.contains("S") || flags.contains("R") ? 0 : length);
    List<TcpOption> options = options(flags, ack);
    if (seq == flow.seq && !flags.contains("S")) {
      flow.seq += length;
    }
    return builder.options(options).bytes();
  }

  private List<TcpOption> options(String flags, long ack) {
    List<TcpOption> options = new ArrayList<>();
    if (flags.contains("S")) {
      options.add(TcpOption.mss(random.nextInt(3) == 0 ? random.nextInt(65_536) : 1460));
      if (random.nextBoolean()) {
        options.add(TcpOption.sackPermitted());
      }
      if (random.nextBoolean()) {
        options.add(TcpOption.windowScale(random.nextInt(20)));
      }
    } else if (random.nextInt(3) == 0) {
      long from = ack + random.nextInt(3000);
      long to = from + random.nextInt(3000);
      options.add(TcpOption.sack(from & 0xffff_ffffL, to & 0xffff_ffffL));
    }
    return options;
  }
}
