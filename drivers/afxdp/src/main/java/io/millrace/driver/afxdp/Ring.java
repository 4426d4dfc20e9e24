package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;

/**
 * One of a socket's four rings, in memory shared with the kernel (Linux,
 * Documentation/networking/af_xdp.rst). Indices run on for ever; their low bits are the place.
 *
 * <pre>
 *   receive, transmit: 16 bytes           fill, completion: 8 bytes
 *   0         8        12       16        0         8
 *  +---------+--------+---------+        +---------+
 *  | address | length | options |        | address |
 *  +---------+--------+---------+        +---------+
 * </pre>
 *
 * <p>Addresses count from the start of the memory that was registered. <b>Thread:</b> the shard's.
 */
final class Ring {
  /** Option: the packet goes on in the next descriptor. */
  static final int CONTINUED = 1;

  /** Option of the transmit ring: what is asked of the device lies in front of the packet. */
  static final int METADATA = 2;

  private static final int NEED_WAKEUP = 1;

  private final long producer;
  private final long consumer;
  private final long flags;
  private final long entries;
  private final int mask;

  /**
   * The parts of a ring that was mapped.
   *
   * @param base where the mapping begins
   * @param offsets four 64-bit numbers: where producer, consumer, entries and flags lie
   * @param size the number of entries, a power of two
   */
  Ring(long base, long offsets, int size) {
    producer = base + Bytes.i64Native(offsets);
    consumer = base + Bytes.i64Native(offsets + 8);
    entries = base + Bytes.i64Native(offsets + 16);
    flags = base + Bytes.i64Native(offsets + 24);
    mask = size - 1;
  }

  int size() {
    return mask + 1;
  }

  /** How far the side that puts in has come, and all that it has put in. */
  int produced() {
    return Bytes.getIntAcquire(producer);
  }

  /** How far the side that takes out has come. */
  int consumed() {
    return Bytes.getIntAcquire(consumer);
  }

  void produced(int index) {
    Bytes.setIntRelease(producer, index);
  }

  void consumed(int index) {
    Bytes.setIntRelease(consumer, index);
  }

  /** Where the descriptor of this index lies, in a ring of descriptors. */
  long descriptor(int index) {
    return entries + ((long) (index & mask) << 4);
  }

  /** Where the address of this index lies, in a ring of addresses. */
  long entry(int index) {
    return entries + ((long) (index & mask) << 3);
  }

  /** Whether the kernel asks for a system call. */
  boolean needsWakeup() {
    return (Bytes.i32Native(flags) & NEED_WAKEUP) != 0;
  }
}
