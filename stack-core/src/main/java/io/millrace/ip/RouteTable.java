package io.millrace.ip;

import java.util.Arrays;

/**
 * Longest-prefix match: from an address, two longs, to the number that stands behind the longest
 * prefix that covers it.
 *
 * <p>A tree bitmap: every node decides six bits. One 64-bit map says which prefixes end inside the
 * node, another which children there are; values and children lie packed in arrays and are found by
 * counting bits. A lookup visits at most six nodes for IPv4 and 22 for IPv6, and a prefix costs at
 * most one node of 24 bytes per six bits of its length, whatever the prefixes are.
 *
 * <pre>
 *   internal, 63 bits: the prefixes that end in this node    external, 64 bits: the children
 *   bit 0        1 2        3 4 5 6        7 ..              bit c: the next six bits are c
 *   length 0     1          2              3
 * </pre>
 *
 * <p>Looking up allocates nothing; changing may. <b>Thread:</b> the shard's.
 */
public final class RouteTable {
  /** Says that there is no prefix. */
  public static final int NONE = -1;

  /** The most addresses that can be looked up at once. */
  static final int BATCH = 64;

  private static final int STRIDE = 6;
  private static final int FAN_OUT = 1 << STRIDE;

  /**
   * For each six bits: the positions in the internal map of the prefixes, of length 0 to 5, that
   * cover them.
   */
  private static final long[] COVERING = covering();

  /** Words of a node: internal map, external map, first child and first value. */
  private static final int NODE = 3;

  private final int commonBits;
  private final LongBlocks nodes = new LongBlocks();
  private final IntBlocks values = new IntBlocks();

  /** Where the lookups of a batch have got to, and which of them go on. */
  private final int[] reached = new int[BATCH];

  private final int[] going = new int[BATCH];
  private int size;

  /**
   * Creates an empty table.
   *
   * @param commonBits the leading bits that all addresses have in common and that are never looked
   *     at: 96 for v4-mapped addresses, 0 for IPv6
   */
  public RouteTable(int commonBits) {
    if (commonBits < 0 || commonBits > 122) {
      throw new IllegalArgumentException(commonBits + " common bits are not between 0 and 122");
    }
    this.commonBits = commonBits;
    nodes.allocate(1);
  }

  private static long[] covering() {
    long[] masks = new long[FAN_OUT];
    for (int bits = 0; bits < FAN_OUT; bits++) {
      for (int length = 0; length < STRIDE; length++) {
        masks[bits] |= 1L << position(bits >>> (STRIDE - length), length);
      }
    }
    return masks;
  }

  /** Where a prefix of {@code length} bits, 0 to 5, stands in the internal map. */
  private static int position(int bits, int length) {
    return (1 << length) - 1 + bits;
  }

  /** The number of prefixes. */
  public int size() {
    return size;
  }

  /** Bytes of memory that the table takes, more or less. */
  public long memory() {
    return (long) nodes.words.length * Long.BYTES + (long) values.words.length * Integer.BYTES;
  }

  /** The value behind the longest prefix that covers the address, or {@link #NONE}. */
  public int lookup(long hi, long lo) {
    long[] words = nodes.words;
    int node = 0;
    int found = NONE;
    for (int bit = commonBits; ; bit += STRIDE) {
      int chunk = chunk(hi, lo, bit);
      long internal = words[node];
      long covering = internal & COVERING[chunk];
      if (covering != 0) {
        long longest = Long.highestOneBit(covering);
        found = (int) words[node + 2] + Long.bitCount(internal & (longest - 1));
      }
      long external = words[node + 1];
      long child = 1L << chunk;
      if ((external & child) == 0) {
        return found == NONE ? NONE : values.words[found];
      }
      node = (int) (words[node + 2] >>> 32) + Long.bitCount(external & (child - 1)) * NODE;
    }
  }

  /**
   * Looks up many addresses, all of them one node further at a time: the nodes of a large table are
   * in no cache of the processor, and so it waits for many of them together and not for one after
   * the other.
   *
   * @param addresses two longs each
   * @param count of the addresses, at most {@value #BATCH}
   * @param found the values, or {@link #NONE}
   */
  void lookup(long[] addresses, int count, int[] found) {
    for (int i = 0; i < count; i++) {
      reached[i] = 0;
      found[i] = NONE;
      going[i] = i;
    }
    int left = count;
    for (int bit = commonBits; left > 0; bit += STRIDE) {
      left = goOn(addresses, left, bit, found);
    }
    int[] all = values.words;
    for (int i = 0; i < count; i++) {
      found[i] = found[i] == NONE ? NONE : all[found[i]];
    }
  }

