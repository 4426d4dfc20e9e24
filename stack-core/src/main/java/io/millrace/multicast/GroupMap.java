package io.millrace.multicast;

import java.util.ArrayList;
import java.util.List;

/**
 * Something for each pair of interface and group: open addressing, looked up without allocation.
 * <b>Thread:</b> the shard's.
 *
 * @param <V> what is kept
 */
public final class GroupMap<V> {
  /** One pair and what is kept for it. */
  private static final class Entry<V> {
    private final int on;
    private final long hi;
    private final long lo;
    private V value;

    private Entry(int on, long hi, long lo, V value) {
      this.on = on;
      this.hi = hi;
      this.lo = lo;
      this.value = value;
    }
  }

  private Entry<?>[] places = new Entry<?>[8];
  private int size;

  /** Creates an empty map. */
  public GroupMap() {}

  /** The number of pairs. */
  public int size() {
    return size;
  }

  private int first(int on, long hi, long lo) {
    long mixed = (lo ^ hi ^ ((long) on << 48)) * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 40) & (places.length - 1);
  }

  /** The place of a pair, or the empty one where it would go. */
  private int find(int on, long hi, long lo) {
    int i = first(on, hi, lo);
    while (true) {
      Entry<?> there = places[i];
      if (there == null || (there.lo == lo && there.hi == hi && there.on == on)) {
        return i;
      }
      i = (i + 1) & (places.length - 1);
    }
  }

  @SuppressWarnings("unchecked") // only put() fills places
  private Entry<V> at(int i) {
    return (Entry<V>) places[i];
  }

  /**
   * What is kept for a pair, or null.
   *
   * @param on the interface's number
   */
  public V get(int on, long hi, long lo) {
    if (size == 0) {
      return null;
    }
    Entry<V> there = at(find(on, hi, lo));
    return there == null ? null : there.value;
  }

  /** Keeps {@code value}, not null, for a pair. */
  public void put(int on, long hi, long lo, V value) {
    int i = find(on, hi, lo);
    if (places[i] != null) {
      at(i).value = value;
      return;
    }
    places[i] = new Entry<>(on, hi, lo, value);
    size++;
    if (size * 2 > places.length) {
      rebuild(places.length * 2, null);
    }
  }

  /** Forgets a pair; nothing happens if it is not there. */
  public void remove(int on, long hi, long lo) {
    Entry<?> gone = places[find(on, hi, lo)];
    if (gone != null) {
      size--;
      rebuild(places.length, gone);
    }
  }

  private void rebuild(int length, Entry<?> without) {
    Entry<?>[] before = places;
    places = new Entry<?>[length];
    for (Entry<?> each : before) {
      if (each != null && each != without) {
        places[find(each.on, each.hi, each.lo)] = each;
      }
    }
  }

  /** Calls {@code visitor} for each pair; it may change the map. */
  public void forEach(Visitor<V> visitor) {
    List<Entry<V>> all = new ArrayList<>(size);
    for (int i = 0; i < places.length; i++) {
      if (places[i] != null) {
        all.add(at(i));
      }
    }
    all.forEach(each -> visitor.visit(each.on, each.hi, each.lo, each.value));
  }

  /** Looks at a pair. */
  @FunctionalInterface
  public interface Visitor<V> {
    /** One pair of interface and group. */
    void visit(int on, long hi, long lo, V value);
  }
}
