package io.millrace.bpf;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernel's type information (Linux, Documentation/bpf/btf.rst), as far as it is needed to call
 * the kernel's functions from a program: which number a function has.
 *
 * <pre>
 *  magic u16 | version u8 | flags u8 | header length u32
 *  types: offset u32, length u32 | strings: offset u32, length u32     both from the header's end
 *
 *  a type: name u32 (an offset among the strings) | info u32 | size or type u32 | more, by its kind
 *  info:   bit 31 flag | bits 24 to 28 kind | bits 0 to 15 number of members
 * </pre>
 *
 * <p>Types are numbered from 1 in the order in which they stand there. Every length and offset is
 * checked against what is there. Immutable; cold.
 */
public final class Btf {
  private static final Path KERNEL = Path.of("/sys/kernel/btf/vmlinux");

  private static final int MAGIC = 0xeb9f;
  private static final int HEADER_SIZE = 24;
  private static final int TYPE_SIZE = 12;

  private static final int FUNCTION = 12;

  /** What a kind has that this class has not heard of: the rest cannot be found behind it. */
  private static final int UNKNOWN = -1;

  /** Bytes behind a type, by its kind: once, and per member. */
  private static final int[] ONCE = {0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0};

  private static final int[] PER_MEMBER = {
    0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12
  };

  private final ByteBuffer bytes;
  private final int types;
  private final int typesEnd;
  private final int strings;
  private final int stringsEnd;

  private Btf(ByteBuffer bytes, int types, int typesEnd, int strings, int stringsEnd) {
    this.bytes = bytes;
    this.types = types;
    this.typesEnd = typesEnd;
    this.strings = strings;
    this.stringsEnd = stringsEnd;
  }

  /**
   * The running kernel's.
   *
   * @throws BpfException if it does not say, or not in a way that is understood
   */
  public static Btf kernel() {
    try {
      return of(Files.readAllBytes(KERNEL));
    } catch (IOException e) {
      throw new BpfException(
          "the kernel's type information cannot be read from " + KERNEL + " (" + e + ")", 0);
    }
  }

  /**
   * What these bytes say; they are not copied.
   *
   * @throws BpfException if they are no type information, or not all of it
   */
  public static Btf of(byte[] content) {
    ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    if (content.length < HEADER_SIZE) {
      throw damaged("it has " + content.length + " bytes");
    }
    if ((bytes.getShort(0) & 0xffff) != MAGIC) {
      bytes.order(ByteOrder.BIG_ENDIAN);
      if ((bytes.getShort(0) & 0xffff) != MAGIC) {
        throw damaged("it does not begin as it should");
      }
    }
    if (bytes.get(2) != 1) {
      throw damaged("its version is " + bytes.get(2));
    }
    long header = bytes.getInt(4) & 0xffff_ffffL;
    if (header < HEADER_SIZE || header > content.length) {
      throw damaged("its header would have " + header + " bytes");
    }
    int types = section(bytes, header, 8);
    int strings = section(bytes, header, 16);
    return new Btf(bytes, types, types + bytes.getInt(12), strings, strings + bytes.getInt(20));
  }

  /** Where a section begins, whose offset and length are said at {@code at}. */
  private static int section(ByteBuffer bytes, long header, int at) {
    long start = header + (bytes.getInt(at) & 0xffff_ffffL);
    long length = bytes.getInt(at + 4) & 0xffff_ffffL;
    if (start + length > bytes.limit()) {
      throw damaged("a part of it would end at byte " + (start + length));
    }
    return (int) start;
  }

  private static BpfException damaged(String what) {
    return new BpfException("the kernel's type information is not understood: " + what, 0);
  }

  /**
   * The number of a function, for {@link BpfAssembler#callKernel}; 0 if there is none of that name.
   *
   * @throws BpfException if there are types that are not known, or not all there, before it is
   *     found
   */
  public int function(String name) {
    ByteBuffer wanted = ByteBuffer.wrap((name + '\0').getBytes(US_ASCII));
    int id = 1;
    for (int at = types; at < typesEnd; id++) {
      if (typesEnd - at < TYPE_SIZE) {
        throw damaged("type " + id + " is cut off");
      }
      int info = bytes.getInt(at + 4);
      int kind = info >>> 24 & 31;
      if (kind == FUNCTION && isNamed(bytes.getInt(at), wanted)) {
        return id;
      }
      int more = more(kind, info & 0xffff);
      if (more == UNKNOWN) {
        throw damaged("type " + id + " is of kind " + kind);
      }
      // At most 12 bytes for each of 65,535 members: cannot overflow.
      at += TYPE_SIZE + more;
    }
    return 0;
  }

  private static int more(int kind, int members) {
    return kind == 0 || kind >= ONCE.length ? UNKNOWN : ONCE[kind] + PER_MEMBER[kind] * members;
  }

  /** Whether the string at that offset is this one, its final zero included. */
  private boolean isNamed(int offset, ByteBuffer wanted) {
    int length = wanted.remaining();
    return offset >= 0
        && offset <= stringsEnd - strings - length
        && bytes.slice(strings + offset, length).equals(wanted);
  }
}
