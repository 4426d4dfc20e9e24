package io.millrace.testkit.driver;

import io.millrace.spi.Port;
import java.util.List;

/** A port under test, and the world at its other end. */
public interface PortBench extends AutoCloseable {
  /** The port, open, none of its queues taken yet. */
  Port port();

  /** Puts the frames that shall arrive on their way. Called once, after the queue was taken. */
  void start();

  /**
   * Lets the other end work: it moves frames that are under way, and takes what the port has sent.
   * Where that end is the kernel, waits for it for a millisecond or so.
   */
  void turn();

  /** The frames that the other end has got so far, in order. */
  List<byte[]> sent();

  /** Removes the other end. The port may be closed already or not. */
  @Override
  void close();
}
