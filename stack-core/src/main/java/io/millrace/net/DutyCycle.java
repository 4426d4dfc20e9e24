package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpFamily;
import io.millrace.spi.PortQueue;
import io.millrace.time.ShardClock;
import io.millrace.time.TimerWheel;
import io.millrace.transport.Transport;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What a shard does over and over: clock, messages, receive burst, timers, transmit; and the same
 * for the last time, when it closes. <b>Thread:</b> the shard's.
 */
final class DutyCycle {
  private static final int BURST = 64;

  private final Shard shard;
  private final ShardClock clock;
  private final TimerWheel wheel;
  private final Counters counters;
  private final ShardTasks tasks;
  private final EthernetInput ethernet;
  private final Frame[] burst = new Frame[BURST];

  private ShardGroup group;
  private NetInterface[] ports = {};

  /** Null if the stack does not talk to itself. */
  private Loopback loopback;

  private Transport[] transports = {};

  DutyCycle(Shard shard, ShardTasks tasks, EthernetInput ethernet) {
    this.shard = shard;
    this.clock = shard.clock();
    this.wheel = shard.wheel();
    this.counters = shard.counters();
    this.tasks = tasks;
    this.ethernet = ethernet;
  }

  void group(ShardGroup newGroup) {
    group = newGroup;
  }

  /** The interfaces that have a queue, the ports themselves; and the way to ourselves, or null. */
  void ports(List<NetInterface> newPorts, Loopback newLoopback) {
    ports = newPorts.toArray(NetInterface[]::new);
    loopback = newLoopback;
  }

  NetInterface[] ports() {
    return ports;
  }

  /** Those that the stack has, null for one that it has not. */
  void transports(Stream<Transport> each) {
    transports = each.filter(Objects::nonNull).toArray(Transport[]::new);
  }

  /** See {@link Shard#step()}. */
  int step() {
    long now = clock.update();
    int work = tasks.runPostponed();
    work += tasks.runMessages() + group.receive(now);
    for (NetInterface from : ports) {
      work += receive(from, now);
    }
    work += timers(now);
    for (Transport transport : transports) {
      work += poll(transport, now);
    }
    for (NetInterface to : ports) {
      work += flush(to);
    }
    if (loopback != null) {
      work += loopback.deliver(now);
    }
    return work + group.ringBells();
  }

  private int receive(NetInterface from, long now) {
    Frame[] frames = burst;
    int n = burst(from, now);
    if (n == 0) {
      return 0;
    }
    counters.add(Counter.FRAMES_IN, n);
    ethernet.lookAhead(frames, n);
    long bytes = 0;
    for (int i = 0; i < n; i++) {
      Frame frame = frames[i];
      bytes += frame.length();
      input(frame, from, now);
    }
    counters.add(Counter.BYTES_IN, bytes);
    return n;
  }

  private int burst(NetInterface from, long now) {
    try {
      PortQueue queue = from.queue();
      int n = queue.rxBurst(burst, BURST, now);
      counters.drop(DropReason.NO_FRAME, queue.takeReceiveDrops());
      return n;
    } catch (RuntimeException | Error e) {
      shard.report("a receive burst", e);
      return 0;
    }
  }

  private void input(Frame frame, NetInterface from, long now) {
    try {
      ethernet.input(frame, from, now);
    } catch (RuntimeException | Error e) {
      // The frame's owner is not known any more: losing one frame is better than giving it back
      // twice.
      counters.drop(DropReason.INTERNAL_ERROR);
      shard.report("a packet", e);
    }
  }

  private int timers(long now) {
    try {
      return wheel.advance(now);
    } catch (RuntimeException | Error e) {
      shard.report("a timer", e);
      return 1;
    }
  }

  private int poll(Transport transport, long now) {
    try {
      return transport.poll(now) ? 1 : 0;
    } catch (RuntimeException | Error e) {
      shard.report("what is due to be sent", e);
      return 1;
    }
  }

  private int flush(NetInterface to) {
    try {
      return to.flush();
    } catch (RuntimeException | Error e) {
      shard.report("a transmit burst", e);
      return 0;
    }
  }

  /** See {@link Shard#nextDeadline()}. */
  long nextDeadline() {
    long earliest = group.isIdle() && !tasks.hasPostponed() ? wheel.nextDeadline() : clock.now();
    if (loopback != null && loopback.isBacklogged()) {
      earliest = Math.min(earliest, clock.now());
    }
    for (NetInterface each : ports) {
      earliest = Math.min(earliest, each.queue().nextDeadline());
      if (each.isBacklogged()) {
        earliest = Math.min(earliest, clock.now()); // no descriptor says when the device has room
      }
    }
    return earliest;
  }

  /** The last act: runs what was accepted, then closes what is open. */
  void shutDown() {
    tasks.close();
    long now = clock.update();
    tasks.runAllMessages();
    for (Transport transport : transports) {
      close(transport, now);
    }
    close(shard.ipv4(), now);
    close(shard.ipv6(), now);
    for (NetInterface each : ports) {
      flush(each);
      each.drop();
    }
    if (loopback != null) {
      loopback.networkInterface().drop();
    }
    tasks.runCloseTasks();
  }

  private void close(Transport transport, long now) {
    try {
      transport.close(now);
    } catch (RuntimeException | Error e) {
      shard.report("closing", e);
    }
  }

  private void close(IpFamily family, long now) {
    try {
      if (family != null) {
        family.close(now);
      }
    } catch (RuntimeException | Error e) {
      shard.report("closing", e);
    }
  }
}
