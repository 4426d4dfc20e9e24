package io.millrace.driver.afxdp;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.os.Linux;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.VethPair;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A program that measures the driver alone, over a veth between two namespaces that it makes: one
 * thread sends on one CPU, and another receives, or sends everything back, on another.
 *
 * <p>Arguments: {@code receive} or {@code echo}, seconds, bytes per packet, the options of the port
 * that is measured, those of the other one. Prints packets per second of the best second, and the
 * CPU time of both threads per packet, which means something on a busy machine, too.
 */
final class AfXdpRates {
  private static final int BURST = 64;
  private static final int IN_FLIGHT = 1024;
  private static final int TYPE = 0x88b5;

  private final String namespace;
  private final String device;
  private final long until;
  private long received;
  private long sent;
  private long cpuNanos;

  private AfXdpRates(String namespace, String device, long until) {
    this.namespace = namespace;
    this.device = device;
    this.until = until;
  }

  public static void main(String[] arguments) throws InterruptedException {
    boolean echo = arguments[0].equals("echo");
    int seconds = Integer.parseInt(arguments[1]);
    int size = Integer.parseInt(arguments[2]);
    long until = System.nanoTime() + seconds * 1_000_000_000L;
    try (NetworkNamespace ours = NetworkNamespace.create("mrx");
        NetworkNamespace theirs = NetworkNamespace.create("mrx")) {
      VethPair veth = VethPair.create(ours, "mrx0", theirs, "mrx1", 1);
      ours.withoutIpv6();
      theirs.withoutIpv6();
      veth.mtu(Math.max(1500, size - 14)).up();
      AfXdpRates here = new AfXdpRates(ours.name(), "mrx0", until);
      AfXdpRates there = new AfXdpRates(theirs.name(), "mrx1", until);
      Thread sink = new Thread(() -> here.run(0, options(arguments, 3), () -> here.serve(echo)));
      Thread source =
          new Thread(() -> there.run(1, options(arguments, 4), () -> there.load(size, echo)));
      sink.start();
      source.start();
      long best = 0;
      long before = 0;
      while (source.isAlive()) {
        source.join(1000);
        best = Math.max(best, here.received - before);
        before = here.received;
      }
      sink.join();
      System.out.printf(
          "%s %d B: best second %,d packets; sent %,d (%d ns each), received %,d (%d ns each)%n",
          arguments[0],
          size,
          best,
          there.sent,
          there.cpuNanos / Math.max(1, there.sent),
          here.received,
          here.cpuNanos / Math.max(1, here.received));
    }
  }

  private static Map<String, String> options(String[] arguments, int index) {
    Map<String, String> options = new LinkedHashMap<>();
    if (arguments.length > index) {
      for (String option : arguments[index].split(",", -1)) {
        String[] parts = option.split("=", -1);
        if (!option.isEmpty()) {
          options.put(parts[0], parts.length == 1 ? "on" : parts[1]);
        }
      }
    }
    return options;
  }

  private FramePool pool;
  private PortQueue queue;

  private void run(int cpu, Map<String, String> options, Runnable action) {
    new Linux().pinThread(cpu);
    options.put("netns", namespace);
    try (Port port = new AfXdpDriver().open(new PortConfig(device, options, 1))) {
      int size = port.info().frameSize() == 0 ? 2112 : port.info().frameSize();
      if (port.info().mtu() > 4000) {
        size = 9280;
      }
      pool = new FramePool(16_384, size, 8, false);
      queue = port.queue(0, pool);
      action.run();
      cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
  }

  private void serve(boolean echo) {
    Frame[] burst = new Frame[BURST];
    while (System.nanoTime() < until) {
      for (int turn = 0; turn < 100; turn++) {
        int n = queue.rxBurst(burst, BURST, 0);
        received += n;
        int taken = 0;
        if (echo && n != 0) {
          for (int i = 0; i < n; i++) {
            swap(burst[i].address());
          }
          taken = queue.txBurst(burst, 0, n);
          sent += taken;
        }
        for (int i = taken; i < n; i++) {
          burst[i].release();
        }
        queue.flush();
        queue.reclaim(1024);
      }
    }
  }

  private static void swap(long packet) {
    Ethernet.write(packet, Ethernet.source(packet), Ethernet.destination(packet), TYPE, 0);
  }

  private void load(int size, boolean echo) {
    Frame[] burst = new Frame[BURST];
    Frame[] back = new Frame[BURST];
    while (System.nanoTime() < until) {
      for (int turn = 0; turn < 100; turn++) {
        int n = 0;
        while (n < BURST && (!echo || sent + n - received < IN_FLIGHT)) {
          Frame frame = pool.allocate();
          if (frame == null) {
            break;
          }
          long packet = frame.append(size);
          Ethernet.write(packet, 0x0200_0000_0001L, 0x0200_0000_0002L, TYPE, 0);
          burst[n++] = frame;
        }
        int taken = queue.txBurst(burst, 0, n);
        sent += taken;
        for (int i = taken; i < n; i++) {
          burst[i].release();
        }
        queue.flush();
        queue.reclaim(1024);
        int come = queue.rxBurst(back, BURST, 0);
        for (int i = 0; i < come; i++) {
          received += Ethernet.type(back[i].address()) == TYPE ? 1 : 0;
          back[i].release();
        }
        // What was lost on the way is not waited for.
        if (echo && come == 0 && n == 0 && turn == 99) {
          sent = received;
        }
      }
    }
  }
}
