package io.millrace.buf;

/**
 * The Internet checksum (RFC 1071): the 16-bit one's complement sum of network-order words.
 *
 * <p>Sums are kept as plain {@code long}s that have not been folded, so they can be added in any
 * order; an odd-length range ends as if padded with one zero byte, so only the last range of a sum
 * may be odd.
 */
public final class Checksum {
  private Checksum() {}

  private static final long LOW = 0xffff_ffffL;

  /** Bytes of a block; what is shorter is summed where it is asked for. */
  private static final int BLOCK = 64;

  /**
   * The sum of {@code length} bytes, added to {@code sum}.
   *
   * <p>Words are taken in the machine's order, because the one's complement sum does not care (RFC
   * 1071 §2 (B)), and swapped at the end.
   */
  public static long add(long sum, long address, int length) {
    return sum + swapFold(length < BLOCK ? sumShort(address, length) : sumBlocks(address, length));
  }

  private static long sumShort(long address, int length) {
    long own = 0;
    long at = address;
    for (long end = address + (length & ~7); at < end; at += 8) {
      long word = Bytes.i64Native(at);
      own += (word & LOW) + (word >>> 32);
    }
    return own + lastWord(at, length);
  }

  /**
   * The loop has the form that the JIT vectorises, and the method is larger than what it inlines
   * (325 bytes of bytecode): as a part of other large methods the loop was vectorised in some and
   * took three times as long in others. That is why the rest is written out.
   */
  private static long sumBlocks(long address, int length) {
    long own = 0;
    long at = address;
    for (long end = address + (length & -BLOCK); at < end; at += 8) {
      long word = Bytes.i64Native(at);
      own += (word & LOW) + (word >>> 32);
    }
    if ((length & 32) != 0) {
      long first = Bytes.i64Native(at);
      long second = Bytes.i64Native(at + 8);
      long third = Bytes.i64Native(at + 16);
      long fourth = Bytes.i64Native(at + 24);
      own += (first & LOW) + (first >>> 32) + (second & LOW) + (second >>> 32);
      own += (third & LOW) + (third >>> 32) + (fourth & LOW) + (fourth >>> 32);
      at += 32;
    }
    if ((length & 16) != 0) {
      long first = Bytes.i64Native(at);
      long second = Bytes.i64Native(at + 8);
      own += (first & LOW) + (first >>> 32) + (second & LOW) + (second >>> 32);
      at += 16;
    }
    if ((length & 8) != 0) {
      long word = Bytes.i64Native(at);
      own += (word & LOW) + (word >>> 32);
      at += 8;
    }
    if ((length & 4) != 0) {
      own += Bytes.i32Native(at) & LOW;
      at += 4;
    }
    if ((length & 2) != 0) {
      own += Bytes.u16Native(at);
      at += 2;
    }
    if ((length & 1) != 0) {
      int last = Bytes.u8(at);
      own += LITTLE_ENDIAN ? last : last << 8;
    }
    return own;
  }

  /**
   * Copies a short range to where nothing overlaps it, and returns its sum added to {@code sum}:
   * one pass, and no word is read back that was only just written.
   */
  public static long copyShort(long sum, long from, long to, int length) {
    long own = sum;
    long offset = to - from;
    long at = from;
    for (long end = from + (length & ~7); at < end; at += 8) {
      long word = Bytes.i64(at);
      Bytes.put64(at + offset, word);
      own += (word & LOW) + (word >>> 32);
    }
    if ((length & 4) != 0) {
      int word = Bytes.i32(at);
      Bytes.put32(at + offset, word);
      own += word & LOW;
      at += 4;
    }
    return (length & 3) == 0 ? own : own + copyRest(at, at + offset, length);
  }

  private static long copyRest(long from, long to, int length) {
    long sum = 0;
    if ((length & 2) != 0) {
      int word = Bytes.u16(from);
      Bytes.put16(to, word);
      sum = word;
    }
    if ((length & 1) != 0) {
      int last = Bytes.u8(from + (length & 2));
      Bytes.put8(to + (length & 2), last);
      sum += (long) last << 8;
    }
    return sum;
  }

