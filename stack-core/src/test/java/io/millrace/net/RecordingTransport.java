package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.transport.Transport;

/** A transport that does what the test says when it is polled and when it is closed. */
final class RecordingTransport implements Transport {
  Runnable onPoll = () -> {};
  Runnable onClose = () -> {};
  int polls;
  int closes;

  @Override
  public int protocol() {
    return 6;
  }

  @Override
  public void input(Frame frame, long now) {
    frame.release();
  }

  @Override
  public void icmpError(
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long transportHeader,
      int quoted,
      long now) {}

  @Override
  public boolean poll(long now) {
    polls++;
    onPoll.run();
    return false;
  }

  @Override
  public void close(long now) {
    closes++;
    onClose.run();
  }
}
