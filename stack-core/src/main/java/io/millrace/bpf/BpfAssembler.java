package io.millrace.bpf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes BPF instructions one after the other, with labels in place of distances (Linux,
 * Documentation/bpf/standardization/instruction-set.rst).
 *
 * <pre>
 *   0        8      12     16         32                 64
 *  +--------+------+------+----------+------------------+
 *  | opcode | dst  | src  | offset   | immediate        |
 *  +--------+------+------+----------+------------------+
 * </pre>
 *
 * <p>Registers are numbers, 0 to 10: 0 is the result, 1 to 5 are arguments and do not survive a
 * call, 6 to 9 survive, 10 is the frame pointer with 512 bytes of stack below it. Not thread-safe;
 * cold.
 */
public final class BpfAssembler {
  /** Where a jump goes to. */
  public static final class Label {
    private int at = -1;

    private Label() {}
  }

  /** How many bytes a load or store moves. Values are in the machine's own order. */
  public enum Size {
    /** 1 byte. */
    BYTE(0x10),
    /** 2 bytes. */
    HALF(0x08),
    /** 4 bytes. */
    WORD(0x00),
    /** 8 bytes. */
    LONG(0x18);

    private final int code;

    Size(int code) {
      this.code = code;
    }
  }

  /** What a jump depends on; comparisons are unsigned. */
  public enum Condition {
    /** Equal. */
    EQUAL(0x10),
    /** Not equal. */
    NOT_EQUAL(0x50),
    /** Greater. */
    GREATER(0x20),
    /** Less. */
    LESS(0xa0),
    /** Any of the bits set. */
    ANY_BIT(0x40);

    private final int code;

    Condition(int code) {
      this.code = code;
    }
  }

  private static final int LOAD_IMMEDIATE = 0x18;
  private static final int LOAD = 0x61;
  private static final int STORE = 0x63;
  private static final int ALU32 = 0x04;
  private static final int ALU64 = 0x07;
  private static final int JUMP = 0x05;
  private static final int FROM_REGISTER = 0x08;

  private static final int ADD = 0x00;
  private static final int SUBTRACT = 0x10;
  private static final int MULTIPLY = 0x20;
  private static final int OR = 0x40;
  private static final int AND = 0x50;
  private static final int SHIFT_LEFT = 0x60;
  private static final int SHIFT_RIGHT = 0x70;
  private static final int XOR = 0xa0;
  private static final int MOVE = 0xb0;
  private static final int TO_BIG_ENDIAN = 0xdc;
  private static final int CALL = 0x85;
  private static final int EXIT = 0x95;

  private static final int MAP = 1;
  private static final int KERNEL_FUNCTION = 2;

  private long[] code = new long[64];
  private int count;

  private record Jump(int from, Label to) {}

  private final List<Jump> jumps = new ArrayList<>();

  /** An empty program. */
  public BpfAssembler() {}

  private BpfAssembler emit(int opcode, int to, int from, int offset, int immediate) {
    if (count == code.length) {
      code = Arrays.copyOf(code, count * 2);
    }
    code[count++] =
        (opcode & 0xffL)
            | (long) (to | from << 4) << 8
            | (offset & 0xffffL) << 16
            | (long) immediate << 32;
    return this;
  }

  // ---- values ----

  /** {@code to = value}, 64 bits, the sign kept. */
  public BpfAssembler move(int to, int value) {
    return emit(ALU64 | MOVE, to, 0, 0, value);
  }

  /** {@code to = from}, 64 bits. */
  public BpfAssembler moveRegister(int to, int from) {
    return emit(ALU64 | MOVE | FROM_REGISTER, to, from, 0, 0);
  }

  /** {@code to = from}, the low 32 bits; the high ones become 0. */
  public BpfAssembler move32(int to, int from) {
    return emit(ALU32 | MOVE | FROM_REGISTER, to, from, 0, 0);
  }

  /** {@code to = }the map behind a descriptor. */
  public BpfAssembler map(int to, int descriptor) {
    emit(LOAD_IMMEDIATE, to, MAP, 0, descriptor);
    return emit(0, 0, 0, 0, 0);
  }

  /** {@code to += value}, 64 bits. */
  public BpfAssembler add(int to, int value) {
    return emit(ALU64 | ADD, to, 0, 0, value);
  }

