package io.millrace.testkit.packet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.Dot1qVlanTagPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.Packet;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;

/**
 * A frame, decoded by pcap4j: the oracle that shares no code with the stack.
 *
 * <p>Accessors of a layer that the frame does not have throw {@link AssertionError}, so that a test
 * which looks for the wrong thing fails with the frame's summary.
 */
public final class Decoded {
  private final byte[] bytes;
  private final EthernetPacket ethernet;

  private Decoded(byte[] bytes) throws IllegalRawDataException {
    this.bytes = bytes;
    this.ethernet = EthernetPacket.newPacket(bytes, 0, bytes.length);
  }

  /**
   * Decodes a frame from the Ethernet header on, and verifies it.
   *
   * @throws AssertionError with a hexdump if anything about it is malformed
   */
  public static Decoded of(byte[] frame) {
    List<String> problems = problems(frame);
    if (!problems.isEmpty()) {
      throw new AssertionError(
          "malformed frame: " + String.join("; ", problems) + "\n" + hexdump(frame));
    }
    return parse(frame);
  }

  /** A frame in one line, whether it is well-formed or not. */
  public static String lenient(byte[] frame) {
    try {
      return parse(frame).toString();
    } catch (RuntimeException | AssertionError e) {
      return "a frame of " + frame.length + " bytes that cannot be decoded";
    }
  }

  private static Decoded parse(byte[] frame) {
    try {
      return new Decoded(frame);
    } catch (IllegalRawDataException | RuntimeException e) {
      throw new AssertionError(
          "a frame cannot be decoded: " + e.getMessage() + "\n" + hexdump(frame), e);
    }
  }

  /** What is malformed about a frame: lengths, checksums, options; empty if it is well-formed. */
  public static List<String> problems(byte[] frame) {
    try {
      return Wellformed.problems(new Decoded(frame));
    } catch (IllegalRawDataException | RuntimeException e) {
      // An ICMP error may quote what makes no sense; its own checksum is what counts then.
      return isGoodIcmpError(frame) ? List.of() : List.of("cannot be decoded: " + e.getMessage());
    }
  }

  private static boolean isGoodIcmpError(byte[] frame) {
    return frame.length >= 42
        && frame[12] == 8
        && frame[13] == 0
        && frame[14] == 0x45
        && frame[23] == 1
        && List.of(3, 4, 5, 11, 12).contains((int) frame[34])
        && sum(frame, 14, 34) == 0xffff
        && sum(frame, 34, 14 + (((frame[16] & 0xff) << 8) | (frame[17] & 0xff))) == 0xffff;
  }

  private static int sum(byte[] bytes, int from, int to) {
    int sum = 0;
    for (int i = from; i < Math.min(to, bytes.length); i++) {
      sum += (i - from) % 2 == 0 ? (bytes[i] & 0xff) << 8 : bytes[i] & 0xff;
    }
    return ((sum & 0xffff) + (sum >>> 16)) & 0xffff;
  }

