package io.millrace.apps.http;

import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.net.Shard;
import java.util.Locale;

/** The counters of the shard that answers, for people and for programs. */
final class StatsPage {
  private StatsPage() {}

  static String text(Shard shard, HttpTotals totals) {
    Counters counters = shard.counters();
    StringBuilder text = new StringBuilder(2_048);
    text.append("Millrace, shard ").append(shard.index()).append("\n\nweb server\n");
    row(text, "connections open", totals.connectionsOpen());
    row(text, "connections accepted", totals.connectionsAccepted());
    row(text, "connections refused", totals.connectionsRefused());
    row(text, "requests", totals.requests());
    row(text, "errors answered", totals.errors());
    row(text, "body bytes in", totals.bodyBytesIn());
    row(text, "body bytes out", totals.bodyBytesOut());
    text.append("\nstack\n");
    for (Counter counter : Counter.values()) {
      if (counters.get(counter) != 0) {
        row(text, counter.name().toLowerCase(Locale.ROOT).replace('_', ' '), counters.get(counter));
      }
    }
    row(text, "frames free", shard.pool().available());
    text.append("\npackets dropped, by reason\n");
    for (DropReason reason : DropReason.values()) {
      if (counters.get(reason) != 0) {
        row(text, reason.text(), counters.get(reason));
      }
    }
    row(text, "all", counters.totalDrops());
    return text.toString();
  }

  private static void row(StringBuilder text, String name, long value) {
    text.append(String.format("  %-36s %,15d%n", name, value));
  }

  static String json(Shard shard, HttpTotals totals) {
    Counters counters = shard.counters();
    StringBuilder json = new StringBuilder(2_048);
    json.append("{\"shard\":").append(shard.index()).append(",\"http\":{");
    member(json, "connectionsOpen", totals.connectionsOpen());
    member(json, "connectionsAccepted", totals.connectionsAccepted());
    member(json, "connectionsRefused", totals.connectionsRefused());
    member(json, "requests", totals.requests());
    member(json, "errors", totals.errors());
    member(json, "bodyBytesIn", totals.bodyBytesIn());
    member(json, "bodyBytesOut", totals.bodyBytesOut());
    json.append("},\"counters\":{");
    for (Counter counter : Counter.values()) {
      member(json, counter.name(), counters.get(counter));
    }
    json.append("},\"framesFree\":").append(shard.pool().available()).append(",\"drops\":{");
    for (DropReason reason : DropReason.values()) {
      if (counters.get(reason) != 0) {
        member(json, reason.name(), counters.get(reason));
      }
    }
    return json.append("}}\n").toString();
  }

  private static void member(StringBuilder json, String name, long value) {
    if (json.charAt(json.length() - 1) != '{') {
      json.append(',');
    }
    json.append('"').append(name).append("\":").append(value);
  }
}
