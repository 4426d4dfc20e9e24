package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.buf.Region;
import io.millrace.filter.Verdict;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.host.TestPort;
import io.millrace.testkit.host.TestTransport;
import io.millrace.time.ShardClock;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** In the steady state nothing is allocated for a packet. */
class AllocationTest {
  private static final int PACKETS = 1_000_000;
  private static final int WARM_UP = 100_000;

  /** Receives the same frames over and over and forgets what is sent. */
  private static final class LoopPort implements Port, PortQueue {
    private static final int BURST = 32;
    private final Region region = Region.allocate(1 << 20, false);
    private byte[][] packets = {};
    private FramePool pool;
    private int next;
    private long left;
    long sent;

    void load(int count, byte[]... frames) {
      packets = frames;
      long at = region.address();
      for (byte[] each : packets) {
        Bytes.copyIn(each, 0, at, each.length);
        at += 2048;
      }
      next = 0;
      left = count;
    }

    @Override
    public int rxBurst(Frame[] out, int max, long now) {
      int n = (int) Math.min(Math.min(max, BURST), left);
      for (int i = 0; i < n; i++) {
        Frame frame = pool.allocate();
        int length = packets[next].length;
        Bytes.copy(region.address() + next * 2048L, frame.append(length), length);
        next = next + 1 == packets.length ? 0 : next + 1;
        out[i] = frame;
      }
      left -= n;
      return n;
    }

    @Override
    public int txBurst(Frame[] frames, int from, int to) {
      for (int i = from; i < to; i++) {
        frames[i].release();
      }
      sent += to - from;
      return to - from;
    }

    @Override
    public PortInfo info() {
      return new PortInfo("loop", TestPort.MAC, 1500, 1, 0);
    }

    @Override
    public PortQueue queue(int index, FramePool framePool) {
      pool = framePool;
      return this;
    }

    @Override
    public void flush() {}

    @Override
    public int reclaim(int max) {
      return 0;
    }

    @Override
    public int fd() {
      return -1;
    }

    @Override
    public void close() {
      region.close();
    }
  }

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final LoopPort port = new LoopPort();
  private long now = 1;

  private NetStack start() {
    return start(builder -> {});
  }

  private NetStack start(Consumer<NetStack.Builder> more) {
    NetStack.Builder builder =
        NetStack.builder()
            .shards(ShardConfig.defaults().withFrames(512))
            .driven(ShardClock.of(() -> now))
            .port(port, TestHost.OURS + "/24");
    more.accept(builder);
    return builder.start();
  }

  private void run(Shard shard, int count, byte[]... frames) {
    port.load(count, frames);
    while (shard.step() != 0) {
      now += 1000;
    }
  }

  /** Bytes allocated by this thread for a million packets, once warm. */
  private long allocated(Shard shard, byte[]... frames) {
    run(shard, WARM_UP, frames);
    // The compiler works beside us: once it is done, a run allocates nothing, and until then it
    // may.
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 4 && least > 0; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      run(shard, PACKETS / frames.length * frames.length, frames);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }

  @Test
  void upToTheTransportAndDownAgain() {
    try (NetStack stack = start()) {
      Shard shard = stack.shard(0);
      TestTransport tcp = (TestTransport) shard.tcp();
      tcp.forgetful = true;
      run(shard, 1, Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS));
      Route route =
          shard.route(0, 0, 0, io.millrace.ip.IpAddress.v4Lo(Packets.bits(TestHost.PEER)));
      tcp.taker = frame -> route.send(frame, IpProtocol.TCP, 0, 64, true, now);
      byte[] segment = Packets.ip(6, new byte[60]).build();
      assertThat(allocated(shard, segment)).isZero();
      assertThat(port.sent).isGreaterThan(PACKETS);
    }
  }

  @Test
  void echoReplies() {
    try (NetStack stack = start()) {
      Shard shard = stack.shard(0);
      run(shard, 1, Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS));
      assertThat(allocated(shard, Packets.echo(1, 2, new byte[56]).build())).isZero();
      assertThat(port.sent).isGreaterThan(PACKETS);
    }
  }

  @Test
  void fragmentsPutTogetherAndCutAgain() {
    try (NetStack stack = start()) {
      Shard shard = stack.shard(0);
      run(shard, 1, Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS));
      byte[] echo = Packets.icmp(8, 0, 1, Packets.random(1, 2900));
      byte[] first = Packets.ip(1, Arrays.copyOf(echo, 1480)).fragment(0, true).build();
      byte[] last =
          Packets.ip(1, Arrays.copyOfRange(echo, 1480, echo.length)).fragment(1480, false).build();
      assertThat(allocated(shard, first, last)).isZero();
      assertThat(port.sent).isGreaterThan(PACKETS);
    }
  }

  @Test
  void datagramsThatAreForwardedAndSeenByAFilter() {
    ForwardingConfig config = ForwardingConfig.defaults().withRedirects(false);
    try (NetStack stack =
        start(builder -> builder.with(config).route("10.9.0.0/16", TestHost.PEER))) {
      Shard shard = stack.shard(0);
      run(shard, 1, Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS));
      shard.filter((frame, at, hook, time) -> Verdict.ACCEPT);
      byte[] onwards = Packets.udp(1, 2, new byte[10]).to("10.9.0.7").build();
      byte[] host = Packets.udp(1, 2, new byte[10]).to(TestHost.PEER).build();
      assertThat(allocated(shard, onwards, host)).isZero();
      assertThat(port.sent).isGreaterThan(PACKETS);
    }
  }

  @Test
  void requestsForOurLinkAddress() {
    try (NetStack stack = start()) {
      byte[] request = Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS);
      assertThat(allocated(stack.shard(0), request)).isZero();
      assertThat(port.sent).isGreaterThan(PACKETS);
    }
  }

  @Test
  void whatIsDropped() {
    try (NetStack stack = start()) {
      byte[] bad = Packets.udp(1, 2, new byte[10]).build();
      bad[20] ^= 1;
      byte[] notOurs = Packets.udp(1, 2, new byte[10]).to("10.0.0.7").build();
      assertThat(allocated(stack.shard(0), bad, notOurs)).isZero();
    }
  }
}
