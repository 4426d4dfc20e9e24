package io.millrace.testkit;

import java.time.Duration;

/**
 * How a simulated link treats the frames of each sender.
 *
 * @param mtu the largest IP datagram in bytes
 * @param delayNanos from the last bit sent to the first received
 * @param bitsPerSecond the rate of each sender, 0 for no limit
 * @param queueBytes what waits at the sender while the rate is used up; more is dropped
 * @param loss the part of the frames that is lost, 0 to 1
 * @param duplicate the part that arrives twice
 * @param reorder the part that is held back by {@code reorderNanos}
 * @param reorderNanos how long those are held back
 * @param corrupt the part that arrives with one bit flipped behind the Ethernet header
 * @param offloads the bits of {@code PortInfo} that the ports offer: TX_CHECKSUM is carried out
 */
public record LinkConfig(
    int mtu,
    long delayNanos,
    long bitsPerSecond,
    int queueBytes,
    double loss,
    double duplicate,
    double reorder,
    long reorderNanos,
    double corrupt,
    int offloads) {

  /** A perfect wire of MTU 1500: no delay, no limit, no loss. */
  public static LinkConfig perfect() {
    return new LinkConfig(1500, 0, 0, 1 << 20, 0, 0, 0, 0, 0, 0);
  }

  /** The same with another MTU in bytes. */
  public LinkConfig withMtu(int bytes) {
    return new LinkConfig(
        bytes,
        delayNanos,
        bitsPerSecond,
        queueBytes,
        loss,
        duplicate,
        reorder,
        reorderNanos,
        corrupt,
        offloads);
  }

  /** The same with another one-way delay. */
  public LinkConfig withDelay(Duration delay) {
    return new LinkConfig(
        mtu,
        delay.toNanos(),
        bitsPerSecond,
        queueBytes,
        loss,
        duplicate,
        reorder,
        reorderNanos,
        corrupt,
        offloads);
  }

  /** The same with another rate in bits per second, and a queue of {@code bytes} before it. */
  public LinkConfig withRate(long rate, int bytes) {
    return new LinkConfig(
        mtu, delayNanos, rate, bytes, loss, duplicate, reorder, reorderNanos, corrupt, offloads);
  }

  /** The same with another loss, 0 to 1. */
  public LinkConfig withLoss(double part) {
    return new LinkConfig(
        mtu,
        delayNanos,
        bitsPerSecond,
        queueBytes,
        part,
        duplicate,
        reorder,
        reorderNanos,
        corrupt,
        offloads);
  }

  /** The same with another part of duplicates, 0 to 1. */
  public LinkConfig withDuplicates(double part) {
    return new LinkConfig(
        mtu,
        delayNanos,
        bitsPerSecond,
        queueBytes,
        loss,
        part,
        reorder,
        reorderNanos,
        corrupt,
        offloads);
  }

  /** The same with another part of frames that are held back, 0 to 1, and for how long. */
  public LinkConfig withReordering(double part, Duration heldBack) {
    return new LinkConfig(
        mtu,
        delayNanos,
        bitsPerSecond,
        queueBytes,
        loss,
        duplicate,
        part,
        heldBack.toNanos(),
        corrupt,
        offloads);
  }

  /** The same with another part of corrupted frames, 0 to 1. */
  public LinkConfig withCorruption(double part) {
    return new LinkConfig(
        mtu,
        delayNanos,
        bitsPerSecond,
        queueBytes,
        loss,
        duplicate,
        reorder,
        reorderNanos,
        part,
        offloads);
  }

  /** The same with other offloads, bits of {@code PortInfo}. */
  public LinkConfig withOffloads(int bits) {
    return new LinkConfig(
        mtu,
        delayNanos,
        bitsPerSecond,
        queueBytes,
        loss,
        duplicate,
        reorder,
        reorderNanos,
        corrupt,
        bits);
  }
}
