package io.millrace.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Which memory is near which CPU and which network card, as Linux says it under {@code /sys}
 * (Documentation/ABI: sysfs-devices-node, sysfs-devices-system-cpu).
 *
 * <p>Reads when it is made; immutable but for {@link #nodeOfDevice}, which looks each time. Cold;
 * any thread. Where Linux says nothing, or nothing that can be understood, there is one node.
 */
public final class Numa {
  /** No node: unknown, or one as good as another. */
  public static final int ANY = -1;

  /** As many nodes as a mask for the kernel has room for ({@link Linux#preferNode}). */
  private static final int MOST_NODES = 1024;

  private static final int MOST_CPUS = 1 << 16;

  private final Path sys;
  private final List<Node> nodes = new ArrayList<>();

  private record Node(int number, BitSet cpus) {}

  private Numa(Path sys) {
    this.sys = sys;
    Path folder = sys.resolve("devices/system/node");
    BitSet online = list(read(folder.resolve("online")), MOST_NODES);
    for (int i = online.nextSetBit(0); i >= 0; i = online.nextSetBit(i + 1)) {
      Path cpus = folder.resolve("node" + i).resolve("cpulist");
      nodes.add(new Node(i, list(read(cpus), MOST_CPUS)));
    }
  }

  /** This machine. */
  public static Numa system() {
    return new Numa(Path.of("/sys"));
  }

  /** A machine whose {@code /sys} is somewhere else. */
  static Numa at(Path sys) {
    return new Numa(sys);
  }

  /** How many nodes there are, at least 1. */
  public int nodes() {
    return Math.max(1, nodes.size());
  }

  /** The node of a CPU, or {@link #ANY} if that is not known. */
  public int nodeOf(int cpu) {
    for (Node node : nodes) {
      if (cpu >= 0 && node.cpus.get(cpu)) {
        return node.number;
      }
    }
    return ANY;
  }

  /**
   * The node that a CPU's memory shall be on, for {@link io.millrace.buf.FramePool}: {@link #ANY}
   * where there is only one, and for a CPU of -1, a thread that is not pinned.
   */
  public int memoryFor(int cpu) {
    return nodes() == 1 ? ANY : nodeOf(cpu);
  }

  /**
   * The node that a network card is plugged into, or {@link #ANY} if it is no card or that is not
   * known.
   */
  public int nodeOfDevice(String device) {
    String text = read(sys.resolve("class/net").resolve(device).resolve("device/numa_node"));
    return text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : ANY;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return ""; // A kernel without NUMA, a container without /sys, an interface that is no card.
    }
  }

  /** The numbers of a list such as {@code 0-3,8,10-11}; what is none is left out. */
  private static BitSet list(String text, int most) {
    BitSet numbers = new BitSet();
    for (String range : text.split(",", -1)) {
      if (range.matches("[0-9]{1,6}(-[0-9]{1,6})?")) {
        int dash = range.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
        int last = Integer.parseInt(range.substring(dash + 1));
        numbers.set(Math.min(first, most), Math.clamp(last + 1, Math.min(first, most), most));
      }
    }
    return numbers;
  }
}
