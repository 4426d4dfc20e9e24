package io.millrace.testkit.netns;

/**
 * Two network interfaces of the kernel's joined by a cable, each in a namespace: what is sent
 * through one is received by the other. They go with either namespace.
 *
 * <pre>{@code
 * VethPair veth = VethPair.create(stack, "mr0", kernel, "k0", 2);
 * veth.right().offloads(false).address("10.0.0.1/24");
 * veth.up();
 * }</pre>
 *
 * <p>Needs the tools {@code ip} and, for offloads, {@code ethtool}. <b>Thread:</b> one at a time.
 */
public final class VethPair {
  private final End left;
  private final End right;

  private VethPair(End left, End right) {
    this.left = left;
    this.right = right;
  }

  /**
   * Makes a pair, switched off.
   *
   * @param queues receive and transmit queues of each end, at least 1
   */
  public static VethPair create(
      NetworkNamespace leftNamespace,
      String leftDevice,
      NetworkNamespace rightNamespace,
      String rightDevice,
      int queues) {
    String count = Integer.toString(queues);
    leftNamespace.run(
        ("ip link add NAME numrxqueues N numtxqueues N type veth"
                + " peer name PEER numrxqueues N numtxqueues N netns SPACE")
            .replace("NAME", leftDevice)
            .replace("PEER", rightDevice)
            .replace("SPACE", rightNamespace.name())
            .replace(" N ", " " + count + " ")
            .split(" "));
    return new VethPair(new End(leftNamespace, leftDevice), new End(rightNamespace, rightDevice));
  }

  /** The end that was named first. */
  public End left() {
    return left;
  }

  /** The end that was named second. */
  public End right() {
    return right;
  }

  /** Sets the MTU of both ends, in bytes. */
  public VethPair mtu(int bytes) {
    left.mtu(bytes);
    right.mtu(bytes);
    return this;
  }

  /** Switches both ends on. */
  public VethPair up() {
    left.up(true);
    right.up(true);
    return this;
  }

  /** One end. */
  public static final class End {
    private final NetworkNamespace namespace;
    private final String device;

    private End(NetworkNamespace namespace, String device) {
      this.namespace = namespace;
      this.device = device;
    }

    /** The namespace that it is in. */
    public NetworkNamespace namespace() {
      return namespace;
    }

    /** Its name there. */
    public String device() {
      return device;
    }

    /** Adds an address of the kernel's, with the length of its network. */
    public End address(String prefix) {
      namespace.run("ip", "address", "add", prefix, "dev", device);
      return this;
    }

    /** Switches it on or off. */
    public End up(boolean on) {
      namespace.run("ip", "link", "set", device, on ? "up" : "down");
      return this;
    }

    /** Sets the MTU in bytes. */
    public End mtu(int bytes) {
      namespace.run("ip", "link", "set", device, "mtu", Integer.toString(bytes));
      return this;
    }

    /**
     * Whether the kernel sends packets through it whose checksums are not filled in, and longer
     * than the MTU: it may, because the other end is its own.
     */
    public End offloads(boolean on) {
      String state = on ? "on" : "off";
      namespace.run("ethtool", "-K", device, "tx", state, "tso", state, "gso", state);
      return this;
    }

    /** Its link address, in the low 48 bits. */
    public long mac() {
      String text = namespace.run("cat", "/sys/class/net/" + device + "/address").strip();
      return Long.parseLong(text.replace(":", ""), 16);
    }

    /** Takes it, and with it the other end, away. */
    public void remove() {
      namespace.run("ip", "link", "del", device);
    }
  }
}
