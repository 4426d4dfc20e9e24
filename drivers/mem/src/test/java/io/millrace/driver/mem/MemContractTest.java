package io.millrace.driver.mem;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.driver.PortBench;
import io.millrace.testkit.driver.PortContract;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** The wire keeps what every driver promises; the other end is the wire's other end. */
final class MemContractTest extends PortContract {
  @Override
  protected PortBench open(List<byte[]> arriving) {
    Port port = new MemDriver().open(new PortConfig("contract", Map.of("ring", "16"), 1));
    return new OtherEnd(port, arriving);
  }

  private static final class OtherEnd implements PortBench {
    private final Port port;
    private final Port other;
    private final FramePool pool = new FramePool(64, 2048, 0, false);
    private final PortQueue queue;
    private final Deque<byte[]> arriving;
    private final List<byte[]> sent = new ArrayList<>();
    private final Frame[] burst = new Frame[8];
    private boolean started;

    OtherEnd(Port port, List<byte[]> arriving) {
      this.port = port;
      this.arriving = new ArrayDeque<>(arriving);
      other = new MemDriver().open(new PortConfig("contract", Map.of(), 1));
      queue = other.queue(0, pool);
    }

    @Override
    public Port port() {
      return port;
    }

    @Override
    public void start() {
      started = true;
    }

    @Override
    public void turn() {
      while (started && !arriving.isEmpty()) {
        Frame frame = pool.allocate();
        byte[] packet = arriving.peek();
        Bytes.copyIn(packet, 0, frame.append(packet.length), packet.length);
        if (queue.txBurst(new Frame[] {frame}, 0, 1) == 0) {
          frame.release();
          break;
        }
        arriving.remove();
      }
      int n = queue.rxBurst(burst, burst.length, 0);
      for (int i = 0; i < n; i++) {
        sent.add(burst[i].toByteArray());
        burst[i].release();
      }
    }

    @Override
    public List<byte[]> sent() {
      return sent;
    }

    @Override
    public void close() {
      other.close();
      pool.close();
    }
  }
}
