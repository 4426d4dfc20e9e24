package io.millrace.link;

/**
 * How a {@link NeighborTable} behaves. Times in milliseconds.
 *
 * @param entries the most neighbors that are remembered, at least 1
 * @param queue datagrams that wait for one neighbor's address, at least 1 (RFC 1122 §2.3.2.2)
 * @param queueTotal datagrams that wait for all neighbors together, at least 1
 * @param reachable how long an answer is believed without asking again; the table adds up to as
 *     much again, at random
 * @param delay how long a transport has to confirm an old address before it is asked for
 * @param retransmit the time between two questions, at least 1000 by RFC 1122 §2.3.2.1
 * @param attempts how many questions are asked before giving up, at least 1
 * @param failed how long nothing is sent, nor asked, after nobody answered
 * @param idle how long an unused, unconfirmed neighbor is remembered
 */
public record NeighborConfig(
    int entries,
    int queue,
    int queueTotal,
    long reachable,
    long delay,
    long retransmit,
    int attempts,
    long failed,
    long idle) {
  /** Checks the ranges. */
  public NeighborConfig {
    if (entries < 1 || queue < 1 || queueTotal < 1 || attempts < 1) {
      throw new IllegalArgumentException(
          "entries, queue, queueTotal and attempts of a neighbor table are at least 1");
    }
    if (reachable < 1 || delay < 1 || retransmit < 1 || failed < 1 || idle < 1) {
      throw new IllegalArgumentException("times of a neighbor table are at least 1 ms");
    }
  }

  /**
   * 4,096 neighbors, 8 datagrams for each (the fragments of a large one) and 512 for all, believed
   * for 30 to 60 s, asked 3 times a second apart.
   */
  public static NeighborConfig defaults() {
    return new NeighborConfig(4_096, 8, 512, 30_000, 5_000, 1_000, 3, 5_000, 600_000);
  }
}
