package io.millrace.driver.mem;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import java.util.Map;

/** Two ends of a wire, each with a pool of its own, for tests. */
final class Ends implements AutoCloseable {
  static final int FRAMES = 256;

  final FramePool poolA;
  final FramePool poolB;
  final Port portA;
  final Port portB;
  final PortQueue a;
  final PortQueue b;

  Ends(String name, Map<String, String> options, int largeFrames) {
    poolA = new FramePool(FRAMES, 2048, largeFrames, false);
    poolB = new FramePool(FRAMES, 2048, largeFrames, false);
    portA = new MemDriver().open(new PortConfig(name, options, 1));
    portB = new MemDriver().open(new PortConfig(name, Map.of(), 1));
    a = portA.queue(0, poolA);
    b = portB.queue(0, poolB);
  }

  /**
   * A frame of {@code length} bytes, each of which is the low 8 bits of its index plus {@code
   * first}.
   */
  static Frame packet(FramePool pool, int length, int first) {
    Frame frame =
        length > pool.frameSize() - FramePool.HEADROOM ? pool.allocateLarge() : pool.allocate();
    long at = frame.append(length);
    for (int i = 0; i < length; i++) {
      Bytes.put8(at + i, first + i);
    }
    return frame;
  }

  static boolean isPacket(Frame frame, int length, int first) {
    boolean same = frame.length() == length;
    for (int i = 0; same && i < length; i++) {
      same = Bytes.u8(frame.address() + i) == (first + i & 0xff);
    }
    return same;
  }

  @Override
  public void close() {
    portA.close();
    portB.close();
    poolA.close();
    poolB.close();
  }
}
