package io.millrace.apps.iperf;

import io.millrace.apps.iperf.TestResult.OfStream;
import io.millrace.apps.iperf.TestResult.Totals;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Lines as those of iperf3 that people are used to. */
public final class TextReport implements Report {
  private static final String RULE = "- ".repeat(25).strip();

  private final PrintWriter out;
  private TestPlan plan;
  private boolean headed;

  /** Prints to {@code out}. */
  public TextReport(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void connected(Session session) {
    plan = session.plan();
    headed = false;
    for (DataStream stream : session.streams()) {
      DataStream.Ends ends = stream.ends();
      out.printf(
          "[%3d] local %s port %d connected to %s port %d, %s%n",
          stream.id(),
          ends.local(),
          ends.localPort(),
          ends.remote(),
          ends.remotePort(),
          stream.sender ? "sending" : "receiving");
    }
    out.flush();
  }

  @Override
  public void interval(List<Interval> streams) {
    if (!headed) {
      headed = true;
      boolean sends = streams.stream().anyMatch(each -> each.stream().sender);
      String more = plan.udp() ? "  Datagrams" : sends ? "  Window, round trip" : "";
      out.println(
          "[ ID] Interval           Transfer     Bitrate" + (more.isEmpty() ? "" : "    " + more));
    }
    for (Interval each : streams) {
      print("%3d".formatted(each.stream().id()), each, detail(each));
    }
    for (boolean sender : new boolean[] {true, false}) {
      List<Interval> half = streams.stream().filter(i -> i.stream().sender == sender).toList();
      if (half.size() > 1) {
        print("SUM", sum(half), "");
      }
    }
    out.flush();
  }

  private static Interval sum(List<Interval> all) {
    Interval first = all.getFirst();
    return new Interval(
        first.stream(),
        first.start(),
        first.end(),
        all.stream().mapToLong(Interval::bytes).sum(),
        all.stream().mapToLong(Interval::packets).sum(),
        all.stream().mapToLong(Interval::lost).sum(),
        0,
        first.omitted());
  }

  private String detail(Interval each) {
    DataStream stream = each.stream();
    if (plan.udp()) {
      return stream.sender
          ? "%d".formatted(each.packets())
          : lost(each.jitter(), each.lost(), each.packets());
    }
    return stream.sender
        ? "%s, %.0f us".formatted(size(stream.congestionWindow()), stream.roundTripNanos() / 1e3)
        : "";
  }

  private void print(String id, Interval each, String detail) {
    String more = each.omitted() ? detail + " (omitted)" : detail;
    line(id, each.start(), each.end(), each.bytes(), more);
  }

  private void line(String id, double from, double to, long bytes, String more) {
    String text =
        String.format(
            Locale.ROOT,
            "[%s] %6.2f-%-6.2f sec  %11s  %14s  %s",
            id,
            from,
            to,
            size(bytes),
            rate(bytes, to - from),
            more);
    out.println(text.stripTrailing());
  }

  private static String lost(double jitter, long lost, long packets) {
    double percent = packets == 0 ? 0 : 100.0 * lost / packets;
    return String.format(
        Locale.ROOT,
        "jitter %.3f ms, lost %d of %d (%.2g%%)",
        jitter * 1e3,
        lost,
        packets,
        percent);
  }

  @Override
  public void ended(Session session, TestResult result) {
    out.println(RULE);
    out.println("[ ID] Interval           Transfer     Bitrate");
    for (OfStream stream : result.streams()) {
      String id = "%3d".formatted(stream.id());
      total(id, stream.sent(), "sender", false);
      total(id, stream.received(), "receiver", plan.udp());
      if (stream.outOfOrder() != 0) {
        out.printf("[%s] %d datagrams came out of order%n", id, stream.outOfOrder());
      }
    }
    for (boolean weSend : new boolean[] {true, false}) {
      if (result.streams().stream().filter(each -> each.weSend() == weSend).count() > 1) {
        total("SUM", result.sent(weSend), "sender", false);
        total("SUM", result.received(weSend), "receiver", plan.udp());
      }
    }
    out.printf(
        Locale.ROOT,
        "CPU: %.1f%% here (%.1f%% user, %.1f%% system), %.1f%% there%n",
        result.ours().total(),
        result.ours().user(),
        result.ours().system(),
        result.theirs().total());
    out.flush();
  }

  private void total(String id, Totals totals, String who, boolean withLoss) {
    String more =
        withLoss ? who + "  " + lost(totals.jitter(), totals.lost(), totals.packets()) : who;
    line(id, 0, totals.seconds(), totals.bytes(), more);
  }

  @Override
  public void failed(String sentence) {
    out.println(sentence);
    out.flush();
  }

  private static String size(long bytes) {
    return scaled((double) bytes, 1_024, "Bytes");
  }

  private static String rate(long bytes, double seconds) {
    return scaled(seconds <= 0 ? 0 : bytes * 8 / seconds, 1_000, "bits/sec");
  }

  /** Three digits, as iperf3 does. */
  private static String scaled(double value, int step, String unit) {
    String prefixes = " KMGT";
    int i = 0;
    while (value >= step && i < prefixes.length() - 1) {
      value /= step;
      i++;
    }
    String digits = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, digits, value)
        + " "
        + prefixes.substring(i, i + 1).strip()
        + unit;
  }
}
