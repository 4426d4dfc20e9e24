package io.millrace.bpf;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The kernel's maps and programs (bpf(2)). Everything that is made here lives for as long as its
 * descriptor is open, so it goes with the process at the latest, however that ends.
 *
 * <p>Cold. One thread at a time.
 */
public final class Bpf implements AutoCloseable {
  /** Program type: what a socket asks about each received packet. */
  public static final int TYPE_SOCKET_FILTER = 1;

  /** Program type: what a driver asks about each received packet. */
  public static final int TYPE_XDP = 6;

  /** Program type: what the traffic control of a device asks about each packet. */
  public static final int TYPE_TRAFFIC_CONTROL = 3;

  /** Attachment: a device's receive path. */
  public static final int ATTACH_XDP = 37;

  /** Attachment: packets that a device is about to send. */
  public static final int ATTACH_EGRESS = 47;

  /** Map type: queues' AF_XDP sockets. */
  public static final int MAP_SOCKETS = 17;

  /** Map type: a ring of messages to the process. */
  public static final int MAP_RING = 27;

  private static final int MAP_CREATE = 0;
  private static final int MAP_UPDATE = 2;
  private static final int PROGRAM_LOAD = 5;
  private static final int LINK_CREATE = 28;

  private static final int ATTRIBUTES = 152;
  private static final int LOG_SIZE = 1 << 20;
  private static final int LOG_LINES = 12;

  private final Linux linux = new Linux();
  private final Deque<Integer> open = new ArrayDeque<>();

  /** Nothing made yet. */
  public Bpf() {}

  private int keep(long result, String what) {
    if (result < 0) {
      throw new BpfException(
          "the kernel refuses " + what + ": " + Linux.describe(result), (int) -result);
    }
    open.push((int) result);
    return (int) result;
  }

  /**
   * Makes a map.
   *
   * @return its descriptor
   * @throws BpfException if the kernel refuses
   */
  public int map(int type, int keySize, int valueSize, int entries) {
    try (Arena arena = Arena.ofConfined()) {
      long attributes = arena.allocate(ATTRIBUTES, 8).address();
      Bytes.put32Native(attributes, type);
      Bytes.put32Native(attributes + 4, keySize);
      Bytes.put32Native(attributes + 8, valueSize);
      Bytes.put32Native(attributes + 12, entries);
      return keep(linux.bpf(MAP_CREATE, attributes, ATTRIBUTES), "a map of type " + type);
    }
  }

  /**
   * Sets an entry of a map whose keys and values have 4 bytes.
   *
   * @throws BpfException if the kernel refuses
   */
  public void put(int map, int key, int value) {
    try (Arena arena = Arena.ofConfined()) {
      long entry = arena.allocate(8, 8).address();
      Bytes.put32Native(entry, key);
      Bytes.put32Native(entry + 4, value);
      long attributes = arena.allocate(ATTRIBUTES, 8).address();
      Bytes.put32Native(attributes, map);
      Bytes.put64Native(attributes + 8, entry);
      Bytes.put64Native(attributes + 16, entry + 4);
      long result = linux.bpf(MAP_UPDATE, attributes, ATTRIBUTES);
      if (result < 0) {
        throw new BpfException(
            "the kernel refuses a map's entry: " + Linux.describe(result), (int) -result);
      }
    }
  }

  /**
   * What a program is loaded as.
   *
   * @param type one of the program types
   * @param attach the attachment that it is meant for
   * @param flags the kernel's {@code prog_flags}
   * @param device the index of the only device that it may run on, or 0
   */
  public record Kind(int type, int attach, int flags, int device) {}

  /**
   * Loads a program.
   *
   * @return its descriptor
   * @throws BpfException if the kernel refuses; it then ends with the words of the kernel's
   *     verifier
   */
  public int load(long[] instructions, Kind kind) {
    try (Arena arena = Arena.ofConfined()) {
      long code = arena.allocate(8L * instructions.length, 8).address();
      for (int i = 0; i < instructions.length; i++) {
        Bytes.put64Native(code + 8L * i, instructions[i]);
      }
      long attributes = arena.allocate(ATTRIBUTES, 8).address();
      Bytes.put32Native(attributes, kind.type());
      Bytes.put32Native(attributes + 4, instructions.length);
      Bytes.put64Native(attributes + 8, code);
      Bytes.put64Native(attributes + 16, arena.allocateFrom("GPL").address());
      Bytes.put32Native(attributes + 44, kind.flags());
      byte[] name = "millrace".getBytes(US_ASCII);
      Bytes.copyIn(name, 0, attributes + 48, name.length);
      Bytes.put32Native(attributes + 64, kind.device());
      Bytes.put32Native(attributes + 68, kind.attach());
      long result = linux.bpf(PROGRAM_LOAD, attributes, ATTRIBUTES);
      if (result < 0) {
        throw refused(attributes, result);
      }
      return keep(result, "a program");
    }
  }

  /** Loads it once more for the sake of the verifier's words. */
  private BpfException refused(long attributes, long result) {
    String words = "";
    try (Arena arena = Arena.ofConfined()) {
      long log = arena.allocate(LOG_SIZE, 8).address();
      Bytes.put32Native(attributes + 24, 1);
      Bytes.put32Native(attributes + 28, LOG_SIZE);
      Bytes.put64Native(attributes + 32, log);
      long again = linux.bpf(PROGRAM_LOAD, attributes, ATTRIBUTES);
      if (again >= 0) {
        linux.close((int) again);
      }
      String[] lines = Bytes.segment(log, LOG_SIZE).getString(0, US_ASCII).strip().split("\n", -1);
      StringBuilder last = new StringBuilder();
      for (int i = Math.max(0, lines.length - LOG_LINES); i < lines.length; i++) {
        last.append("\n  ").append(lines[i]);
      }
      words = last.toString();
    }
    return new BpfException(
        "the kernel refuses the program: "
            + Linux.describe(result)
            + (words.isBlank() ? "" : "; it says:" + words),
        (int) -result);
  }

  /**
   * Attaches a program to a device; closing the descriptor detaches it.
   *
   * @param device the device's index
   * @param flags the kernel's, for this attachment
   * @return the descriptor of the attachment
   * @throws BpfException if the kernel refuses
   */
  public int attach(int program, int device, int attachment, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long attributes = arena.allocate(ATTRIBUTES, 8).address();
      Bytes.put32Native(attributes, program);
      Bytes.put32Native(attributes + 4, device);
      Bytes.put32Native(attributes + 8, attachment);
      Bytes.put32Native(attributes + 12, flags);
      return keep(linux.bpf(LINK_CREATE, attributes, ATTRIBUTES), "to attach the program");
    }
  }

  /** Detaches and forgets everything, last things first. */
  @Override
  public void close() {
    while (!open.isEmpty()) {
      linux.close(open.pop());
    }
  }
}