  /** {@code to += from}, 64 bits. */
  public BpfAssembler addRegister(int to, int from) {
    return emit(ALU64 | ADD | FROM_REGISTER, to, from, 0, 0);
  }

  /** {@code to -= from}, 64 bits. */
  public BpfAssembler subtractRegister(int to, int from) {
    return emit(ALU64 | SUBTRACT | FROM_REGISTER, to, from, 0, 0);
  }

  /** {@code to &= value}, 32 bits. */
  public BpfAssembler and32(int to, int value) {
    return emit(ALU32 | AND, to, 0, 0, value);
  }

  /** {@code to |= from}, 64 bits. */
  public BpfAssembler orRegister(int to, int from) {
    return emit(ALU64 | OR | FROM_REGISTER, to, from, 0, 0);
  }

  /** {@code to ^= from}, 32 bits. */
  public BpfAssembler xor32(int to, int from) {
    return emit(ALU32 | XOR | FROM_REGISTER, to, from, 0, 0);
  }

  /** {@code to <<= bits}, 32 bits. */
  public BpfAssembler shiftLeft32(int to, int bits) {
    return emit(ALU32 | SHIFT_LEFT, to, 0, 0, bits);
  }

  /** {@code to >>>= bits}, 32 bits. */
  public BpfAssembler shiftRight32(int to, int bits) {
    return emit(ALU32 | SHIFT_RIGHT, to, 0, 0, bits);
  }

  /** {@code to *= value}, 32 bits. */
  public BpfAssembler multiply32(int to, int value) {
    return emit(ALU32 | MULTIPLY, to, 0, 0, value);
  }

  /** Turns the low 16 or 32 bits from network order into the machine's; the others become 0. */
  public BpfAssembler fromNetworkOrder(int to, int bits) {
    return emit(TO_BIG_ENDIAN, to, 0, 0, bits);
  }

  // ---- memory ----

  /** {@code to = }what lies at {@code from + offset}. */
  public BpfAssembler load(Size size, int to, int from, int offset) {
    return emit(LOAD | size.code, to, from, offset, 0);
  }

  /** Stores the low bytes of {@code from} at {@code to + offset}. */
  public BpfAssembler store(Size size, int to, int offset, int from) {
    return emit(STORE | size.code, to, from, offset, 0);
  }

  // ---- control ----

  /** A label that is nowhere yet. */
  public Label label() {
    return new Label();
  }

  /** Puts a label here. */
  public BpfAssembler place(Label label) {
    label.at = count;
    return this;
  }

  /** Goes to a label, which must be placed behind this instruction. */
  public BpfAssembler jump(Label to) {
    jumps.add(new Jump(count, to));
    return emit(JUMP, 0, 0, 0, 0);
  }

  /** Goes to a label if a register compares so with a number. */
  public BpfAssembler jump(Condition condition, int register, int value, Label to) {
    jumps.add(new Jump(count, to));
    return emit(JUMP | condition.code, register, 0, 0, value);
  }

  /** Goes to a label if two registers compare so. */
  public BpfAssembler jumpRegister(Condition condition, int register, int other, Label to) {
    jumps.add(new Jump(count, to));
    return emit(JUMP | condition.code | FROM_REGISTER, register, other, 0, 0);
  }

  /** Calls one of the kernel's helpers by number. */
  public BpfAssembler call(int helper) {
    return emit(CALL, 0, 0, 0, helper);
  }

  /** Calls a function of the kernel by its number in the kernel's type information. */
  public BpfAssembler callKernel(int typeId) {
    return emit(CALL, 0, KERNEL_FUNCTION, 0, typeId);
  }

  /** Ends the program; the answer is register 0. */
  public BpfAssembler exit() {
    return emit(EXIT, 0, 0, 0, 0);
  }

  /**
   * The instructions, jumps filled in.
   *
   * @throws IllegalStateException if a label that is jumped to was not placed, or lies too far away
   */
  public long[] assemble() {
    long[] all = Arrays.copyOf(code, count);
    for (Jump jump : jumps) {
      int distance = jump.to.at - jump.from - 1;
      if (distance < 0 || distance > Short.MAX_VALUE) {
        throw new IllegalStateException(
            "the jump at " + jump.from + " goes to a label at " + jump.to.at);
      }
      all[jump.from] |= (long) distance << 16;
    }
    return all;
  }
}
