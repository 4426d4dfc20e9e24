package io.millrace.os;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import java.lang.foreign.Arena;

/**
 * Asks the kernel what an XDP program can learn about a received packet from a network interface's
 * driver (generic netlink, family {@code netdev}: Documentation/netlink/specs/netdev.yaml).
 *
 * <pre>
 *  message:    length u32 | type u16 | flags u16 | sequence u32 | port u32
 *  generic:    command u8 | version u8 | 0 u16
 *  attributes: length u16 | type u16 | value, padded to 4 bytes
 * </pre>
 *
 * <p>Needs no privilege; Linux 6.7 or later. Cold; one thread.
 */
public final class NetworkDeviceFeatures {
  /** The time at which the hardware received it. */
  public static final int RECEIVE_TIME = 1;

  /** The hash by which the hardware spreads flows. */
  public static final int RECEIVE_HASH = 2;

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int GENERIC = 16;

  /** The family that knows the others' numbers, how it is asked, and its attributes. */
  private static final int CONTROL = 16;

  private static final int GET_FAMILY = 3;
  private static final int FAMILY_NUMBER = 1;
  private static final int FAMILY_NAME = 2;

  private static final int GET_DEVICE = 1;
  private static final int DEVICE_INDEX = 1;
  private static final int DEVICE_METADATA = 5;

  private static final int ERROR = 2;
  private static final int REQUEST = 1;
  private static final int HEADER = 16;
  private static final int ATTRIBUTES = 20;
  private static final int SIZE = 1 << 14;

  private final Linux linux = new Linux();
  private final int socket;
  private final long buffer;

  private NetworkDeviceFeatures(int socket, long buffer) {
    this.socket = socket;
    this.buffer = buffer;
  }

  /**
   * What the driver of an interface of the calling thread's network namespace can say, the bits
   * above.
   *
   * @param index the interface's index
   * @return the bits, 0 if there are none; or a negated {@code errno} if the kernel does not answer
   */
  public static int receiveMetadata(int index) {
    Linux linux = new Linux();
    int socket = linux.socket(AF_NETLINK, SOCK_RAW | Linux.O_CLOEXEC, GENERIC);
    if (socket < 0) {
      return socket;
    }
    try (Arena arena = Arena.ofConfined()) {
      return new NetworkDeviceFeatures(socket, arena.allocate(SIZE, 8).address()).ask(index);
    } finally {
      linux.close(socket);
    }
  }

  private int ask(int index) {
    byte[] name = "netdev\0".getBytes(US_ASCII);
    Bytes.copyIn(name, 0, buffer + ATTRIBUTES + 4, name.length);
    long family = request(CONTROL, GET_FAMILY, FAMILY_NAME, name.length, FAMILY_NUMBER);
    if (family < 0) {
      return (int) family;
    }
    Bytes.put32Native(buffer + ATTRIBUTES + 4, index);
    return (int) request((int) family, GET_DEVICE, DEVICE_INDEX, 4, DEVICE_METADATA);
  }

  /**
   * Sends a request with one attribute, whose value of {@code length} bytes is in its place
   * already.
   *
   * @return the number that the answer's attribute {@code wanted} has, 0 if it has none; or a
   *     negated {@code errno}
   */
  private long request(int family, int command, int attribute, int length, int wanted) {
    int size = ATTRIBUTES + 4 + length;
    Bytes.put32Native(buffer, size);
    Bytes.put16Native(buffer + 4, family);
    Bytes.put16Native(buffer + 6, REQUEST);
    Bytes.put64Native(buffer + 8, 0);
    Bytes.put32Native(buffer + HEADER, command | 1 << 8);
    Bytes.put16Native(buffer + ATTRIBUTES, 4 + length);
    Bytes.put16Native(buffer + ATTRIBUTES + 2, attribute);
    long count = linux.send(socket, buffer, size, 0);
    if (count >= 0) {
      count = linux.recv(socket, buffer, SIZE, 0);
    }
    if (count < 0) {
      return count;
    }
    long end = Math.min(count, Bytes.i32Native(buffer) & 0xffff_ffffL);
    if (end < ATTRIBUTES) {
      return -Linux.EIO;
    }
    if (Bytes.u16Native(buffer + 4) == ERROR) {
      // A negated errno; an answer without one is no answer to this.
      return Math.min(Bytes.i32Native(buffer + HEADER), -1);
    }
    return number(buffer + ATTRIBUTES, buffer + end, wanted);
  }

  /** The value of an attribute with 2 or 8 bytes, 0 if it is not there. */
  private static long number(long at, long end, int wanted) {
    while (at + 4 <= end) {
      int length = Bytes.u16Native(at);
      if (length < 4 || at + length > end) {
        break;
      }
      if (Bytes.u16Native(at + 2) == wanted) {
        return switch (length - 4) {
          case 2 -> Bytes.u16Native(at + 4);
          case 8 -> Bytes.i64Native(at + 4) & Integer.MAX_VALUE;
          default -> 0;
        };
      }
      at += length + 3 & ~3;
    }
    return 0;
  }
}
