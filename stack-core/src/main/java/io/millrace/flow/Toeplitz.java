package io.millrace.flow;

import java.util.Arrays;

/**
 * The hash by which network hardware spreads flows over its queues (receive-side scaling), with the
 * same bits, and the table that turns a hash into a queue.
 *
 * <p>The hash of a bit string is the exclusive or of the 32-bit windows of the key that begin where
 * a bit of the input is set. It is linear, so one table per input byte gives it with a look-up per
 * byte. Inputs are in the order of the wire: source, destination, source port, destination port.
 *
 * <p>Immutable: shards may share one. Allocates nothing per hash.
 */
public final class Toeplitz {
  /** Bytes of a key. */
  public static final int KEY_SIZE = 40;

  /** Entries of the indirection table unless the hardware has one of another size. */
  public static final int TABLE_SIZE = 128;

  private static final int MAX_TABLE = 4096;
  private static final int MAX_QUEUES = 256;

  /** Bytes of the longest input: two IPv6 addresses and two ports. */
  private static final int MAX_INPUT = 36;

  private static final int PORTS_V4 = 8;
  private static final int PORTS_V6 = 32;

  private final byte[] key;

  /** For input byte {@code i} of value {@code v}: its part of the hash, at {@code i * 256 + v}. */
  private final int[] parts = new int[MAX_INPUT * 256];

  private final byte[] queues;

  /**
   * Precomputes the tables for a key, and spreads hashes over {@code queueCount} queues evenly.
   *
   * @param key 40 bytes or more, as given to or read from the hardware; what follows the first 40
   *     never enters the hash of addresses and ports
   * @param queueCount 1 to 128
   */
  public Toeplitz(byte[] key, int queueCount) {
    this(key, evenly(queueCount));
  }

  /**
   * Precomputes the tables for a key, and takes over the indirection table of the hardware.
   *
   * @param key 40 bytes or more
   * @param indirection 1 to 4096 queue numbers of 0 to 255; their number is a power of two
   */
  public Toeplitz(byte[] key, int[] indirection) {
    if (key.length < KEY_SIZE) {
      throw new IllegalArgumentException("a key has at least 40 bytes, not " + key.length);
    }
    int size = indirection.length;
    if (Integer.bitCount(size) != 1
        || size > MAX_TABLE
        || Arrays.stream(indirection).anyMatch(queue -> queue < 0 || queue >= MAX_QUEUES)) {
      throw new IllegalArgumentException(
          "an indirection table has a power of two of entries, at most 4096, of 0 to 255");
    }
    this.key = Arrays.copyOf(key, KEY_SIZE);
    queues = new byte[size];
    for (int i = 0; i < size; i++) {
      queues[i] = (byte) indirection[i];
    }
    for (int i = 0; i < MAX_INPUT; i++) {
      for (int bit = 0; bit < 8; bit++) {
        int window = window(i * 8 + bit);
        int value = 0x80 >>> bit;
        for (int v = 0; v < 256; v++) {
          if ((v & value) != 0) {
            parts[i * 256 + v] ^= window;
          }
        }
      }
    }
  }

  private static int[] evenly(int queueCount) {
    if (queueCount < 1 || queueCount > TABLE_SIZE) {
      throw new IllegalArgumentException(queueCount + " is not between 1 and 128 queues");
    }
    int[] table = new int[TABLE_SIZE];
    for (int i = 0; i < TABLE_SIZE; i++) {
      table[i] = i % queueCount;
    }
    return table;
  }

  /**
   * A hash that is the same in both directions of a flow: its key repeats two bytes, so that words
   * of the input may change places.
   *
   * @param queueCount 1 to 128
   */
  public static Toeplitz symmetric(int queueCount) {
    byte[] key = new byte[KEY_SIZE];
    for (int i = 0; i < KEY_SIZE; i++) {
      key[i] = (byte) ((i & 1) == 0 ? 0x6d : 0x5a);
    }
    return new Toeplitz(key, queueCount);
  }

  /** The 32 bits of the key that begin at {@code bit}. */
  private int window(int bit) {
    int window = 0;
    for (int i = bit; i < bit + 32; i++) {
      window = (window << 1) | ((key[i >>> 3] >>> (7 - (i & 7))) & 1);
    }
    return window;
  }

  /** A copy of the key. */
  public byte[] key() {
    return key.clone();
  }

  /** The hash of an address pair, each address as two longs (IPv4 as v4-mapped). */
  public int hash(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    if (isV4(sourceHi, sourceLo)) {
      return hash32(0, (int) sourceLo) ^ hash32(4, (int) destinationLo);
    }
    return hash64(0, sourceHi)
        ^ hash64(8, sourceLo)
        ^ hash64(16, destinationHi)
        ^ hash64(24, destinationLo);
  }

  /**
   * The hash of an address pair and a port pair.
   *
   * @param ports the source port in the high 16 bits, the destination port in the low 16
   */
  public int hash(long sourceHi, long sourceLo, long destinationHi, long destinationLo, int ports) {
    return hash(sourceHi, sourceLo, destinationHi, destinationLo)
        ^ hash32(isV4(sourceHi, sourceLo) ? PORTS_V4 : PORTS_V6, ports);
  }

  private static boolean isV4(long hi, long lo) {
    return hi == 0 && lo >>> 32 == 0xffff;
  }

  private int hash64(int at, long word) {
    return hash32(at, (int) (word >>> 32)) ^ hash32(at + 4, (int) word);
  }

  private int hash32(int at, int word) {
    int[] table = parts;
    int row = at << 8;
    return table[row + (word >>> 24)]
        ^ table[row + 256 + (word >>> 16 & 0xff)]
        ^ table[row + 512 + (word >>> 8 & 0xff)]
        ^ table[row + 768 + (word & 0xff)];
  }

  /** The queue, 0 to 255, that the hardware puts a packet with this hash into. */
  public int queue(int hash) {
    return queues[hash & queues.length - 1] & 0xff;
  }

  /** A copy of the indirection table. */
  public int[] indirection() {
    int[] table = new int[queues.length];
    for (int i = 0; i < table.length; i++) {
      table[i] = queues[i] & 0xff;
    }
    return table;
  }
}
