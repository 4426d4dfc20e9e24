package io.millrace.testkit.packet;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IllegalPacket;
import org.pcap4j.packet.IllegalTcpOption;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.IpV6ExtHopByHopOptionsPacket;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;

/** What a frame of ours must be, judged from pcap4j's view of it. */
final class Wellformed {
  /** An Ethernet frame without its check sequence: shorter ones are padded to this. */
  private static final int SHORTEST_FRAME = 60;

  private final List<String> problems = new ArrayList<>();
  private final Decoded frame;

  private Wellformed(Decoded frame) {
    this.frame = frame;
  }

  static List<String> problems(Decoded frame) {
    Wellformed look = new Wellformed(frame);
    look.ethernet();
    return look.problems;
  }

  private void ethernet() {
    EthernetPacket ethernet = frame.ethernet();
    // What an ICMP error quotes is cut off, and need not make sense.
    // MLD, all of ours behind a hop-by-hop header, is not known to pcap4j.
    if (ethernet.contains(IllegalPacket.class)
        && !frame.isIcmp()
        && !ethernet.contains(IpV6ExtHopByHopOptionsPacket.class)) {
      problems.add("part of it is illegal: " + ethernet.get(IllegalPacket.class));
    }
    if ((ethernet.getHeader().getSrcAddr().getAddress()[0] & 1) != 0) {
      problems.add("the link-layer source is a group address");
    }
    int type = ethernet.getHeader().getType().value() & 0xffff;
    require(type != 0x800 || frame.isIpv4(), "EtherType is IPv4, but there is none");
    require(type != 0x806 || frame.isArp(), "EtherType is ARP, but there is none");
    if (frame.isArp()) {
      arp(ethernet.get(ArpPacket.class).getHeader());
    } else if (frame.isIpv4()) {
      ipv4(ethernet.get(IpV4Packet.class));
    }
  }

  private void arp(ArpPacket.ArpHeader header) {
    require(header.getHardwareType().value() == 1, "ARP hardware type is not Ethernet");
    require(header.getProtocolType().value() == 0x800, "ARP protocol type is not IPv4");
    require(
        header.getHardwareAddrLengthAsInt() == 6 && header.getProtocolAddrLengthAsInt() == 4,
        "ARP address lengths are not 6 and 4");
    int operation = header.getOperation().value();
    require(operation == 1 || operation == 2, "ARP operation " + operation);
  }

  private void ipv4(IpV4Packet ip) {
    IpV4Packet.IpV4Header header = ip.getHeader();
    int start = 14 + (frame.vlan() != 0 ? 4 : 0);
    int behind = frame.bytes().length - start - header.getTotalLengthAsInt();
    require(header.getVersion().value() == 4, "IP version " + header.getVersion().value());
    require(header.hasValidChecksum(false), "IP header checksum is wrong");
    require(behind >= 0, "IP total length is " + -behind + " bytes more than the frame holds");
    require(
        behind <= 0 || frame.bytes().length <= SHORTEST_FRAME,
        behind + " bytes lie behind the IP datagram");
    require(!header.getReservedFlag(), "the reserved IP flag is set");
    require(header.getTtlAsInt() != 0, "time to live is 0");
    require(
        !(header.getDontFragmentFlag() && frame.isFragment()), "a fragment says don't fragment");
    if (frame.moreFragments()) {
      require(
          (header.getTotalLengthAsInt() - header.length()) % 8 == 0,
          "a fragment other than the last is no multiple of 8 bytes");
    }
    if (frame.isFragment() || behind < 0) {
      return;
    }
    transport(ip, header.getTotalLengthAsInt() - header.length());
  }

  private void transport(IpV4Packet ip, int length) {
    if (frame.isTcp()) {
      tcp(ip, ip.get(TcpPacket.class));
    } else if (frame.isUdp()) {
      udp(ip, ip.get(UdpPacket.class), length);
    } else if (frame.isIcmp()) {
      require(ip.get(IcmpV4CommonPacket.class).hasValidChecksum(false), "ICMP checksum is wrong");
      if (List.of(3, 4, 5, 11, 12).contains(frame.icmpType())) {
        // And 8 bytes behind it, unless the datagram itself was shorter (RFC 792).
        require(length >= 8 + 20, "an ICMP error quotes less than a header");
      }
    } else if (frame.protocol() == 6 || frame.protocol() == 17 || frame.protocol() == 1) {
      problems.add("the transport header cannot be decoded");
    }
  }

  private void tcp(IpV4Packet ip, TcpPacket tcp) {
    TcpPacket.TcpHeader header = tcp.getHeader();
    require(sumsUp(ip, 6), "TCP checksum is wrong");
    require(header.getDstPort().valueAsInt() != 0, "TCP destination port is 0");
    for (TcpPacket.TcpOption option : header.getOptions()) {
      require(!(option instanceof IllegalTcpOption), "TCP option is illegal: " + option);
    }
    for (byte b : header.getPadding()) {
      require(b == 0, "TCP option padding is not 0");
    }
  }

  private void udp(IpV4Packet ip, UdpPacket udp, int length) {
    UdpPacket.UdpHeader header = udp.getHeader();
    require(
        header.getLengthAsInt() == length,
        "UDP length " + header.getLengthAsInt() + " but IP carries " + length);
    require(header.getChecksum() == 0 || sumsUp(ip, 17), "UDP checksum is wrong");
    require(header.getDstPort().valueAsInt() != 0, "UDP destination port is 0");
  }

  /** RFC 1071 as it stands there, over pseudo-header and all: pcap4j sums what it understood. */
  private boolean sumsUp(IpV4Packet ip, int protocol) {
    byte[] transport = frame.transport();
    ByteBuffer all = ByteBuffer.allocate(12 + transport.length + (transport.length & 1));
    all.put(ip.getHeader().getSrcAddr().getAddress());
    all.put(ip.getHeader().getDstAddr().getAddress());
    all.putShort((short) protocol).putShort((short) transport.length).put(transport).rewind();
    int sum = 0;
    while (all.hasRemaining()) {
      sum += all.getShort() & 0xffff;
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum == 0xffff;
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      problems.add(otherwise);
    }
  }
}
