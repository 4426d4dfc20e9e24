package io.millrace.buf;

/** Who wants to know that a lent frame has come back. <b>Thread:</b> the shard's. */
public interface ReleaseListener {
  /**
   * The last reference to a frame is gone.
   *
   * @param context what {@link Frame#onReleased} was given
   * @param length the bytes of the frame's window
   */
  void onReleased(Object context, int length);
}
