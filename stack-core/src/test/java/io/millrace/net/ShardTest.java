package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.spi.PortException;
import io.millrace.spi.ScriptedPort;
import io.millrace.time.ShardClock;
import io.millrace.time.TimerNode;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The duty cycle, turned by hand on a clock of the test's own. */
class ShardTest {
  /** What the shard says of exceptions that the tests throw on purpose. */
  private static final Logger SHARD_LOG = Logger.getLogger("io.millrace.shard");

  private final ScriptedPort port = new ScriptedPort();
  private final RecordingFamily family = new RecordingFamily(4);
  private final RecordingTransport transport = new RecordingTransport();
  private long now = -5_000_000;
  private final NetStack stack =
      NetStack.builder()
          .shards(ShardConfig.defaults().withFrames(2_000))
          .port(port)
          .driven(ShardClock.of(() -> now))
          .start();
  private final Shard shard = stack.shard(0);

  ShardTest() {
    SHARD_LOG.setLevel(Level.OFF);
    shard.families(family, null);
    shard.transports(transport, null, null, null);
  }

  @AfterEach
  void nothingLeaks() {
    family.releaseAll();
    stack.close();
    SHARD_LOG.setLevel(null);
    assertThat(port.closed).isTrue();
    assertThat(transport.closes).isEqualTo(1);
    assertThat(shard.pool().outstanding()).isEmpty();
  }

