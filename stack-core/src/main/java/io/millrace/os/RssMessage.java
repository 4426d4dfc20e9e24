package io.millrace.os;

import io.millrace.buf.Bytes;
import io.millrace.flow.Toeplitz;

/**
 * How a device hashes, as it says it and is told ({@code struct ethtool_rxfh}). In a question for
 * the sizes both sizes are 0.
 *
 * <pre>
 *  0         4         8           12        16     17       18         24         24 + 4 * table size
 * +---------+---------+-----------+---------+------+--------+----------+----------+-------+
 * | command | context | table size| key size| hash | input  | reserved | table u32| key   |
 * |         | (0)     | (entries) | (bytes) | bits | change |          | each     |       |
 * +---------+---------+-----------+---------+------+--------+----------+----------+-------+
 * </pre>
 */
final class RssMessage {
  static final int HEADER = 24;

  /** Hash bit: Toeplitz. The others are exclusive or, and CRC-32. */
  static final int TOEPLITZ = 1;

  private final long at;

  RssMessage(long at) {
    this.at = at;
  }

  void askSizes() {
    Bytes.fill(at, HEADER, 0);
  }

  private int tableSize() {
    return Bytes.i32Native(at + 8);
  }

  private int keySize() {
    return Bytes.i32Native(at + 12);
  }

  /** The bytes of the whole, by the sizes that it says; they come from a driver, as any number. */
  long size() {
    return HEADER + (tableSize() & 0xffff_ffffL) * 4 + (keySize() & 0xffff_ffffL);
  }

  /** What the device says, in a message whose size has been checked. */
  ReceiveHash hash() {
    if (Bytes.u8(at + 16) != TOEPLITZ) {
      return ReceiveHash.none("its hash is not Toeplitz");
    }
    if (Bytes.u8(at + 17) != 0) {
      return ReceiveHash.none("it changes addresses and ports before it hashes them");
    }
    if (keySize() == 0 || tableSize() == 0) {
      return ReceiveHash.none("it does not say its hash key and its table");
    }
    int[] table = new int[tableSize()];
    for (int i = 0; i < table.length; i++) {
      table[i] = Bytes.i32Native(at + HEADER + 4L * i);
    }
    byte[] key = new byte[keySize()];
    Bytes.copyOut(at + HEADER + 4L * table.length, key, 0, key.length);
    try {
      return ReceiveHash.of(new Toeplitz(key, table));
    } catch (IllegalArgumentException e) {
      return ReceiveHash.none("its hash cannot be computed here: " + e.getMessage());
    }
  }

  /**
   * Fills in a key and a table in the sizes of the device, whose answer this is now; false if they
   * cannot be stretched to them.
   */
  boolean set(Toeplitz toeplitz) {
    int[] table = toeplitz.indirection();
    int tableSize = tableSize();
    int keySize = keySize();
    if (tableSize == 0 || tableSize % table.length != 0 || keySize < Toeplitz.KEY_SIZE) {
      return false;
    }
    Bytes.fill(at, HEADER, 0);
    Bytes.put32Native(at + 8, tableSize);
    Bytes.put32Native(at + 12, keySize);
    Bytes.put8(at + 16, TOEPLITZ);
    for (int i = 0; i < tableSize; i++) {
      Bytes.put32Native(at + HEADER + 4L * i, table[i % table.length]);
    }
    long key = at + HEADER + 4L * tableSize;
    Bytes.fill(key, keySize, 0);
    Bytes.copyIn(toeplitz.key(), 0, key, Toeplitz.KEY_SIZE);
    return true;
  }
}
