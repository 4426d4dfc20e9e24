package io.millrace.testkit.netns;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import io.millrace.os.Namespace;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A network interface of the kernel's, seen raw: a packet socket (packet(7)) of one EtherType.
 * <b>Thread:</b> one at a time.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final int GET_INDEX = 0x8933;
  private static final int SIZE = 1 << 17;

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofShared();
  private final long buffer = arena.allocate(SIZE, 8).address();
  private final long poll = arena.allocate(8, 8).address();
  private final int fd;

  private PacketSocket(String device, int type) {
    int protocol = Short.reverseBytes((short) type) & 0xffff;
    fd = linux.socket(AF_PACKET, SOCK_RAW | Linux.O_NONBLOCK | Linux.O_CLOEXEC, protocol);
    require(fd, "socket");
    Bytes.fill(buffer, 64, 0);
    byte[] name = device.getBytes(StandardCharsets.US_ASCII);
    Bytes.copyIn(name, 0, buffer, name.length);
    require(linux.ioctl(fd, GET_INDEX, buffer), "index of " + device);
    int index = Bytes.i32Native(buffer + 16);
    // struct sockaddr_ll: family u16, protocol u16 in network order, index i32, 12 bytes unused.
    Bytes.fill(buffer, 20, 0);
    Bytes.put16Native(buffer, AF_PACKET);
    Bytes.put16Native(buffer + 2, protocol);
    Bytes.put32Native(buffer + 4, index);
    require(linux.bind(fd, buffer, 20), "bind");
    Bytes.put32Native(poll, fd);
    Bytes.put16Native(poll + 4, Linux.POLLIN);
  }

  /**
   * Opens one on an interface.
   *
   * @param namespace the interface's network namespace, by name; null for the process's own
   * @param type the EtherType of the packets that it receives
   */
  public static PacketSocket open(String namespace, String device, int type) {
    return Namespace.in(namespace, () -> new PacketSocket(device, type));
  }

  private static void require(int result, String what) {
    if (result < 0) {
      throw new AssertionError(what + ": " + Linux.describe(result));
    }
  }

  /** Sends a packet, which begins with its Ethernet header. */
  public void send(byte[] packet) {
    Bytes.copyIn(packet, 0, buffer, packet.length);
    long written = linux.write(fd, buffer, packet.length);
    if (written != packet.length) {
      throw new AssertionError("write: " + written);
    }
  }

  /** The next packet; waits for at most {@code millis}. */
  public Optional<byte[]> receive(int millis) {
    Bytes.put16Native(poll + 6, 0);
    linux.poll(poll, 1, millis);
    long read = linux.read(fd, buffer, SIZE);
    if (read < 0) {
      return Optional.empty();
    }
    byte[] packet = new byte[(int) read];
    Bytes.copyOut(buffer, packet, 0, packet.length);
    return Optional.of(packet);
  }

  @Override
  public void close() {
    linux.close(fd);
    arena.close();
  }
}
