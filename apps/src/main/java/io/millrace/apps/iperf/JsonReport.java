package io.millrace.apps.iperf;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import io.millrace.apps.iperf.TestResult.OfStream;
import io.millrace.apps.iperf.TestResult.Totals;
import java.io.PrintWriter;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** One object per test, of the shape of {@code iperf3 -J}, when the test is over. */
public final class JsonReport implements Report {
  private final PrintWriter out;
  private JsonObject start = new JsonObject();
  private JsonArray intervals = new JsonArray();
  private boolean udp;

  /** Prints to {@code out}. */
  public JsonReport(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void connected(Session session) {
    TestPlan plan = session.plan();
    udp = plan.udp();
    start = new JsonObject();
    intervals = new JsonArray();
    JsonArray connected = new JsonArray();
    for (DataStream stream : session.streams()) {
      JsonObject each = new JsonObject();
      each.addProperty("socket", stream.id());
      each.addProperty("local_host", stream.ends().local().toString());
      each.addProperty("local_port", stream.ends().localPort());
      each.addProperty("remote_host", stream.ends().remote().toString());
      each.addProperty("remote_port", stream.ends().remotePort());
      connected.add(each);
    }
    start.add("connected", connected);
    start.addProperty("version", "Millrace, protocol of iperf 3.12");
    start.addProperty(
        "system_info",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    start.add("timestamp", timestamp());
    peer(session);
    start.addProperty("target_bitrate", plan.bitrate());
    start.add("test_start", testStart(plan));
  }

  private static JsonObject timestamp() {
    ZonedDateTime now = ZonedDateTime.now(ZoneOffset.UTC);
    JsonObject json = new JsonObject();
    json.addProperty("time", DateTimeFormatter.RFC_1123_DATE_TIME.format(now));
    json.addProperty("timesecs", now.toEpochSecond());
    return json;
  }

  private void peer(Session session) {
    JsonObject json = new JsonObject();
    if (session instanceof IperfClient client) {
      json.addProperty("host", client.server().toString());
      json.addProperty("port", client.port());
      start.add("connecting_to", json);
      start.addProperty("cookie", client.cookie());
    } else {
      json.addProperty("host", session.control().remoteAddress().toString());
      json.addProperty("port", session.control().remotePort());
      start.add("accepted_connection", json);
    }
  }

  private static JsonObject testStart(TestPlan plan) {
    JsonObject json = new JsonObject();
    json.addProperty("protocol", plan.udp() ? "UDP" : "TCP");
    json.addProperty("num_streams", plan.streams());
    json.addProperty("blksize", plan.blockSize());
    json.addProperty("omit", plan.omit());
    json.addProperty("duration", plan.endsByTime() ? plan.seconds() : 0);
    json.addProperty("bytes", plan.bytes());
    json.addProperty("blocks", plan.blocks());
    json.addProperty("reverse", plan.reverse() ? 1 : 0);
    json.addProperty("tos", plan.trafficClass());
    json.addProperty("target_bitrate", plan.bitrate());
    json.addProperty("bidir", plan.bidirectional() ? 1 : 0);
    return json;
  }

  @Override
  public void interval(List<Interval> streams) {
    JsonArray array = new JsonArray();
    for (Interval each : streams) {
      JsonObject json = new JsonObject();
      json.addProperty("socket", each.stream().id());
      fill(json, each, List.of(each));
      array.add(json);
    }
    JsonObject interval = new JsonObject();
    interval.add("streams", array);
    String name = "sum";
    for (boolean sender : new boolean[] {streams.getFirst().stream().sender, false}) {
      List<Interval> half = streams.stream().filter(i -> i.stream().sender == sender).toList();
      if (!half.isEmpty() && !interval.has(name)) {
        JsonObject sum = new JsonObject();
        fill(sum, half.getFirst(), half);
        interval.add(name, sum);
      }
      if (half.size() == streams.size()) {
        break;
      }
      name = "sum_bidir_reverse";
    }
    intervals.add(interval);
  }

  private void fill(JsonObject json, Interval first, List<Interval> all) {
    long bytes = all.stream().mapToLong(Interval::bytes).sum();
    long packets = all.stream().mapToLong(Interval::packets).sum();
    time(json, first.start(), first.end(), bytes);
    DataStream stream = first.stream();
    if (udp) {
      if (!stream.sender) {
        long lost = all.stream().mapToLong(Interval::lost).sum();
        double jitter = all.stream().mapToDouble(Interval::jitter).average().orElse(0);
        loss(json, jitter, lost, packets);
      }
      json.addProperty("packets", packets);
    } else if (stream.sender && all.size() == 1) {
      json.addProperty("snd_cwnd", stream.congestionWindow());
      json.addProperty("rtt", stream.roundTripNanos() / 1_000);
    }
    json.addProperty("omitted", first.omitted());
    json.addProperty("sender", stream.sender);
  }

  private static void time(JsonObject json, double from, double to, long bytes) {
    json.addProperty("start", from);
    json.addProperty("end", to);
    json.addProperty("seconds", to - from);
    json.addProperty("bytes", bytes);
    json.addProperty("bits_per_second", to > from ? bytes * 8 / (to - from) : 0);
  }

  private static void loss(JsonObject json, double jitter, long lost, long packets) {
    json.addProperty("jitter_ms", jitter * 1e3);
    json.addProperty("lost_packets", lost);
    json.addProperty("lost_percent", packets == 0 ? 0 : 100.0 * lost / packets);
  }

  @Override
  public void ended(Session session, TestResult result) {
    JsonObject end = new JsonObject();
    JsonArray streams = new JsonArray();
    for (OfStream stream : result.streams()) {
      streams.add(udp ? udpStream(stream) : tcpStream(stream));
    }
    end.add("streams", streams);
    boolean first = result.streams().getFirst().weSend();
    sums(end, result, first, "");
    if (result.any(!first)) {
      sums(end, result, !first, "_bidir_reverse");
    }
    JsonObject cpu = new JsonObject();
    cpu.addProperty("host_total", result.ours().total());
    cpu.addProperty("host_user", result.ours().user());
    cpu.addProperty("host_system", result.ours().system());
    cpu.addProperty("remote_total", result.theirs().total());
    cpu.addProperty("remote_user", result.theirs().user());
    cpu.addProperty("remote_system", result.theirs().system());
    end.add("cpu_utilization_percent", cpu);
    if (!udp && result.any(true)) {
      end.addProperty("sender_tcp_congestion", "newreno");
    }
    print(end, null);
  }

  private static JsonObject tcpStream(OfStream stream) {
    JsonObject json = new JsonObject();
    json.add("sender", tcpEnd(stream, stream.sent()));
    json.add("receiver", tcpEnd(stream, stream.received()));
    return json;
  }

  private static JsonObject tcpEnd(OfStream stream, Totals totals) {
    JsonObject json = new JsonObject();
    json.addProperty("socket", stream.id());
    time(json, 0, totals.seconds(), totals.bytes());
    json.addProperty("sender", stream.weSend());
    return json;
  }

  private static JsonObject udpStream(OfStream stream) {
    Totals received = stream.received();
    JsonObject inner = new JsonObject();
    inner.addProperty("socket", stream.id());
    time(inner, 0, stream.sent().seconds(), stream.sent().bytes());
    loss(inner, received.jitter(), received.lost(), received.packets());
    inner.addProperty("packets", stream.sent().packets());
    inner.addProperty("out_of_order", stream.outOfOrder());
    inner.addProperty("sender", stream.weSend());
    JsonObject json = new JsonObject();
    json.add("udp", inner);
    return json;
  }

  private void sums(JsonObject end, TestResult result, boolean weSend, String suffix) {
    Totals sent = result.sent(weSend);
    Totals received = result.received(weSend);
    if (udp) {
      end.add("sum" + suffix, sum(weSend ? sent : received, received, weSend));
    }
    end.add("sum_sent" + suffix, sum(sent, received, true));
    end.add("sum_received" + suffix, sum(received, received, false));
  }

  private JsonObject sum(Totals totals, Totals received, boolean sender) {
    JsonObject json = new JsonObject();
    time(json, 0, totals.seconds(), totals.bytes());
    if (udp) {
      loss(json, received.jitter(), received.lost(), received.packets());
      json.addProperty("packets", totals.packets());
    }
    json.addProperty("sender", sender);
    return json;
  }

  @Override
  public void failed(String sentence) {
    print(new JsonObject(), sentence);
  }

  private void print(JsonObject end, String error) {
    JsonObject all = new JsonObject();
    all.add("start", start);
    all.add("intervals", intervals);
    all.add("end", end);
    if (error != null) {
      all.addProperty("error", error);
    }
    out.println(
        new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .setStrictness(Strictness.STRICT)
            .create()
            .toJson(all));
    out.flush();
  }
}
