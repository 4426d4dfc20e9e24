package io.millrace.testkit;

/** Sees every frame that is put on a link. */
@FunctionalInterface
public interface FrameTap {
  /**
   * A frame was sent; called before any impairment.
   *
   * @param sender the number of the link's end that sent it, in the order of their making
   * @param frame the bytes from the Ethernet header on; the tap's to keep
   * @param nanos the link's time
   */
  void onFrame(int sender, byte[] frame, long nanos);
}
