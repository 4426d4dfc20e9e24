package io.millrace.net;

import io.millrace.link.Ethernet;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;

/**
 * The tags of a network on a port: {@code 10} is one of 802.1Q, {@code 100.10} is that in 802.1ad.
 */
final class VlanTags {
  /** What a port offers that needs to find its way past the tags. */
  private static final int CUTS =
      PortInfo.TX_SEGMENT_TCP4
          | PortInfo.TX_SEGMENT_TCP6
          | PortInfo.TX_SEGMENT_UDP4
          | PortInfo.TX_SEGMENT_UDP6;

  private static final int MOST = 4094;

  private VlanTags() {}

  /**
   * Reads the tags, as {@link Ethernet#write} takes them.
   *
   * @throws PortException with one sentence if the text is not understood
   */
  static int parse(String text) {
    int dot = text.indexOf('.');
    int outer = dot < 0 ? 0 : number(text.substring(0, dot), text);
    return outer << 16 | number(text.substring(dot + 1), text);
  }

  private static int number(String digits, String text) {
    int number = digits.matches("[0-9]{1,4}") ? Integer.parseInt(digits) : 0;
    if (number < 1 || number > MOST) {
      throw new PortException(
          "'"
              + text
              + "' is not a network on a port: write its 802.1Q number from 1 to 4094, as in 10, or"
              + " the 802.1ad number in front of it, as in 100.10");
    }
    return number;
  }

  static String format(int vlan) {
    int inner = vlan & 0xffff;
    return vlan >>> 16 == 0 ? Integer.toString(inner) : (vlan >>> 16) + "." + inner;
  }

  /** A port as a network on it sees it: its tags take from the MTU, so that frames stay as long. */
  static PortInfo on(PortInfo port, int vlan) {
    int tags = Ethernet.headerSize(vlan) - Ethernet.HEADER_SIZE;
    // Devices that find their way past one tag to cut a segment may not find it past two.
    int offloads = vlan >>> 16 == 0 ? port.offloads() : port.offloads() & ~CUTS;
    return new PortInfo(
        port.name() + "." + format(vlan),
        port.mac(),
        port.mtu() - tags,
        port.queues(),
        offloads,
        port.frameSize(),
        port.rss());
  }
}
