package io.millrace.tcp.engine;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Objects that are used again: optional parts of a connection, taken while they are needed. Makes a
 * new one only when more are in use than ever before, and keeps the one that came back last on top.
 */
final class Pool<T> {
  private final Supplier<T> maker;
  private Object[] free = new Object[16];
  private int count;

  Pool(Supplier<T> maker) {
    this.maker = maker;
  }

  @SuppressWarnings("unchecked") // only give() puts objects in
  T take() {
    if (count == 0) {
      return maker.get();
    }
    T top = (T) free[--count];
    free[count] = null;
    return top;
  }

  /** The object has been emptied by whoever gives it back. */
  void give(T object) {
    if (count == free.length) {
      free = Arrays.copyOf(free, count * 2);
    }
    free[count++] = object;
  }
}