  /** The last one to seven bytes of a range of {@code length} bytes, which begin at {@code at}. */
  private static long lastWord(long address, int length) {
    long sum = 0;
    long at = address;
    if ((length & 4) != 0) {
      sum = Bytes.i32Native(at) & LOW;
      at += 4;
    }
    if ((length & 2) != 0) {
      sum += Bytes.u16Native(at);
      at += 2;
    }
    if ((length & 1) != 0) {
      int last = Bytes.u8(at);
      sum += LITTLE_ENDIAN ? last : last << 8;
    }
    return sum;
  }

  private static final boolean LITTLE_ENDIAN =
      java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;

  private static long swapFold(long sum) {
    int folded = fold(sum);
    return LITTLE_ENDIAN ? Short.reverseBytes((short) folded) & 0xffff : folded;
  }

  /** Folds a sum to 16 bits, carries added back in. */
  public static int fold(long sum) {
    sum = (sum & 0xffff_ffffL) + (sum >>> 32);
    sum = (sum & 0xffff_ffffL) + (sum >>> 32);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return (int) ((sum & 0xffff) + (sum >>> 16)) & 0xffff;
  }

  /** The checksum field's value for a sum: its complement. */
  public static int finish(long sum) {
    return ~fold(sum) & 0xffff;
  }

  /**
   * The pseudo-header's sum without the length, addresses as two longs each; IPv4 as v4-mapped
   * gives IPv4's sum.
   */
  public static long pseudoHeader(
      long sourceHi, long sourceLo, long destinationHi, long destinationLo, int protocol) {
    long sum = protocol;
    if (isV4Mapped(sourceHi, sourceLo)) {
      return sum + (sourceLo & 0xffff_ffffL) + (destinationLo & 0xffff_ffffL);
    }
    return sum
        + (sourceHi >>> 32)
        + (sourceHi & 0xffff_ffffL)
        + (sourceLo >>> 32)
        + (sourceLo & 0xffff_ffffL)
        + (destinationHi >>> 32)
        + (destinationHi & 0xffff_ffffL)
        + (destinationLo >>> 32)
        + (destinationLo & 0xffff_ffffL);
  }

  private static boolean isV4Mapped(long hi, long lo) {
    return hi == 0 && (lo >>> 32) == 0xffff;
  }

  /**
   * Fills in what {@link Frame#requestChecksum} asked for, over the frame and its tail, and takes
   * the request back: for ports that cannot do it themselves, and for whoever copies a frame before
   * a port sees it.
   *
   * <p>A sum of zero is stored as {@code 0xffff}: for UDP zero would mean that there is none (RFC
   * 768), and for the others both stand for the same number.
   */
  public static void complete(Frame frame) {
    long start = frame.checksumAddress();
    int length = (int) (frame.address() + frame.length() - start);
    long sum = add(0, start, length);
    if (frame.tailLength() != 0) {
      int tail = fold(add(0, frame.tailAddress(), frame.tailLength()));
      // A range that starts at an odd offset has its bytes the other way round (RFC 1071 §2 (B)).
      sum += (length & 1) == 0 ? tail : (tail & 0xff) << 8 | tail >>> 8;
    }
    int checksum = finish(sum);
    Bytes.put16(start + frame.checksumOffset(), checksum == 0 ? 0xffff : checksum);
    frame.clear(Frame.CHECKSUM_PARTIAL);
  }

  /**
   * The checksum after one 16-bit word changed (RFC 1624 §3, equation 3).
   *
   * @param checksum the field's old value
   * @param oldWord the word's old value
   * @param newWord the word's new value
   */
  public static int update(int checksum, int oldWord, int newWord) {
    return finish((long) (~checksum & 0xffff) + (~oldWord & 0xffff) + newWord);
  }
}
