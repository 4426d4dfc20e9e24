package io.millrace.bench.net.client;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.os.Linux;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortQueue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * A driver without a stack: one end sends frames back as they come, the other one keeps a number of
 * them on the way and counts what returns. What a stack on this driver can do at most.
 */
final class FrameEcho implements AutoCloseable {
  /** For local experiments (IEEE 802, clause 9.2.4). */
  private static final int TYPE = 0x88b5;

  private static final int FRAMES = 4_096;
  private static final int FRAME_SIZE = 2_112;
  private static final int BURST = 64;

  /** Silence after which what is on the way counts as lost. */
  private static final long LOST = 20_000_000L;

  private final FramePool pool;
  private final Port port;
  private final PortQueue queue;
  private final Frame[] received = new Frame[BURST];
  private final Frame[] sending = new Frame[2 * BURST];
  private int sendCount;
  private long echoes;

  /** Opens the port {@code driver:target,option=value}. */
  FrameEcho(String name) {
    String[] parts = name.split(",", -1);
    int colon = parts[0].indexOf(':');
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      options.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
    }
    port =
        driver(parts[0].substring(0, colon))
            .open(new PortConfig(parts[0].substring(colon + 1), options, 1, false));
    int size = port.info().frameSize() != 0 ? port.info().frameSize() : FRAME_SIZE;
    pool = new FramePool(FRAMES, size, 0, false);
    queue = port.queue(0, pool);
  }

  private static Driver driver(String scheme) {
    for (Driver driver : ServiceLoader.load(Driver.class)) {
      if (driver.scheme().equals(scheme)) {
        return driver;
      }
    }
    throw new PortException("there is no driver '" + scheme + "'");
  }

  static void pin(int core) {
    if (core >= 0) {
      int result = new Linux().pinThread(core);
      if (result < 0) {
        throw new PortException("cannot run on CPU " + core + ": " + Linux.describe(result));
      }
    }
  }

  /** Sends frames back until the thread is interrupted. */
  void reflect() {
    while (!Thread.currentThread().isInterrupted()) {
      int n = queue.rxBurst(received, BURST, System.nanoTime());
      for (int i = 0; i < n; i++) {
        turnRound(received[i]);
      }
      flush();
    }
  }

  private void turnRound(Frame frame) {
    long header = frame.address();
    if (Ethernet.type(header) == TYPE && sendCount < sending.length) {
      Ethernet.write(header, Ethernet.source(header), port.info().mac(), TYPE, 0);
      sending[sendCount++] = frame;
    } else {
      frame.release();
    }
  }

  /** Keeps {@code window} frames of {@code size} bytes on the way; echoes per second. */
  double generate(int window, int size, double seconds) {
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    long before = echoes;
    long lastHeard = start;
    long now = start;
    int flying = 0;
    while (now < end) {
      now = System.nanoTime();
      int n = receive(now);
      flying = Math.max(0, flying - n);
      if (n > 0) {
        lastHeard = now;
      } else if (now - lastHeard > LOST) {
        flying = 0;
        lastHeard = now;
      }
      for (; flying < window && sendCount < sending.length; flying++) {
        Frame frame = pool.allocate();
        if (frame == null) {
          break;
        }
        long header = frame.append(size);
        Bytes.fill(header, size, 0);
        Ethernet.write(header, Ethernet.BROADCAST, port.info().mac(), TYPE, 0);
        sending[sendCount++] = frame;
      }
      flush();
    }
    return (echoes - before) * 1e9 / (now - start);
  }

  private int receive(long now) {
    int n = queue.rxBurst(received, BURST, now);
    int own = 0;
    for (int i = 0; i < n; i++) {
      if (Ethernet.type(received[i].address()) == TYPE) {
        own++;
      }
      received[i].release();
    }
    echoes += own;
    return own;
  }

  private void flush() {
    if (sendCount > 0) {
      int taken = queue.txBurst(sending, 0, sendCount);
      System.arraycopy(sending, taken, sending, 0, sendCount - taken);
      sendCount -= taken;
    }
    queue.flush();
    queue.reclaim(2 * BURST);
  }

  @Override
  public void close() {
    port.close();
    pool.close();
  }
}