  /** One node further; returns how many lookups have another one before them. */
  private int goOn(long[] addresses, int count, int bit, int[] found) {
    long[] words = nodes.words;
    int left = 0;
    for (int k = 0; k < count; k++) {
      int i = going[k];
      int node = reached[i];
      int chunk = chunk(addresses[2 * i], addresses[2 * i + 1], bit);
      long internal = words[node];
      long external = words[node + 1];
      long bases = words[node + 2];
      long covering = internal & COVERING[chunk];
      long longest = Long.highestOneBit(covering);
      int value = (int) bases + Long.bitCount(internal & (longest - 1));
      found[i] = covering != 0 ? value : found[i];
      reached[i] = (int) (bases >>> 32) + Long.bitCount(external & ((1L << chunk) - 1)) * NODE;
      going[left] = i;
      left += (int) (external >>> chunk) & 1;
    }
    return left;
  }

  /**
   * The value behind exactly this prefix, or {@link #NONE}. Bits behind {@code length} are not
   * looked at.
   */
  public int get(long hi, long lo, int length) {
    int last = lastNodeBit(length);
    int node = 0;
    for (int bit = commonBits; bit < last; bit += STRIDE) {
      node = child(node, chunk(hi, lo, bit));
      if (node < 0) {
        return NONE;
      }
    }
    int position = position(hi, lo, last, length);
    long internal = nodes.words[node];
    return (internal & 1L << position) == 0 ? NONE : values.words[valueAt(node, position)];
  }

  /**
   * Adds a prefix or changes its value. Bits behind {@code length} are not looked at.
   *
   * @param length the prefix length counted from the first of 128 bits: 96 + n for an IPv4 prefix
   *     of length n
   * @param value 0 or more
   * @return the value before, or {@link #NONE}
   */
  public int put(long hi, long lo, int length, int value) {
    if (value < 0) {
      throw new IllegalArgumentException("a route's value is 0 or more, not " + value);
    }
    int last = lastNodeBit(length);
    int node = 0;
    for (int bit = commonBits; bit < last; bit += STRIDE) {
      int chunk = chunk(hi, lo, bit);
      int next = child(node, chunk);
      node = next >= 0 ? next : addChild(node, chunk);
    }
    int position = position(hi, lo, last, length);
    long internal = nodes.words[node];
    int at = valueAt(node, position);
    if ((internal & 1L << position) != 0) {
      int before = values.words[at];
      values.words[at] = value;
      return before;
    }
    int count = Long.bitCount(internal);
    int base = (int) nodes.words[node + 2];
    int index = at - base;
    int block = values.insert(base, count, index, value);
    nodes.words[node] = internal | 1L << position;
    setValues(node, block);
    size++;
    return NONE;
  }

  /** Removes a prefix and returns the value it had, or {@link #NONE} if it was not there. */
  public int remove(long hi, long lo, int length) {
    int last = lastNodeBit(length);
    int depth = (last - commonBits) / STRIDE;
    int[] path = new int[depth + 1];
    for (int level = 0; level < depth; level++) {
      int next = child(path[level], chunk(hi, lo, commonBits + level * STRIDE));
      if (next < 0) {
        return NONE;
      }
      path[level + 1] = next;
    }
    int node = path[depth];
    int position = position(hi, lo, last, length);
    long internal = nodes.words[node];
    if ((internal & 1L << position) == 0) {
      return NONE;
    }
    int at = valueAt(node, position);
    int before = values.words[at];
    int base = (int) nodes.words[node + 2];
    setValues(node, values.delete(base, Long.bitCount(internal), at - base));
    nodes.words[node] = internal & ~(1L << position);
    size--;
    for (int level = depth; level > 0 && isEmpty(path[level]); level--) {
      removeChild(path[level - 1], chunk(hi, lo, commonBits + (level - 1) * STRIDE));
    }
    return before;
  }

  // ---- bits of an address ----

  /** The six bits from {@code bit} on; behind the last one there are zeros. */
  private static int chunk(long hi, long lo, int bit) {
    if (bit >= Long.SIZE) {
      return (int) (lo << (bit - Long.SIZE) >>> (Long.SIZE - STRIDE));
    }
    int bits = (int) (hi << bit >>> (Long.SIZE - STRIDE));
    return bit <= Long.SIZE - STRIDE ? bits : bits | (int) (lo >>> (2 * Long.SIZE - STRIDE - bit));
  }

  /** The first bit of the node in which a prefix of this length ends. */
  private int lastNodeBit(int length) {
    if (length < commonBits || length > 2 * Long.SIZE) {
      throw new IllegalArgumentException(
          "prefix length " + length + " is not between " + commonBits + " and 128");
    }
    return commonBits + (length - commonBits) / STRIDE * STRIDE;
  }

