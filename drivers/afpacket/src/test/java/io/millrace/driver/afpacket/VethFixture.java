package io.millrace.driver.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.os.Linux;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/** Both ends of a veth pair in a namespace of its own, and the ports that tests open on them. */
final class VethFixture implements AutoCloseable {
  static final int FRAMES = 512;
  static final int LARGE = 16;

  final NetworkNamespace namespace = NetworkNamespace.create("mrp");
  final FramePool pool = new FramePool(FRAMES, 2112, LARGE, false);
  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofConfined();
  private final long poll = arena.allocate(8, 8).address();

  VethFixture() {
    VethBench.makeVeth(namespace);
  }

  /** Opens a port on one end, with options in pairs of key and value. */
  Port open(String device, String... options) {
    Map<String, String> map = new HashMap<>();
    map.put("netns", namespace.name());
    for (int i = 0; i < options.length; i += 2) {
      map.put(options[i], options[i + 1]);
    }
    return new AfPacketDriver().open(new PortConfig(device, map, 1));
  }

  Frame frame(byte[] packet) {
    boolean small = packet.length <= pool.frameSize() - FramePool.HEADROOM;
    Frame frame = small ? pool.allocate() : pool.allocateLarge();
    Bytes.copyIn(packet, 0, frame.append(packet.length), packet.length);
    return frame;
  }

  /** Sends one frame, which must leave. */
  void send(PortQueue queue, Frame frame) {
    assertThat(queue.txBurst(new Frame[] {frame}, 0, 1)).isEqualTo(1);
    assertThat(queue.takeTransmitDrops()).isZero();
  }

  /** Whether the descriptor is readable within {@code millis}, or has an error. */
  boolean isReadable(PortQueue queue, int millis) {
    Bytes.put32Native(poll, queue.fd());
    Bytes.put32Native(poll + 4, Linux.POLLIN);
    return linux.poll(poll, 1, millis) != 0;
  }

  /** The next frame, owned by the caller. Waits on the descriptor. */
  Frame receive(PortQueue queue) {
    Frame[] one = new Frame[1];
    for (int tries = 0; tries < 100; tries++) {
      if (queue.rxBurst(one, 1, 0) == 1) {
        return one[0];
      }
      isReadable(queue, 100);
    }
    throw new AssertionError("nothing arrived");
  }

  @Override
  public void close() {
    namespace.close();
    int left = pool.available();
    int leftLarge = pool.availableLarge();
    pool.close();
    arena.close();
    assertThat(left).as("standard frames").isEqualTo(FRAMES);
    assertThat(leftLarge).as("large frames").isEqualTo(LARGE);
  }
}
