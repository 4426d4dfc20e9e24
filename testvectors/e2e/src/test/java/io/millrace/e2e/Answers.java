package io.millrace.e2e;

import io.millrace.ip.IpAddress;
import io.millrace.testkit.netns.PacketSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Watches what the stack sends over IPv6 and notes what no host may send, whatever it was asked: a
 * packet socket on the kernel's side that reads along until it is closed.
 */
final class Answers implements AutoCloseable {
  private static final int TYPE_IPV6 = 0x86dd;
  private static final int FIRST_INFORMATIONAL = 128;
  private static final int MIN_MTU = 1280;
  private static final int ICMPV6 = 58;

  private final PacketSocket socket;
  private final Set<IpAddress> ours;
  private final Thread reader;
  private final List<String> forbidden = new ArrayList<>();
  private volatile boolean closed;
  private long packets;

  private Answers(PacketSocket socket, Set<IpAddress> ours) {
    this.socket = socket;
    this.ours = ours;
    this.reader = Thread.ofPlatform().name("answers").start(this::read);
  }

  /** Watches the kernel's end of a lab's device. */
  static Answers watch(DualStackLab lab) {
    Set<IpAddress> ours =
        Set.of(IpAddress.parse(DualStackLab.STACK), IpAddress.parse(lab.linkLocal()));
    return new Answers(
        PacketSocket.open(lab.kernel().name(), DualStackLab.DEVICE, TYPE_IPV6), ours);
  }

  private void read() {
    while (!closed) {
      Optional<byte[]> packet = socket.receive(100);
      while (packet.isPresent()) {
        packets++;
        judge(packet.get());
        packet = socket.receive(0);
      }
    }
  }

  /** Ends the watch; what it has seen that is forbidden, in words. */
  List<String> end() {
    closed = true;
    try {
      reader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return forbidden;
  }

  /** The packets seen; after {@link #end}. */
  long packets() {
    return packets;
  }

  @Override
  public void close() {
    end();
    socket.close();
  }

  private void forbid(boolean wrong, String what, ByteBuffer packet) {
    if (wrong && forbidden.size() < 20) {
      IpAddress to = address(packet, 24);
      forbidden.add(what + ": type " + (packet.get(40) & 0xff) + " to " + to);
    }
  }

  private static IpAddress address(ByteBuffer packet, int at) {
    return new IpAddress(packet.getLong(at), packet.getLong(at + 8));
  }

  private static boolean isMulticast(ByteBuffer packet, int at) {
    return packet.get(at) == (byte) 0xff;
  }

  private void judge(byte[] frame) {
    ByteBuffer packet = ByteBuffer.wrap(frame, 14, frame.length - 14).slice();
    IpAddress source = address(packet, 8);
    boolean toGroup = isMulticast(packet, 24);
    forbid(toGroup != ((frame[0] & 1) != 0), "the link's address does not fit", packet);
    boolean anonymous = source.hi() == 0 && source.lo() == 0;
    // Who has no address yet asks for it, and reports groups (RFC 4861 §4.3, RFC 3810 §5.2.13).
    forbid(!(ours.contains(source) || (anonymous && toGroup)), "not from us", packet);
    forbid(ours.contains(address(packet, 24)), "to ourselves", packet);
    if (packet.get(6) == ICMPV6) {
      icmp(packet);
    }
  }

  private void icmp(ByteBuffer packet) {
    int type = packet.get(40) & 0xff;
    forbid(checksum(packet) != 0, "a wrong checksum", packet);
    switch (type) {
      case 129 -> forbid(isMulticast(packet, 24), "an echo reply to a group", packet);
      case 134, 137 -> forbid(true, "a host is no router", packet);
      case 133, 135, 136 ->
          forbid(packet.get(7) != (byte) 255, "Neighbor Discovery that may be forwarded", packet);
      default -> {
        if (type < FIRST_INFORMATIONAL) {
          error(packet);
        }
      }
    }
  }

  /** RFC 4443 §2.4 (c) and (e). */
  private void error(ByteBuffer packet) {
    forbid(packet.capacity() > MIN_MTU, "an error that is too long", packet);
    forbid(isMulticast(packet, 24), "an error to a group", packet);
    int quote = 48;
    if (packet.capacity() < quote + 41) {
      return;
    }
    int type = packet.get(40);
    int code = packet.get(41);
    int pointer = packet.getInt(44);
    if (isMulticast(packet, quote + 24)) {
      boolean optionThatSaysSo =
          type == 4
              && code == 2
              && quote + pointer < packet.capacity()
              && (packet.get(quote + pointer) & 0xc0) == 0x80;
      forbid(type != 2 && !optionThatSaysSo, "an error about a packet to a group", packet);
    }
    if (packet.get(quote + 6) == ICMPV6) {
      int about = packet.get(quote + 40) & 0xff;
      forbid(about < FIRST_INFORMATIONAL || about == 137, "an error about an error", packet);
    }
  }

  private static int checksum(ByteBuffer packet) {
    int length = packet.capacity() - 40;
    long sum = length + ICMPV6;
    for (int i = 8; i < packet.capacity(); i++) {
      sum += (packet.get(i) & 0xff) << ((i & 1) == 0 ? 8 : 0);
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) ~sum & 0xffff;
  }
}
