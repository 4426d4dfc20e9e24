package io.millrace.bpf;

import io.millrace.bpf.BpfAssembler.Condition;
import io.millrace.bpf.BpfAssembler.Label;
import io.millrace.bpf.BpfAssembler.Size;
import io.millrace.flow.Toeplitz;
import io.millrace.link.Ethernet;

/**
 * A program of the type socket filter that computes of a packet what network cards do, for the
 * kernel to choose a queue by: the stack then knows beforehand which queue a flow comes in by.
 */
public final class BpfFlowHash {
  private BpfFlowHash() {}

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
   * of queues, which makes it the answer of an even table. TCP and UDP are hashed with their ports,
   * other packets and fragments without, and what is not IP goes to the first queue.
   */
  public static long[] instructions(Toeplitz hash) {
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
