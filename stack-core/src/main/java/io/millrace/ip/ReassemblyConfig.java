package io.millrace.ip;

/**
 * How much memory fragments may take, and for how long; per shard.
 *
 * @param datagrams the most datagrams of which fragments are kept, at least 1
 * @param perSource the most of these from one source address, at least 1
 * @param frames the most fragments that are kept, at least 2; never more than a quarter of the pool
 * @param timeout how long fragments wait for the rest, in milliseconds, at least 1
 */
public record ReassemblyConfig(int datagrams, int perSource, int frames, long timeout) {
  /** Checks the ranges. */
  public ReassemblyConfig {
    if (datagrams < 1 || perSource < 1 || frames < 2) {
      throw new IllegalArgumentException("at least 1 reassembly and 2 fragments have to be kept");
    }
    if (timeout < 1) {
      throw new IllegalArgumentException("fragments wait at least 1 ms for the rest");
    }
  }
}