  /** The bytes as offset, hexadecimal and text. */
  public static String hexdump(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (int row = 0; row < bytes.length; row += 16) {
      out.append(String.format("%04x ", row));
      StringBuilder text = new StringBuilder();
      for (int i = row; i < row + 16; i++) {
        out.append(i < bytes.length ? String.format(" %02x", bytes[i]) : "   ");
        if (i < bytes.length) {
          text.append(bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char) bytes[i] : '.');
        }
      }
      out.append("  ").append(text).append('\n');
    }
    return out.toString();
  }

  /** Runs the checks and fails with all that do not hold. */
  public Decoded check(Check... checks) {
    List<String> failed = new ArrayList<>();
    for (Check each : checks) {
      String difference = each.difference(this);
      if (difference != null) {
        failed.add(difference);
      }
    }
    if (!failed.isEmpty()) {
      throw new AssertionError(
          String.join("; ", failed) + "\n  in " + this + "\n" + hexdump(bytes));
    }
    return this;
  }

  private <T extends Packet> T layer(Class<T> type, String name) {
    T layer = ethernet.get(type);
    if (layer == null) {
      throw new AssertionError("not " + name + ": " + this);
    }
    return layer;
  }

  EthernetPacket ethernet() {
    return ethernet;
  }

  IpV4Packet ip() {
    return layer(IpV4Packet.class, "IPv4");
  }

  private TcpPacket tcp() {
    return layer(TcpPacket.class, "TCP");
  }

  private UdpPacket udp() {
    return layer(UdpPacket.class, "UDP");
  }

  private IcmpV4CommonPacket icmp() {
    return layer(IcmpV4CommonPacket.class, "ICMP");
  }

  private ArpPacket arp() {
    return layer(ArpPacket.class, "ARP");
  }

  /** The whole frame. */
  public byte[] bytes() {
    return bytes;
  }

  // ---- link ----

  /** The link-layer destination, as people write it. */
  public String destinationMac() {
    return ethernet.getHeader().getDstAddr().toString();
  }

  /** The link-layer source. */
  public String sourceMac() {
    return ethernet.getHeader().getSrcAddr().toString();
  }

  /** The 802.1Q network, or 0 if there is no tag. */
  public int vlan() {
    Dot1qVlanTagPacket tag = ethernet.get(Dot1qVlanTagPacket.class);
    return tag == null ? 0 : tag.getHeader().getVidAsInt();
  }

  /** Whether it is ARP. */
  public boolean isArp() {
    return ethernet.contains(ArpPacket.class);
  }

  /** ARP: 1 for a request, 2 for a reply. */
  public int arpOperation() {
    return arp().getHeader().getOperation().value();
  }

  /** ARP: the sender's protocol address. */
  public String arpSender() {
    return arp().getHeader().getSrcProtocolAddr().getHostAddress();
  }

  /** ARP: the sender's link address. */
  public String arpSenderMac() {
    return arp().getHeader().getSrcHardwareAddr().toString();
  }

  /** ARP: the protocol address that is asked for. */
  public String arpTarget() {
    return arp().getHeader().getDstProtocolAddr().getHostAddress();
  }

  // ---- network ----

  /** Whether it is IPv4. */
  public boolean isIpv4() {
    return ethernet.contains(IpV4Packet.class);
  }

  /** The IP source. */
  public String source() {
    return ip().getHeader().getSrcAddr().getHostAddress();
  }

  /** The IP destination. */
  public String destination() {
    return ip().getHeader().getDstAddr().getHostAddress();
  }

  /** The IP protocol number. */
  public int protocol() {
    return ip().getHeader().getProtocol().value() & 0xff;
  }

  /** Time to live. */
  public int ttl() {
    return ip().getHeader().getTtlAsInt();
  }

  /** Type of service, 8 bits. */
  public int tos() {
    return ip().getHeader().getTos().value() & 0xff;
  }

  /** The IP identification. */
  public int ipId() {
    return ip().getHeader().getIdentificationAsInt();
  }

  /** The IP total length. */
  public int ipLength() {
    return ip().getHeader().getTotalLengthAsInt();
  }

  /** The don't-fragment bit. */
  public boolean dontFragment() {
    return ip().getHeader().getDontFragmentFlag();
  }

  /** The more-fragments bit. */
  public boolean moreFragments() {
    return ip().getHeader().getMoreFragmentFlag();
  }

  /** The fragment's offset in bytes. */
  public int fragmentOffset() {
    return (ip().getHeader().getFragmentOffset() & 0x1fff) * 8;
  }

  /** Whether it is a fragment of a datagram. */
  public boolean isFragment() {
    return moreFragments() || fragmentOffset() != 0;
  }

  // ---- transport ----

  /** An ICMP error quotes other protocols' headers: what counts is the datagram's own protocol. */
  private boolean isProtocol(int number) {
    return isIpv4() && protocol() == number;
  }

  /** Whether it is TCP. */
  public boolean isTcp() {
    return isProtocol(6) && ethernet.contains(TcpPacket.class);
  }

  /** Whether it is UDP. */
  public boolean isUdp() {
    return isProtocol(17) && ethernet.contains(UdpPacket.class);
  }

  /** Whether it is ICMP. */
  public boolean isIcmp() {
    return isProtocol(1) && ethernet.contains(IcmpV4CommonPacket.class);
  }

  /** The source port, TCP or UDP. */
  public int sourcePort() {
    return isTcp()
        ? tcp().getHeader().getSrcPort().valueAsInt()
        : udp().getHeader().getSrcPort().valueAsInt();
  }

  /** The destination port, TCP or UDP. */
  public int destinationPort() {
    return isTcp()
        ? tcp().getHeader().getDstPort().valueAsInt()
        : udp().getHeader().getDstPort().valueAsInt();
  }

  /** TCP: the sequence number, 0 to 2^32-1. */
  public long seq() {
    return tcp().getHeader().getSequenceNumberAsLong();
  }

  /** TCP: the acknowledgment number, 0 to 2^32-1. */
  public long ack() {
    return tcp().getHeader().getAcknowledgmentNumberAsLong();
  }

  /** TCP: the flags as letters of {@code FSRPAUEW}, in this order; empty if none is set. */
  public String flags() {
    TcpPacket.TcpHeader header = tcp().getHeader();
    int ecn = transport()[13] & 0xff;
    StringBuilder flags = new StringBuilder(8);
    append(flags, header.getFin(), 'F');
    append(flags, header.getSyn(), 'S');
    append(flags, header.getRst(), 'R');
    append(flags, header.getPsh(), 'P');
    append(flags, header.getAck(), 'A');
    append(flags, header.getUrg(), 'U');
    // pcap4j takes these two for reserved bits (RFC 3168 came later).
    append(flags, (ecn & 0x40) != 0, 'E');
    append(flags, (ecn & 0x80) != 0, 'W');
    return flags.toString();
  }

  private static void append(StringBuilder flags, boolean set, char letter) {
    if (set) {
      flags.append(letter);
    }
  }

  /** TCP: whether a flag is set; one of {@code FSRPAUEW}. */
  public boolean hasFlag(char letter) {
    return flags().indexOf(letter) >= 0;
  }

  /** TCP: the window field, not scaled. */
  public int window() {
    return tcp().getHeader().getWindowAsInt();
  }

  /** TCP: the urgent pointer. */
  public int urgent() {
    return tcp().getHeader().getUrgentPointerAsInt();
  }

  /** TCP: the options, in order. */
  public List<TcpOption> options() {
    List<TcpOption> options = new ArrayList<>();
    for (TcpPacket.TcpOption option : tcp().getHeader().getOptions()) {
      byte[] raw = option.getRawData();
      int kind = raw[0] & 0xff;
      byte[] body = kind <= 1 ? new byte[0] : Arrays.copyOfRange(raw, 2, raw.length);
      options.add(new TcpOption(kind, body));
    }
    // What follows the end of the list is padding; each byte reads as another end.
    for (int i = 0; i < tcp().getHeader().getPadding().length; i++) {
      options.add(TcpOption.eol());
    }
    return options;
  }

  /** TCP: the first option of a kind, or null. */
  public TcpOption option(int kind) {
    return options().stream().filter(each -> each.kind() == kind).findFirst().orElse(null);
  }

  /** ICMP: the type. */
  public int icmpType() {
    return icmp().getHeader().getType().value() & 0xff;
  }

  /** ICMP: the code. */
  public int icmpCode() {
    return icmp().getHeader().getCode().value() & 0xff;
  }

  /** ICMP: everything behind the first four bytes. */
  public byte[] icmpBody() {
    Packet body = icmp().getPayload();
    return body == null ? new byte[0] : body.getRawData();
  }

  /**
   * What TCP, UDP or ICMP carries behind its header; of another datagram or a fragment, everything.
   */
  public byte[] payload() {
    int header = 0;
    if (isTcp()) {
      header = tcp().getHeader().length();
    } else if (isUdp()) {
      header = udp().getHeader().length();
    } else if (isIcmp()) {
      header = 8;
    }
    // Not what pcap4j has for a payload: it goes on decoding by port numbers.
    byte[] transport = transport();
    return Arrays.copyOfRange(transport, Math.min(header, transport.length), transport.length);
  }

  /** Everything behind the IP header, as far as IP's total length goes. */
  byte[] transport() {
    int start = 14 + (vlan() != 0 ? 4 : 0);
    int from = start + ip().getHeader().length();
    return Arrays.copyOfRange(bytes, from, Math.clamp(start + ipLength(), from, bytes.length));
  }

  @Override
  public String toString() {
    if (isArp()) {
      return arpOperation() == 1
          ? "arp who-has " + arpTarget() + " tell " + arpSender()
          : "arp " + arpSender() + " is-at " + arpSenderMac();
    }
    if (!isIpv4()) {
      return "frame "
          + sourceMac()
          + " > "
          + destinationMac()
          + " type "
          + ethernet.getHeader().getType()
          + " length "
          + bytes.length;
    }
    String way = source() + " > " + destination() + ": ";
    if (isTcp()) {
      return way + tcpText();
    }
    if (isUdp()) {
      return way
          + "udp "
          + sourcePort()
          + " > "
          + destinationPort()
          + " ("
          + payload().length
          + ")";
    }
    if (isIcmp()) {
      return way + "icmp type " + icmpType() + " code " + icmpCode();
    }
    return way + "protocol " + protocol() + " offset " + fragmentOffset() + " length " + ipLength();
  }

  private String tcpText() {
    int length = payload().length;
    return sourcePort()
        + " > "
        + destinationPort()
        + " "
        + (flags().isEmpty() ? "-" : flags())
        + " "
        + seq()
        + ":"
        + (seq() + length & 0xffff_ffffL)
        + "("
        + length
        + ")"
        + (hasFlag('A') ? " ack " + ack() : "")
        + " win "
        + window()
        + (options().isEmpty() ? "" : " " + optionText());
  }

  private String optionText() {
    return "<" + String.join(",", options().stream().map(TcpOption::toString).toList()) + ">";
  }
}
