package io.millrace.e2e;

import java.util.List;

/**
 * What is between the kernel and the stack, and how the kernel is set.
 *
 * @param name for reports
 * @param driver {@code tap}, or that of a port on one end of a veth, whose other end is the
 *     kernel's
 * @param shards of the stack, and queues of the port
 * @param options of the port, separated by commas
 * @param kernel shell commands to run on the kernel's side once the device is there
 */
record Link(String name, String driver, int shards, String options, List<String> kernel) {
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
  static final Link PACKET = new Link("packet sockets", "afpacket", 1, "", List.of());

  static final Link PACKET_PLAIN =
      new Link("packet sockets, offload off", "afpacket", 1, "offload=off", List.of());

  static final Link PACKET_TWO_QUEUES =
      new Link("packet sockets, two queues", "afpacket", 2, "", List.of());

  Link(String name, String options, String... kernel) {
    this(name, "tap", 1, options, List.of(kernel));
  }

  /** The same with more options of the port. */
  Link with(String moreOptions) {
    return new Link(name, driver, shards, options + "," + moreOptions, kernel);
  }

  @Override
  public String toString() {
    return name;
  }
}
