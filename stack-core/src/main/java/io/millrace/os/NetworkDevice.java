package io.millrace.os;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.buf.Bytes;
import java.lang.foreign.Arena;

/**
 * A network interface of the kernel, by name: what is asked of it and set through interface ioctls
 * (netdevice(7)). Cold; one thread at a time, in the interface's network namespace when it is made.
 * The interface need not exist; all calls say so then.
 *
 * <pre>
 *  struct ifreq, 40 bytes:
 *   0                          16                               40
 *  +--------------------------+--------------------------------+
 *  | name, zero at the end    | flags | mtu | sockaddr | data  |
 *  +--------------------------+--------------------------------+
 * </pre>
 */
public final class NetworkDevice implements AutoCloseable {
  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;

  private static final int GET_FLAGS = 0x8913;
  private static final int SET_FLAGS = 0x8914;
  private static final int GET_MTU = 0x8921;
  private static final int SET_MTU = 0x8922;
  private static final int GET_HARDWARE_ADDRESS = 0x8927;
  private static final int GET_INDEX = 0x8933;

  private static final int FLAG_UP = 1;

  /** The link type of Ethernet (ARPHRD_ETHER). */
  private static final int ETHERNET = 1;

  private static final int REQUEST_SIZE = 40;
  private static final int VALUE = 16;

  /** The kernel's IFNAMSIZ without the zero at the end. */
  private static final int LONGEST_NAME = 15;

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofConfined();
  private final String name;
  private final long request;
  private final int socket;

  /** Asks nothing yet. */
  public NetworkDevice(String name) {
    this.name = name;
    request = arena.allocate(REQUEST_SIZE, 8).address();
    socket = linux.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }

  /** The interface's name. */
  public String name() {
    return name;
  }

  /**
   * {@code ioctl(2)} with the name and what lies at {@link #value()}, where the answer is
   * afterwards; the call's own result, or a negated errno.
   */
  public int request(int number) {
    if (socket < 0) {
      return socket;
    }
    byte[] bytes = name.getBytes(US_ASCII);
    if (bytes.length > LONGEST_NAME) {
      return -Linux.ENODEV;
    }
    Bytes.fill(request, VALUE, 0);
    Bytes.copyIn(bytes, 0, request, bytes.length);
    return linux.ioctl(socket, number, request);
  }

  /** The address of the 24 bytes behind the name, for {@link #request}. */
  public long value() {
    return request + VALUE;
  }

  /** The number that the kernel knows the interface by, at least 1, or a negated errno. */
  public int index() {
    int result = request(GET_INDEX);
    return result < 0 ? result : Bytes.i32Native(value());
  }

  /** Whether frames on it begin with an Ethernet header: 1 or 0, or a negated errno. */
  public int isEthernet() {
    int result = request(GET_HARDWARE_ADDRESS);
    return result < 0 ? result : Bytes.u16Native(value()) == ETHERNET ? 1 : 0;
  }

  /** The kernel's link address in the low 48 bits, or a negated errno. */
  public long mac() {
    int result = request(GET_HARDWARE_ADDRESS);
    return result < 0 ? result : Bytes.i64(value()) & 0xffff_ffff_ffffL;
  }

  /** The MTU in bytes, or a negated errno. */
  public int mtu() {
    int result = request(GET_MTU);
    return result < 0 ? result : Bytes.i32Native(value());
  }

  /** Sets the MTU; 0, or a negated errno. */
  public int mtu(int bytes) {
    Bytes.put64Native(value(), bytes);
    return request(SET_MTU);
  }

  /** Whether it is switched on: 1 or 0, or a negated errno. */
  public int isUp() {
    int result = request(GET_FLAGS);
    return result < 0 ? result : Bytes.u16Native(value()) & FLAG_UP;
  }

  /** Switches it on or off; 0, or a negated errno. */
  public int up(boolean on) {
    int result = request(GET_FLAGS);
    if (result < 0) {
      return result;
    }
    int flags = Bytes.u16Native(value());
    int wanted = on ? flags | FLAG_UP : flags & ~FLAG_UP;
    if (wanted == flags) {
      return 0;
    }
    Bytes.put16Native(value(), wanted);
    return request(SET_FLAGS);
  }

  @Override
  public void close() {
    if (socket >= 0) {
      linux.close(socket);
    }
    arena.close();
  }
}
