package io.millrace.buf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads and writes memory at absolute addresses: the only class of Millrace that does.
 *
 * <p>Nothing is bounds-checked here. Whoever calls has validated the range once, where the bytes
 * came in (rule 1 of the design), and reads only inside it. Multi-byte values are in network order
 * unless the name says {@code Native}. Any thread may call; ordering between threads exists only
 * where a name says acquire or release.
 */
public final class Bytes {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort N16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt N32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong N64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final VarHandle ALIGNED_INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle ALIGNED_LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
  private static final VarHandle ALIGNED_SHORT = ValueLayout.JAVA_SHORT.varHandle();

  private Bytes() {}

  /** The unsigned byte at {@code address}, 0 to 255. */
  public static int u8(long address) {
    return ALL.get(JAVA_BYTE, address) & 0xff;
  }

  /** The unsigned 16-bit value at {@code address}, network order, 0 to 65535. */
  public static int u16(long address) {
    return ALL.get(BE16, address) & 0xffff;
  }

  /** The 32-bit value at {@code address}, network order. */
  public static int i32(long address) {
    return ALL.get(BE32, address);
  }

  /** The unsigned 32-bit value at {@code address}, network order, 0 to 2^32-1. */
  public static long u32(long address) {
    return ALL.get(BE32, address) & 0xffff_ffffL;
  }

  /** The 64-bit value at {@code address}, network order. */
  public static long i64(long address) {
    return ALL.get(BE64, address);
  }

  /** Writes the low 8 bits of {@code value}. */
  public static void put8(long address, int value) {
    ALL.set(JAVA_BYTE, address, (byte) value);
  }

  /** Writes the low 16 bits of {@code value}, network order. */
  public static void put16(long address, int value) {
    ALL.set(BE16, address, (short) value);
  }

  /** Writes 32 bits, network order. */
  public static void put32(long address, int value) {
    ALL.set(BE32, address, value);
  }

  /** Writes 64 bits, network order. */
  public static void put64(long address, long value) {
    ALL.set(BE64, address, value);
  }

  /** The unsigned 16-bit value at {@code address} in the machine's own order. */
  public static int u16Native(long address) {
    return ALL.get(N16, address) & 0xffff;
  }

  /** The 32-bit value at {@code address} in the machine's own order. */
  public static int i32Native(long address) {
    return ALL.get(N32, address);
  }

  /** The 64-bit value at {@code address} in the machine's own order. */
  public static long i64Native(long address) {
    return ALL.get(N64, address);
  }

  /** Writes 16 bits in the machine's own order. */
  public static void put16Native(long address, int value) {
    ALL.set(N16, address, (short) value);
  }

  /** Writes 32 bits in the machine's own order. */
  public static void put32Native(long address, int value) {
    ALL.set(N32, address, value);
  }

  /** Writes 64 bits in the machine's own order. */
  public static void put64Native(long address, long value) {
    ALL.set(N64, address, value);
  }

  /** Reads a 4-byte-aligned ring index with acquire semantics (drivers' shared rings). */
  public static int getIntAcquire(long address) {
    return (int) ALIGNED_INT.getAcquire(ALL, address);
  }

  /** Writes a 4-byte-aligned ring index with release semantics (drivers' shared rings). */
  public static void setIntRelease(long address, int value) {
    ALIGNED_INT.setRelease(ALL, address, value);
  }

  /** Reads eight bytes at a multiple of 8, in the machine's own order, with acquire semantics. */
  public static long getLongAcquire(long address) {
    return (long) ALIGNED_LONG.getAcquire(ALL, address);
  }

  /** Writes one byte with release semantics (bells between shards). */
  public static void setByteRelease(long address, int value) {
    BYTE.setRelease(ALL, address, (byte) value);
  }

  /** Reads a 2-byte-aligned ring index with acquire semantics (drivers' shared rings). */
  public static int getShortAcquire(long address) {
    return (short) ALIGNED_SHORT.getAcquire(ALL, address) & 0xffff;
  }

  /** Writes a 2-byte-aligned ring index with release semantics (drivers' shared rings). */
  public static void setShortRelease(long address, int value) {
    ALIGNED_SHORT.setRelease(ALL, address, (short) value);
  }

  /** Copies {@code length} bytes; the ranges may overlap. */
  public static void copy(long from, long to, long length) {
    MemorySegment.copy(ALL, from, ALL, to, length);
  }

  /** Copies from an array into memory. */
  public static void copyIn(byte[] from, int fromIndex, long to, int length) {
    MemorySegment.copy(from, fromIndex, ALL, JAVA_BYTE, to, length);
  }

  /** Copies from memory into an array. */
  public static void copyOut(long from, byte[] to, int toIndex, int length) {
    MemorySegment.copy(ALL, JAVA_BYTE, from, to, toIndex, length);
  }

  /**
   * Sets {@code length} bytes to the low 8 bits of {@code value}. A loop, because a slice to fill
   * is an object that the JIT does not always remove.
   */
  public static void fill(long address, long length, int value) {
    long word = (value & 0xffL) * 0x0101_0101_0101_0101L;
    long at = address;
    long end = address + length;
    while (at + 8 <= end) {
      put64(at, word);
      at += 8;
    }
    while (at < end) {
      put8(at, value);
      at++;
    }
  }

  /** Whether two ranges hold the same bytes. */
  public static boolean equal(long a, long b, long length) {
    return MemorySegment.mismatch(ALL, a, a + length, ALL, b, b + length) < 0;
  }

  /**
   * A view of a range for code that speaks {@link MemorySegment}. It carries no lifetime: the
   * caller keeps the memory alive for as long as the view is used.
   */
  public static MemorySegment segment(long address, long length) {
    return ALL.asSlice(address, length);
  }
}
