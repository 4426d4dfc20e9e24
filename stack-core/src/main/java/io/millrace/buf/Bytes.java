package io.millrace.buf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.agrona.UnsafeApi;

/**
 * Reads and writes memory at absolute addresses: the only class of Millrace that does.
 *
 * <p>Nothing is bounds-checked here. Whoever calls has validated the range once, where the bytes
 * came in (rule 1 of the design), and reads only inside it. Multi-byte values are in network order
 * unless the name says {@code Native}. Any thread may call; ordering between threads exists only
 * where a name says acquire or release.
 *
 * <p>Single values go through Agrona's intrinsics, not through {@link MemorySegment}: each access
 * by a memory segment is fifteen calls deep before the JIT has inlined it, and the packet path has
 * so many of them in one compiled method that C2 sometimes ran out of its budget in the middle of a
 * checksum's loop. The path was five times slower then, until the end of the process.
 */
public final class Bytes {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  static {
    try {
      UnsafeApi.pageSize();
    } catch (IllegalAccessError e) {
      throw new IllegalStateException(
          "the JVM must be started with --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"
              + " (=org.agrona on the module path): frames are read through Agrona, which needs it",
          e);
    }
  }

  private Bytes() {}

  private static short inNetworkOrder(short value) {
    return LITTLE_ENDIAN ? Short.reverseBytes(value) : value;
  }

  private static int inNetworkOrder(int value) {
    return LITTLE_ENDIAN ? Integer.reverseBytes(value) : value;
  }

  private static long inNetworkOrder(long value) {
    return LITTLE_ENDIAN ? Long.reverseBytes(value) : value;
  }

  /** The unsigned byte at {@code address}, 0 to 255. */
  public static int u8(long address) {
    return UnsafeApi.getByte(address) & 0xff;
  }

  /** The unsigned 16-bit value at {@code address}, network order, 0 to 65535. */
  public static int u16(long address) {
    return inNetworkOrder(UnsafeApi.getShort(address)) & 0xffff;
  }

  /** The 32-bit value at {@code address}, network order. */
  public static int i32(long address) {
    return inNetworkOrder(UnsafeApi.getInt(address));
  }

  /** The unsigned 32-bit value at {@code address}, network order, 0 to 2^32-1. */
  public static long u32(long address) {
    return inNetworkOrder(UnsafeApi.getInt(address)) & 0xffff_ffffL;
  }

  /** The 64-bit value at {@code address}, network order. */
  public static long i64(long address) {
    return inNetworkOrder(UnsafeApi.getLong(address));
  }

  /** Writes the low 8 bits of {@code value}. */
  public static void put8(long address, int value) {
    UnsafeApi.putByte(address, (byte) value);
  }

  /** Writes the low 16 bits of {@code value}, network order. */
  public static void put16(long address, int value) {
    UnsafeApi.putShort(address, inNetworkOrder((short) value));
  }

  /** Writes 32 bits, network order. */
  public static void put32(long address, int value) {
    UnsafeApi.putInt(address, inNetworkOrder(value));
  }

  /** Writes 64 bits, network order. */
  public static void put64(long address, long value) {
    UnsafeApi.putLong(address, inNetworkOrder(value));
  }

  /** The unsigned 16-bit value at {@code address} in the machine's own order. */
  public static int u16Native(long address) {
    return UnsafeApi.getShort(address) & 0xffff;
  }

  /** The 32-bit value at {@code address} in the machine's own order. */
  public static int i32Native(long address) {
    return UnsafeApi.getInt(address);
  }

  /** The 64-bit value at {@code address} in the machine's own order. */
  public static long i64Native(long address) {
    return UnsafeApi.getLong(address);
  }

  /** Writes 16 bits in the machine's own order. */
  public static void put16Native(long address, int value) {
    UnsafeApi.putShort(address, (short) value);
  }

  /** Writes 32 bits in the machine's own order. */
  public static void put32Native(long address, int value) {
    UnsafeApi.putInt(address, value);
  }

  /** Writes 64 bits in the machine's own order. */
  public static void put64Native(long address, long value) {
    UnsafeApi.putLong(address, value);
  }

  /** Reads a 4-byte-aligned ring index with acquire semantics (drivers' shared rings). */
  public static int getIntAcquire(long address) {
    return UnsafeApi.getIntAcquire(null, address);
  }

  /** Writes a 4-byte-aligned ring index with release semantics (drivers' shared rings). */
  public static void setIntRelease(long address, int value) {
    UnsafeApi.putIntRelease(null, address, value);
  }

  /** Reads eight bytes at a multiple of 8, in the machine's own order, with acquire semantics. */
  public static long getLongAcquire(long address) {
    return UnsafeApi.getLongAcquire(null, address);
  }

  /** Writes one byte with release semantics (bells between shards). */
  public static void setByteRelease(long address, int value) {
    UnsafeApi.putByteRelease(null, address, (byte) value);
  }

  /** Reads a 2-byte-aligned ring index with acquire semantics (drivers' shared rings). */
  public static int getShortAcquire(long address) {
    return UnsafeApi.getShortAcquire(null, address) & 0xffff;
  }

  /** Writes a 2-byte-aligned ring index with release semantics (drivers' shared rings). */
  public static void setShortRelease(long address, int value) {
    UnsafeApi.putShortRelease(null, address, (short) value);
  }

  /** Copies {@code length} bytes; the ranges may overlap. */
  public static void copy(long from, long to, long length) {
    UnsafeApi.copyMemory(from, to, length);
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
