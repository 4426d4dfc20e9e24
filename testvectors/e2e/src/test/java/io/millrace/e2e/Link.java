package io.millrace.e2e;

import java.util.List;

/**
 * What is between the kernel and the stack, and how the kernel is set.
 *
 * @param name for reports
 * @param driver {@code tap}, or that of a port on one end of a veth, whose other end is the
 *     kernel's
 * @param shards of the stack, and queues of the port
 * @param mtu of a veth; that of a TAP is an option
 * @param options of the port, separated by commas
 * @param kernel shell commands to run on the kernel's side once the device is there
 */
record Link(String name, String driver, int shards, int mtu, String options, List<String> kernel) {
  /** Everything that both can do. */
  static final Link DEFAULT = new Link("default", "up");

  /** Every packet as it would be on an Ethernet. */
  static final Link PLAIN = new Link("offload off", "offload=off");

  static final Link JUMBO = new Link("MTU 9000", "mtu=9000");

  static final Link PLAIN_JUMBO = new Link("MTU 9000, offload off", "mtu=9000,offload=off");

  /** A kernel that offers and takes no option of TCP but the MSS. */
  static final Link NO_OPTIONS =
      new Link(
          "no timestamps, SACK, window scaling",
          "up",
          "sysctl -qw net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0");

  /** A kernel that takes segments of at most 88 bytes of data. */
  static final Link TINY_SEGMENTS =
      new Link(
          "MSS 88",
          "offload=off",
          "ip route replace 10.99.0.0/24 dev " + Lab.DEVICE + " src " + Lab.KERNEL + " advmss 88");

  /** A kernel whose windows close again and again. */
  static final Link SMALL_BUFFERS =
      new Link(
          "kernel's buffers of 4 KiB",
          "up",
          "sysctl -qw net.ipv4.tcp_rmem='4096 4096 4096' net.ipv4.tcp_wmem='4096 4096 4096'");

  /** A kernel that asks for explicit congestion notification, which we do not have. */
  static final Link ECN = new Link("ECN", "up", "sysctl -qw net.ipv4.tcp_ecn=1");

  /** A wire on which packets get lost, overtake each other and come twice. */
  static final Link BAD =
      new Link("bad wire", "loss=2%,reorder=2%,reorder-gap=3,duplicate=1%,seed=1");

  /** A wire that is far, narrow and damages packets as well. */
  static final Link AWFUL =
      new Link(
          "awful wire",
          "loss=4%,reorder=5%,reorder-gap=8,duplicate=4%,corrupt=1%,delay=5ms,jitter=2ms,"
              + "rate=100mbit,queue=200,seed=7");

  /** Packet sockets on a veth, over which the kernel sends what it leaves to hardware elsewhere. */
  static final Link PACKET = new Link("packet sockets", "afpacket", 1, 1500, "", List.of());

  static final Link PACKET_PLAIN =
      new Link("packet sockets, offload off", "afpacket", 1, 1500, "offload=off", List.of());

  static final Link PACKET_TWO_QUEUES =
      new Link("packet sockets, two queues", "afpacket", 2, 1500, "", List.of());

  /** Without it the kernel leaves checksums on a veth to hardware that is not there. */
  private static final String CHECKSUMS = "ethtool -K " + Lab.DEVICE + " tx off";

  static final Link XDP = xdp("AF_XDP", 1, 1500, "", CHECKSUMS);

  static final Link XDP_GENERIC =
      xdp("AF_XDP, generic", 1, 1500, "attach=generic", CHECKSUMS + " gso off tso off gro off");

  static final Link XDP_JUMBO = xdp("AF_XDP, MTU 9000", 1, 9000, "", CHECKSUMS);

  /** Nobody computes a checksum: both ends take the other's word for it. */
  static final Link XDP_TRUST = xdp("AF_XDP, no checksums", 1, 1500, "rxcsum=trust,txcsum=on");

  static final Link XDP_TWO_QUEUES = xdp("AF_XDP, two queues", 2, 1500, "", CHECKSUMS);

  private static Link xdp(String name, int queues, int mtu, String options, String... kernel) {
    return new Link(name, "afxdp", queues, mtu, options, List.of(kernel));
  }

  Link(String name, String options, String... kernel) {
    this(name, "tap", 1, 1500, options, List.of(kernel));
  }

  /** The same with more options of the port. */
  Link with(String moreOptions) {
    return new Link(
        name,
        driver,
        shards,
        mtu,
        options.isEmpty() ? moreOptions : options + "," + moreOptions,
        kernel);
  }

  @Override
  public String toString() {
    return name;
  }
}
