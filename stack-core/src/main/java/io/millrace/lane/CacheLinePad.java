package io.millrace.lane;

/**
 * Keeps the fields of a subclass away from the object that lies in front of it on the heap: the two
 * ends of a wire are made one after the other, but are used by two threads.
 */
// The fields are there for their size only.
@SuppressWarnings("unused")
abstract class CacheLinePad {
  private long p00, p01, p02, p03, p04, p05, p06, p07;
  private long p08, p09, p10, p11, p12, p13, p14, p15;
}
