package io.millrace.apps.iperf;

import io.millrace.apps.iperf.Report.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Brings what happens on shards to a thread that may wait, and looks at the counters from there at
 * regular intervals.
 */
public final class TestWatch implements TestObserver {
  private sealed interface Event {
    record Connected(Session session) implements Event {}

    record Started(Session session) implements Event {}

    record Ended(Session session, TestResult result) implements Event {}

    record Failed(String sentence) implements Event {}
  }

  /** What a stream's counters were when they were last looked at. */
  private record Seen(long bytes, long packets, long lost) {
    static final Seen NOTHING = new Seen(0, 0, 0);
  }

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final long interval;

  private Session session;
  private long base;
  private long lastLook;
  private boolean omitting;
  private final List<Seen> seen = new ArrayList<>();

  /**
   * Watches.
   *
   * @param seconds between two looks, 0 for never
   */
  public TestWatch(double seconds) {
    interval = (long) (seconds * 1e9);
  }

  @Override
  public void connected(Session of) {
    events.add(new Event.Connected(of));
  }

  @Override
  public void started(Session of) {
    events.add(new Event.Started(of));
  }

  @Override
  public void ended(Session of, TestResult result) {
    events.add(new Event.Ended(of, result));
  }

  @Override
  public void failed(String sentence) {
    events.add(new Event.Failed(sentence));
  }

  /** Reports one test from its beginning to its end; returns whether it went well. */
  public boolean follow(Report report) throws InterruptedException {
    session = null;
    while (true) {
      Event event = next();
      switch (event) {
        case null -> look(report);
        case Event.Connected e -> report.connected(e.session());
        case Event.Started e -> start(e.session());
        case Event.Ended e -> {
          if (System.nanoTime() - lastLook > interval / 10 || lastLook == base) {
            look(report);
          }
          report.ended(e.session(), e.result());
          return true;
        }
        case Event.Failed e -> {
          report.failed(e.sentence());
          return false;
        }
      }
    }
  }

  /** What happens next, or null if it is time to look. */
  private Event next() throws InterruptedException {
    if (session == null || interval == 0) {
      return events.take();
    }
    long next = base + ((lastLook - base) / interval + 1) * interval;
    // A look that comes a little early would make the next one come at once.
    if (next - lastLook < interval / 2) {
      next += interval;
    }
    return events.poll(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  private void start(Session of) {
    omitting = session == null && of.plan().omit() != 0;
    session = of;
    base = of.startedAt();
    lastLook = base;
    seen.clear();
    of.streams().forEach(stream -> seen.add(Seen.NOTHING));
  }

  private void look(Report report) {
    if (interval == 0) {
      return;
    }
    double from = (lastLook - base) / 1e9;
    lastLook = System.nanoTime();
    double to = (lastLook - base) / 1e9;
    List<Interval> rows = new ArrayList<>();
    List<DataStream> streams = session.streams();
    for (int i = 0; i < streams.size(); i++) {
      DataStream stream = streams.get(i);
      Seen before = seen.get(i);
      Seen now = new Seen(stream.bytes, stream.packets, stream.lost());
      seen.set(i, now);
      rows.add(
          new Interval(
              stream,
              from,
              to,
              now.bytes - before.bytes,
              now.packets - before.packets,
              now.lost - before.lost,
              stream.jitterNanos() / 1e9,
              omitting));
    }
    report.interval(rows);
  }
}
