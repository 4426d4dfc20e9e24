package io.millrace.ip;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.time.TimerNode;
import java.util.Arrays;

/**
 * The fragments of one datagram, in order of their offsets, without overlap.
 *
 * <p>A fragment's {@link Frame#mark() mark} is its first byte's place in the datagram's data, and
 * the one behind its last; its window is its data, with its network header in front.
 */
final class FragmentedDatagram extends TimerNode {
  /** The most fragments of one datagram: 64 KiB in pieces of 512 bytes. */
  static final int MAX_FRAGMENTS = 128;

  private static final int UNKNOWN = -1;

  private final Reassembly reassembly;
  private Frame[] parts = new Frame[8];
  private int count;
  private int received;
  private int size;
  private int codepoints;
  private boolean poisoned;

  private long sourceHi;
  private long sourceLo;
  private long destinationHi;
  private long destinationLo;
  private long name;

  /** The place in the table of those that are being put together, or the next spare one. */
  int index;

  FragmentedDatagram spare;

  FragmentedDatagram(Reassembly reassembly) {
    this.reassembly = reassembly;
  }

  /** Makes it new, for the datagram that this fragment is of. */
  void open(Frame fragment, long newName) {
    sourceHi = fragment.sourceHi();
    sourceLo = fragment.sourceLo();
    destinationHi = fragment.destinationHi();
    destinationLo = fragment.destinationLo();
    name = newName;
    received = 0;
    size = UNKNOWN;
    codepoints = 0;
    poisoned = false;
  }

  /** What the fragments of a datagram have in common (RFC 791 §2.3, RFC 8200 §4.5). */
  boolean isOf(Frame fragment, long otherName) {
    return name == otherName
        && sourceLo == fragment.sourceLo()
        && sourceHi == fragment.sourceHi()
        && destinationLo == fragment.destinationLo()
        && destinationHi == fragment.destinationHi();
  }

  boolean isFromSourceOf(Frame fragment) {
    return sourceLo == fragment.sourceLo() && sourceHi == fragment.sourceHi();
  }

  /** The number of fragments that are held. */
  int count() {
    return count;
  }

  /** The fragment number {@code i}, in order of offsets. */
  Frame part(int i) {
    return parts[i];
  }

  boolean isPoisoned() {
    return poisoned;
  }

  /** Whether all is there. */
  boolean isComplete() {
    return received == size;
  }

  /** The bytes of data, known once the last fragment has come. */
  int size() {
    return size;
  }

  static int start(Frame part) {
    return (int) (part.mark() >>> 32);
  }

  static int end(Frame part) {
    return (int) part.mark();
  }

  /**
   * Adds a fragment; its ownership moves here only if null is returned.
   *
   * @param more whether it is not the last one
   * @return null, or {@link DropReason#FRAGMENT_DUPLICATE}, or why the whole datagram is lost
   */
  DropReason insert(Frame fragment, int from, int to, boolean more) {
    int place = place(from);
    Frame before = place == 0 ? null : parts[place - 1];
    if (before != null && end(before) > from) {
      return start(before) == from && end(before) == to && sameBytes(before, fragment, to - from)
          ? DropReason.FRAGMENT_DUPLICATE
          : DropReason.FRAGMENT_OVERLAP;
    }
    if (place < count && start(parts[place]) < to) {
      return DropReason.FRAGMENT_OVERLAP;
    }
    // One end, and nothing behind it.
    boolean endsBadly = more ? size != UNKNOWN && to >= size : size != UNKNOWN || place != count;
    if (endsBadly) {
      return DropReason.FRAGMENT_OVERLAP;
    }
    if (count == MAX_FRAGMENTS) {
      return DropReason.REASSEMBLY_FULL;
    }
    if (!more) {
      size = to;
    }
    fragment.mark((long) from << 32 | to);
    put(fragment, place);
    received += to - from;
    codepoints |= 1 << (fragment.trafficClass() & 3);
    return null;
  }

  /** The first place whose fragment starts behind {@code offset}. */
  private int place(int offset) {
    // Fragments mostly come in order.
    if (count == 0 || start(parts[count - 1]) <= offset) {
      return count;
    }
    int low = 0;
    int high = count - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (start(parts[middle]) <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private void put(Frame fragment, int place) {
    if (count == parts.length) {
      parts = Arrays.copyOf(parts, count * 2);
    }
    System.arraycopy(parts, place, parts, place + 1, count - place);
    parts[place] = fragment;
    count++;
  }

  private static boolean sameBytes(Frame a, Frame b, int length) {
    return Bytes.equal(a.address(), b.address(), length);
  }

  /**
   * The traffic class of the whole: congestion that one fragment met, the datagram met (RFC 3168
   * §5.3).
   *
   * @return -1 if one fragment met congestion while another says it cannot know of any: the
   *     datagram is dropped
   */
  int trafficClass() {
    int first = parts[0].trafficClass();
    boolean congested = (codepoints & 1 << 3) != 0;
    if (!congested) {
      return first;
    }
    return (codepoints & 1) != 0 ? -1 : first | 3;
  }

  /** Copies the data of all fragments to one place, which has room for {@link #size()} bytes. */
  void copyTo(long to) {
    for (int i = 0; i < count; i++) {
      Frame part = parts[i];
      Bytes.copy(part.address(), to + start(part), end(part) - start(part));
    }
  }

  /** Releases what is held; returns how many fragments that were. */
  int releaseAll() {
    int released = count;
    for (int i = 0; i < count; i++) {
      parts[i].release();
      parts[i] = null;
    }
    count = 0;
    return released;
  }

  /** Remembers only that this datagram is not to be put together. */
  void poison() {
    poisoned = true;
  }

  @Override
  protected void onTimer(long now) {
    reassembly.onTimeout(this, now);
  }
}
