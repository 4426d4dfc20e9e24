package io.millrace.ipv6.nd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6RouterConfig;
import io.millrace.net.NetInterface;
import java.io.ByteArrayOutputStream;

/** Writes router advertisements (RFC 4861 §4.2) from what is configured. */
final class RouterAdvertisementWriter {
  private final Ipv6RouterConfig.Link config;
  private final NetInterface on;

  RouterAdvertisementWriter(Ipv6RouterConfig.Link config, NetInterface on) {
    this.config = config;
    this.on = on;
  }

  /**
   * Fills an empty frame.
   *
   * @param last whether we cease to be a router (RFC 4861 §6.2.5)
   */
  void write(Frame frame, boolean last) {
    long at = frame.append(NdMessage.RA_SIZE);
    int flags =
        (config.managed() ? NdMessage.RA_MANAGED : 0)
            | (config.otherConfig() ? NdMessage.RA_OTHER : 0)
            | preference(last || config.lifetime() == 0 ? 0 : config.preference());
    Bytes.put32(at, NdMessage.ROUTER_ADVERTISEMENT << 24);
    Bytes.put32(at + 4, config.hopLimit() << 24 | flags << 16 | (last ? 0 : config.lifetime()));
    Bytes.put32(at + 8, (int) config.reachable());
    Bytes.put32(at + 12, (int) config.retransmit());
    NdOption.write48(frame.append(NdOption.SIZE), NdOption.SOURCE_LINK_ADDRESS, on.mac());
    if (config.mtu() != 0) {
      option(frame, NdOption.MTU, NdOption.SIZE, 0, config.mtu());
    }
    config.prefixes().forEach(each -> prefix(frame, each));
    config.routes().forEach(each -> route(frame, each, last));
    // RFC 8106 §5.1: three times the interval by default. They outlive us, as addresses do.
    int dnsLifetime = 3 * config.interval();
    if (!config.dnsServers().isEmpty()) {
      int size = 8 + 16 * config.dnsServers().size();
      long to = option(frame, NdOption.DNS_SERVERS, size, 0, dnsLifetime);
      for (IpAddress each : config.dnsServers()) {
        put(to, each.hi(), each.lo());
        to += 16;
      }
    }
    if (!config.dnsSearch().isEmpty()) {
      search(frame, dnsLifetime);
    }
  }

  /** The two bits in their place (RFC 4191 §2.1). */
  private static int preference(int preference) {
    return (preference & 3) << 3;
  }

  /** Appends the first 8 bytes of an option, and zeros; returns what is behind those 8 bytes. */
  private static long option(Frame frame, int type, int size, int middle, int word) {
    long at = frame.append(size);
    Bytes.fill(at, size, 0);
    Bytes.put32(at, type << 24 | size / 8 << 16 | middle);
    Bytes.put32(at + 4, word);
    return at + 8;
  }

  private static void put(long at, long hi, long lo) {
    Bytes.put64(at, hi);
    Bytes.put64(at + 8, lo);
  }

  private static void prefix(Frame frame, Ipv6RouterConfig.Prefix each) {
    IpPrefix prefix = each.prefix();
    int flags =
        (each.onLink() ? NdOption.PREFIX_ON_LINK : 0)
            | (each.autonomous() ? NdOption.PREFIX_AUTONOMOUS : 0);
    long to =
        option(
            frame,
            NdOption.PREFIX,
            NdOption.PREFIX_SIZE,
            prefix.length() << 8 | flags,
            (int) each.valid());
    Bytes.put32(to, (int) each.preferred());
    putPrefix(to + 8, prefix);
  }

  /** RFC 4861 §4.6.2, RFC 4191 §2.3: bits behind the length are zero. */
  private static void putPrefix(long at, IpPrefix prefix) {
    put(
        at,
        prefix.address().hi() & NdAddress.maskHi(prefix.length()),
        prefix.address().lo() & NdAddress.maskLo(prefix.length()));
  }

  private static void route(Frame frame, Ipv6RouterConfig.Route each, boolean last) {
    int middle = each.prefix().length() << 8 | preference(each.preference());
    long to = option(frame, NdOption.ROUTE, 24, middle, last ? 0 : (int) each.lifetime());
    putPrefix(to, each.prefix());
  }

  private void search(Frame frame, int lifetime) {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (String domain : config.dnsSearch()) {
      for (String label : domain.split("\\.", -1)) {
        byte[] bytes = label.getBytes(US_ASCII);
        names.write(bytes.length);
        names.writeBytes(bytes);
      }
      names.write(0);
    }
    byte[] all = names.toByteArray();
    long to = option(frame, NdOption.DNS_SEARCH, 8 + (all.length + 7) / 8 * 8, 0, lifetime);
    Bytes.copyIn(all, 0, to, all.length);
  }
}