  private static byte[] packet() {
    byte[] bytes = new byte[34];
    long mac = ScriptedPort.MAC;
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (mac >> (40 - i * 8));
    }
    bytes[12] = 8;
    return bytes;
  }

  private final class Alarm extends TimerNode {
    private final Runnable action;

    Alarm(Runnable action) {
      this.action = action;
    }

    @Override
    protected void onTimer(long time) {
      assertThat(time).isEqualTo(now);
      action.run();
    }
  }

  private static Runnable thrower(String what) {
    return () -> {
      throw new IllegalStateException(what + " of the test");
    };
  }

  @Test
  void oneCycleDoesMessagesPacketsTimersAndSending() {
    List<String> order = new ArrayList<>();
    family.action =
        frame -> {
          order.add("packet");
          frame.release();
        };
    transport.onPoll =
        () -> {
          order.add("poll");
          Frame frame = shard.pool().allocate();
          frame.append(60);
          shard.networkInterface(0).transmit(frame);
        };
    port.arrive(packet());
    shard.wheel().schedule(new Alarm(() -> order.add("timer")), now);
    assertThat(shard.step()).as("a packet, a timer and a frame sent").isEqualTo(3);
    assertThat(order).containsExactly("packet", "timer", "poll");
    assertThat(port.sent).hasSize(1);
    assertThat(shard.counters().get(Counter.FRAMES_IN)).isEqualTo(1);
    assertThat(shard.counters().get(Counter.BYTES_IN)).isEqualTo(34);
    assertThat(shard.counters().get(Counter.FRAMES_OUT)).isEqualTo(1);
    assertThat(shard.counters().get(Counter.BYTES_OUT)).isEqualTo(60);
    transport.onPoll = () -> {};
    assertThat(shard.step()).as("nothing left").isZero();
  }

  @Test
  void aPacketThatMakesCodeThrowIsCountedAndTheNextOneIsHandled() {
    List<Frame> seen = new ArrayList<>();
    family.action =
        frame -> {
          seen.add(frame);
          if (seen.size() == 1) {
            throw new StackOverflowError("of the test");
          }
          frame.release();
        };
    port.arrive(packet(), packet());
    assertThat(shard.step()).isEqualTo(2);
    assertThat(seen).hasSize(2);
    assertThat(shard.counters().get(DropReason.INTERNAL_ERROR)).isEqualTo(1);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).isEqualTo(1);
    seen.getFirst().release(); // Nobody else knows whose it is.
  }

  @Test
  void aTimerThatThrowsIsCountedAndTheOthersFire() {
    List<String> order = new ArrayList<>();
    shard.wheel().schedule(new Alarm(thrower("a timer")), now);
    shard.wheel().schedule(new Alarm(() -> order.add("second")), now);
    assertThat(shard.step()).isPositive();
    assertThat(shard.nextDeadline()).isEqualTo(now);
    assertThat(shard.step()).isPositive();
    assertThat(order).containsExactly("second");
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).isEqualTo(1);
    assertThat(shard.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aTransportThatThrowsIsCountedAndWhatWaitsIsSent() {
    transport.onPoll =
        () -> {
          Frame frame = shard.pool().allocate();
          frame.append(60);
          shard.networkInterface(0).transmit(frame);
          throw new IllegalStateException("a transport of the test");
        };
    shard.step();
    assertThat(port.sent).hasSize(1);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).isEqualTo(1);
    transport.onPoll = () -> {};
  }

  @Test
  void aMessageThatThrowsIsCountedAndTheNextOneRuns() throws Exception {
    try (NetStack threaded =
        NetStack.builder()
            .shards(ShardConfig.defaults().withFrames(8))
            .port(new ScriptedPort())
            .start()) {
      Shard other = threaded.shard(0);
      var ran = new java.util.concurrent.CountDownLatch(1);
      other.execute(thrower("a message"));
      other.execute(ran::countDown);
      ran.await();
      assertThat(other.counters().get(Counter.EXCEPTIONS)).isEqualTo(1);
    }
  }

  @Test
  void aDeviceThatIsFullGetsTheRestLaterInOrder() {
    port.capacity = 3;
    for (int i = 0; i < 8; i++) {
      Frame frame = shard.pool().allocate();
      io.millrace.buf.Bytes.put8(frame.append(1), i);
      shard.networkInterface(0).transmit(frame);
    }
    shard.step();
    assertThat(port.sent).hasSize(3);
    assertThat(shard.counters().get(Counter.FRAMES_OUT)).isEqualTo(3);
    assertThat(shard.nextDeadline()).as("not to sleep over").isEqualTo(now);
    shard.step();
    shard.step();
    assertThat(port.sent.stream().map(bytes -> (int) bytes[0]))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(shard.counters().get(Counter.BYTES_OUT)).isEqualTo(8);
    assertThat(shard.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theTransmitQueueIsBoundedAndItsDropsAreCounted() {
    NetInterface out = shard.networkInterface(0);
    assertThat(out.transmitRoom()).isEqualTo(NetInterface.TX_CAPACITY);
    for (int i = 0; i < NetInterface.TX_CAPACITY + 5; i++) {
      Frame frame = shard.pool().allocate();
      frame.append(1);
      out.transmit(frame);
    }
    assertThat(out.transmitRoom()).isZero();
    assertThat(shard.counters().get(DropReason.TX_QUEUE_FULL)).isEqualTo(5);
    shard.step();
    assertThat(port.sent).hasSize(NetInterface.TX_CAPACITY);
  }

  @Test
  void whatWaitsWhenTheStackClosesIsGivenBack() {
    port.capacity = 0;
    Frame frame = shard.pool().allocate();
    frame.append(1);
    shard.networkInterface(0).transmit(frame);
    shard.step();
    assertThat(shard.pool().available()).isEqualTo(1_999);
  }

  @Test
  void dropsOfTheDriverAreCounted() {
    port.receiveDrops = 4;
    port.transmitDrops = 5;
    shard.step();
    shard.step();
    assertThat(shard.counters().get(DropReason.NO_FRAME)).isEqualTo(4);
    assertThat(shard.counters().get(DropReason.TX_QUEUE_FULL)).isEqualTo(5);
  }

  @Test
  void theNextDeadlineIsTheEarliestOfTimersAndPorts() {
    assertThat(shard.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    shard.wheel().schedule(new Alarm(() -> {}), 500);
    port.deadline = 600;
    assertThat(shard.nextDeadline()).isEqualTo(500);
    port.deadline = 400;
    assertThat(shard.nextDeadline()).isEqualTo(400);
  }

  @Test
  void aDrivenShardRunsMessagesAtOnce() {
    List<String> order = new ArrayList<>();
    assertThat(shard.isOwner()).isTrue();
    shard.execute(() -> order.add("now"));
    assertThat(order).containsExactly("now");
  }

  @Test
  void aHandlerMayCloseTheStackWhileItIsClosing() {
    transport.onClose = stack::close;
  }

  @Test
  void aTransportThatThrowsOnCloseHindersNothing() {
    transport.onClose = thrower("closing");
  }

  @Test
  void whatAFailedStartHasOpenedIsClosed() {
    ScriptedPort opened = new ScriptedPort();
    assertThatThrownBy(() -> NetStack.builder().port(opened).port("nosuch:x").start())
        .isInstanceOf(PortException.class)
        .hasMessageStartingWith("there is no driver 'nosuch'; available are ");
    assertThat(opened.closed).isTrue();
    ScriptedPort addressed = new ScriptedPort();
    assertThatThrownBy(() -> NetStack.builder().port(addressed, "2001:db8::1/64").start())
        .isInstanceOf(PortException.class)
        .hasMessageContaining("millrace-ipv6");
    assertThat(addressed.closed).isTrue();
    assertThatThrownBy(() -> NetStack.builder().start()).isInstanceOf(PortException.class);
  }

  @Test
  void impossibleConfigurationsAreRefused() {
    ShardConfig config = ShardConfig.defaults();
    assertThatThrownBy(() -> config.withCore(1_024)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> config.withCore(-2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> config.withFrames(0)).isInstanceOf(IllegalArgumentException.class);
    assertThat(config.withCore(5).core()).isEqualTo(5);
    assertThat(config.withMode(ShardMode.POLL).mode()).isEqualTo(ShardMode.POLL);
  }
}