  private static int position(long hi, long lo, int nodeBit, int length) {
    int inside = length - nodeBit;
    return inside == 0 ? 0 : position(chunk(hi, lo, nodeBit) >>> (STRIDE - inside), inside);
  }

  // ---- nodes ----

  private boolean isEmpty(int node) {
    return nodes.words[node] == 0 && nodes.words[node + 1] == 0;
  }

  private int valueAt(int node, int position) {
    return (int) nodes.words[node + 2] + Long.bitCount(nodes.words[node] & ((1L << position) - 1));
  }

  private void setValues(int node, int base) {
    nodes.words[node + 2] = (nodes.words[node + 2] & ~0xffff_ffffL) | base;
  }

  private int children(int node) {
    return (int) (nodes.words[node + 2] >>> 32);
  }

  private void setChildren(int node, int base) {
    nodes.words[node + 2] = (nodes.words[node + 2] & 0xffff_ffffL) | ((long) base << 32);
  }

  private int child(int node, int chunk) {
    long external = nodes.words[node + 1];
    long bit = 1L << chunk;
    if ((external & bit) == 0) {
      return NONE;
    }
    return children(node) + Long.bitCount(external & (bit - 1)) * NODE;
  }

  private int addChild(int node, int chunk) {
    long external = nodes.words[node + 1];
    int count = Long.bitCount(external);
    int index = Long.bitCount(external & ((1L << chunk) - 1));
    int old = children(node);
    int block = nodes.allocate(count + 1);
    System.arraycopy(nodes.words, old, nodes.words, block, index * NODE);
    System.arraycopy(
        nodes.words,
        old + index * NODE,
        nodes.words,
        block + (index + 1) * NODE,
        (count - index) * NODE);
    nodes.free(old, count);
    nodes.words[node + 1] = external | 1L << chunk;
    setChildren(node, block);
    return block + index * NODE;
  }

  private void removeChild(int node, int chunk) {
    long external = nodes.words[node + 1];
    int count = Long.bitCount(external);
    int index = Long.bitCount(external & ((1L << chunk) - 1));
    int old = children(node);
    int block = nodes.allocate(count - 1);
    System.arraycopy(nodes.words, old, nodes.words, block, index * NODE);
    System.arraycopy(
        nodes.words,
        old + (index + 1) * NODE,
        nodes.words,
        block + index * NODE,
        (count - 1 - index) * NODE);
    nodes.free(old, count);
    nodes.words[node + 1] = external & ~(1L << chunk);
    setChildren(node, block);
  }

  /**
   * Blocks of 1 to 64 nodes in one array; a freed block waits, linked by its first word, for one of
   * its size.
   */
  private static final class LongBlocks {
    private long[] words = new long[NODE * 16];
    private final int[] free = new int[FAN_OUT + 1];
    private int end;

    LongBlocks() {
      Arrays.fill(free, NONE);
    }

    /** A block of {@code count} nodes, all zero; 0 for none. */
    int allocate(int count) {
      if (count == 0) {
        return 0;
      }
      int block = free[count];
      if (block != NONE) {
        free[count] = (int) words[block];
        Arrays.fill(words, block, block + count * NODE, 0);
        return block;
      }
      block = end;
      end = Math.addExact(end, count * NODE);
      if (end > words.length) {
        words = Arrays.copyOf(words, Math.max(end, words.length + (words.length >> 1)));
      }
      return block;
    }

    void free(int block, int count) {
      if (count != 0) {
        words[block] = free[count];
        free[count] = block;
      }
    }
  }

  /** The same for blocks of 1 to 63 values. */
  private static final class IntBlocks {
    private int[] words = new int[16];
    private final int[] free = new int[FAN_OUT];
    private int end;

    IntBlocks() {
      Arrays.fill(free, NONE);
    }

    int insert(int old, int count, int index, int value) {
      int block = allocate(count + 1);
      System.arraycopy(words, old, words, block, index);
      words[block + index] = value;
      System.arraycopy(words, old + index, words, block + index + 1, count - index);
      free(old, count);
      return block;
    }

    int delete(int old, int count, int index) {
      int block = allocate(count - 1);
      System.arraycopy(words, old, words, block, index);
      System.arraycopy(words, old + index + 1, words, block + index, count - 1 - index);
      free(old, count);
      return block;
    }

    private int allocate(int count) {
      if (count == 0) {
        return 0;
      }
      int block = free[count];
      if (block != NONE) {
        free[count] = words[block];
        return block;
      }
      block = end;
      end = Math.addExact(end, count);
      if (end > words.length) {
        words = Arrays.copyOf(words, Math.max(end, words.length + (words.length >> 1)));
      }
      return block;
    }

    private void free(int block, int count) {
      if (count != 0) {
        words[block] = free[count];
        free[count] = block;
      }
    }
  }
}
