package io.millrace.net;

/**
 * What a shard is made of. All memory is taken at start.
 *
 * @param mode how it waits
 * @param core the CPU to pin its thread to, or -1 to leave it to the scheduler
 * @param frames standard frames in the pool
 * @param frameSize bytes per standard frame, headroom included; 0 chooses by the ports' MTU
 * @param largeFrames frames of 64 KiB, for ports that merge or segment; where there is none, at
 *     most 8 are made, for large datagrams
 * @param mailbox messages that can wait
 * @param hugePages whether to ask for hugepages first
 * @param stallThreshold how long a duty cycle may take before it counts as a stall, nanoseconds, at
 *     least 100,000
 * @param spin how long an adaptive shard looks for work before it sleeps, nanoseconds: longer
 *     answers sooner, shorter leaves more of the CPU to others
 */
public record ShardConfig(
    ShardMode mode,
    int core,
    int frames,
    int frameSize,
    int largeFrames,
    int mailbox,
    boolean hugePages,
    long stallThreshold,
    long spin) {
  private static final int MAX_CORE = 1023;
  private static final long LEAST_THRESHOLD = 100_000;

  /** Checks the ranges. */
  public ShardConfig {
    if (core < -1 || core > MAX_CORE) {
      throw new IllegalArgumentException(
          "a shard is pinned to a CPU from 0 to " + MAX_CORE + ", or to none with -1, not " + core);
    }
    if (frames < 1 || largeFrames < 0 || mailbox < 2) {
      throw new IllegalArgumentException(
          "a shard needs at least 1 frame, no fewer than 0 large ones and room for 2 messages, not "
              + (frames + ", " + largeFrames + " and " + mailbox));
    }
    if (stallThreshold < LEAST_THRESHOLD) {
      throw new IllegalArgumentException(
          "a duty cycle of less than " + LEAST_THRESHOLD + " ns is no stall");
    }
    if (spin < 0) {
      throw new IllegalArgumentException("a shard cannot look for work for " + spin + " ns");
    }
  }

  /** Adaptive, not pinned, 16,384 frames, 64 large ones, 4,096 messages, 10 ms, 50 µs. */
  public static ShardConfig defaults() {
    return new ShardConfig(ShardMode.ADAPTIVE, -1, 16_384, 0, 64, 4_096, false, 10_000_000, 20_000);
  }

  /** The same with another mode. */
  public ShardConfig withMode(ShardMode newMode) {
    return new ShardConfig(
        newMode, core, frames, frameSize, largeFrames, mailbox, hugePages, stallThreshold, spin);
  }

  /** The same, pinned to a CPU. */
  public ShardConfig withCore(int newCore) {
    return new ShardConfig(
        mode, newCore, frames, frameSize, largeFrames, mailbox, hugePages, stallThreshold, spin);
  }

  /** The same with another number of standard frames. */
  public ShardConfig withFrames(int newFrames) {
    return new ShardConfig(
        mode, core, newFrames, frameSize, largeFrames, mailbox, hugePages, stallThreshold, spin);
  }

  /** The same with another stall threshold in nanoseconds. */
  public ShardConfig withStallThreshold(long nanos) {
    return new ShardConfig(
        mode, core, frames, frameSize, largeFrames, mailbox, hugePages, nanos, spin);
  }

  /** The same, asking for hugepages or not. */
  public ShardConfig withHugePages(boolean ask) {
    return new ShardConfig(
        mode, core, frames, frameSize, largeFrames, mailbox, ask, stallThreshold, spin);
  }

  /** The same, spinning for so many nanoseconds before it sleeps. */
  public ShardConfig withSpin(long nanos) {
    return new ShardConfig(
        mode, core, frames, frameSize, largeFrames, mailbox, hugePages, stallThreshold, nanos);
  }
}
