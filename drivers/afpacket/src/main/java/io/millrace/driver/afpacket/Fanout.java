package io.millrace.driver.afpacket;

import io.millrace.bpf.Bpf;
import io.millrace.bpf.BpfException;
import io.millrace.bpf.BpfFlowHash;
import io.millrace.buf.Bytes;
import io.millrace.flow.Toeplitz;
import io.millrace.os.Linux;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.security.SecureRandom;

/**
 * Lets the sockets of a port's queues share the packets: each flow goes to one of them
 * (PACKET_FANOUT). Either by the kernel's hash, or by a program that computes that of network
 * cards, whose answer the stack then knows beforehand. Cold.
 */
final class Fanout {
  private static final Logger LOG = System.getLogger("io.millrace.afpacket");

  private static final int SOL_PACKET = 263;
  private static final int FANOUT = 18;
  private static final int FANOUT_DATA = 22;
  private static final int BY_HASH = 0;
  private static final int BY_PROGRAM = 7;
  private static final int UNIQUE_ID = 0x2000;
  private static final int IGNORE_OUTGOING = 0x4000;

  private final Linux linux = new Linux();
  private Toeplitz toeplitz;

  private Fanout() {}

  /**
   * Joins sockets to a group.
   *
   * @return the hash and table by which flows are divided, or null if nobody knows
   * @throws io.millrace.spi.PortException if the kernel refuses
   */
  static Toeplitz join(PacketSocket[] sockets, AfPacketOptions options, boolean up) {
    Fanout fanout = new Fanout();
    try (Bpf bpf = new Bpf();
        Arena arena = Arena.ofConfined()) {
      long value = arena.allocate(8, 8).address();
      int program = options.predictable() ? fanout.program(bpf, options) : -1;
      int type = (program < 0 ? BY_HASH : BY_PROGRAM) | IGNORE_OUTGOING;
      int group = UNIQUE_ID << 16;
      for (PacketSocket socket : sockets) {
        Bytes.put32Native(value, type << 16 | group);
        int result = fanout.linux.setsockopt(socket.fd(), SOL_PACKET, FANOUT, value, 4);
        if (result < 0) {
          throw PacketError.noFanout(options.device(), result, up);
        }
        group = fanout.group(socket, value);
      }
      if (program >= 0) {
        Bytes.put32Native(value, program);
        int result = fanout.linux.setsockopt(sockets[0].fd(), SOL_PACKET, FANOUT_DATA, value, 4);
        if (result < 0) {
          throw PacketError.noFanout(options.device(), result, up);
        }
      }
    }
    return fanout.toeplitz;
  }

  /** The number that the kernel has given to the first socket's group. */
  private int group(PacketSocket socket, long value) {
    Bytes.put32Native(value + 4, 4);
    linux.getsockopt(socket.fd(), SOL_PACKET, FANOUT, value, value + 4);
    return Bytes.u16Native(value);
  }

  /** The program with a key of its own, or -1 if this user or this kernel does not get one. */
  private int program(Bpf bpf, AfPacketOptions options) {
    byte[] key = new byte[Toeplitz.KEY_SIZE];
    new SecureRandom().nextBytes(key);
    Toeplitz hash = new Toeplitz(key, options.queues());
    try {
      int program =
          bpf.load(BpfFlowHash.instructions(hash), new Bpf.Kind(Bpf.TYPE_SOCKET_FILTER, 0, 0, 0));
      toeplitz = hash;
      return program;
    } catch (BpfException e) {
      LOG.log(
          Level.INFO,
          "{0}: flows are divided by the kernel''s own hash, because {1}",
          options.device(),
          e.getMessage());
      return -1;
    }
  }
}
