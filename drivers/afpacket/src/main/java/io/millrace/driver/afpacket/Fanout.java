package io.millrace.driver.afpacket;

import io.millrace.bpf.Bpf;
import io.millrace.bpf.BpfAssembler;
import io.millrace.bpf.BpfAssembler.Condition;
import io.millrace.bpf.BpfAssembler.Label;
import io.millrace.bpf.BpfAssembler.Size;
import io.millrace.bpf.BpfException;
import io.millrace.bpf.BpfToeplitz;
import io.millrace.buf.Bytes;
import io.millrace.flow.Toeplitz;
import io.millrace.link.Ethernet;
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
      int program = bpf.load(instructions(hash), new Bpf.Kind(Bpf.TYPE_SOCKET_FILTER, 0, 0, 0));
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

  // Registers, and where what is read of the packet lies below the frame pointer.
  private static final int PACKET = 6;
  private static final int PROTOCOL = 7;
  private static final int HASH = 8;
  private static final int OFFSET = 9;
  private static final int FRAME_POINTER = 10;
  private static final int BUFFER = -48;

  private static final int CONTEXT_PROTOCOL = 16;
  private static final int LOAD_BYTES_RELATIVE = 68;
  private static final int FROM_NETWORK_HEADER = 1;

  private static final int IPV6_HEADER = 40;
  private static final int TCP = 6;
  private static final int UDP = 17;

  /**
   * The program: the packet's hash, modulo the table's size; the kernel takes it modulo the number
   * of sockets, which makes it the table's answer. TCP and UDP are hashed with their ports, other
   * packets and fragments without, and what is not IP goes to the first queue.
   */
  static long[] instructions(Toeplitz hash) {
    BpfAssembler code = new BpfAssembler();
    BpfToeplitz words = new BpfToeplitz(hash);
    Label six = code.label();
    Label done = code.label();
    code.moveRegister(PACKET, 1)
        .move(HASH, 0)
        .load(Size.WORD, PROTOCOL, PACKET, CONTEXT_PROTOCOL)
        .fromNetworkOrder(PROTOCOL, 16)
        .jump(Condition.EQUAL, PROTOCOL, Ethernet.TYPE_IPV6, six)
        .jump(Condition.NOT_EQUAL, PROTOCOL, Ethernet.TYPE_IPV4, done);
    four(code, words, done);
    code.place(six);
    six(code, words, done);
    code.place(done).moveRegister(0, HASH).and32(0, Toeplitz.TABLE_SIZE - 1).exit();
    return code.assemble();
  }

  private static void four(BpfAssembler code, BpfToeplitz words, Label done) {
    code.move(2, 0);
    read(code, 20, done);
    word(code, words, 12, 0);
    word(code, words, 16, 4);
    // RFC 791 §3.1: with the more-fragments bit or an offset it is a fragment, without ports.
    code.load(Size.HALF, 1, FRAME_POINTER, BUFFER + 6)
        .fromNetworkOrder(1, 16)
        .jump(Condition.ANY_BIT, 1, 0x3fff, done)
        .load(Size.BYTE, PROTOCOL, FRAME_POINTER, BUFFER + 9)
        .load(Size.BYTE, OFFSET, FRAME_POINTER, BUFFER)
        .and32(OFFSET, 0xf)
        .shiftLeft32(OFFSET, 2);
    ports(code, words, 8, done);
  }

  private static void six(BpfAssembler code, BpfToeplitz words, Label done) {
    code.move(2, 0);
    read(code, IPV6_HEADER, done);
    for (int i = 0; i < 32; i += 4) {
      word(code, words, 8 + i, i);
    }
    code.load(Size.BYTE, PROTOCOL, FRAME_POINTER, BUFFER + 6).move(OFFSET, IPV6_HEADER);
    ports(code, words, 32, done);
  }

  /** Adds the ports to the hash, if the protocol has any; goes to {@code done}. */
  private static void ports(BpfAssembler code, BpfToeplitz words, int position, Label done) {
    Label known = code.label();
    code.jump(Condition.EQUAL, PROTOCOL, TCP, known)
        .jump(Condition.NOT_EQUAL, PROTOCOL, UDP, done)
        .place(known)
        .moveRegister(2, OFFSET);
    read(code, 4, done);
    word(code, words, 0, position);
    code.jump(done);
  }

  /** Reads bytes from the offset in register 2 on into the buffer; shorter packets are done. */
  private static void read(BpfAssembler code, int bytes, Label done) {
    code.moveRegister(1, PACKET)
        .moveRegister(3, FRAME_POINTER)
        .add(3, BUFFER)
        .move(4, bytes)
        .move(5, FROM_NETWORK_HEADER)
        .call(LOAD_BYTES_RELATIVE)
        .jump(Condition.NOT_EQUAL, 0, 0, done);
  }

  /** Adds a word of the buffer to the hash, at {@code position} of its input. */
  private static void word(BpfAssembler code, BpfToeplitz words, int at, int position) {
    code.load(Size.WORD, 1, FRAME_POINTER, BUFFER + at).fromNetworkOrder(1, 32);
    words.addWord(code, position, 1, HASH, 2);
  }
}
