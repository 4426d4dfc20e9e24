package io.millrace.apps.iperf;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.millrace.apps.iperf.TestResult.OfStream;
import io.millrace.apps.iperf.TestResult.Totals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the two ends tell each other at the end, as JSON; and both put together. */
final class Results {
  private Results() {}

  static JsonObject toJson(TestPlan plan, List<DataStream> streams, double seconds, CpuShare cpu) {
    JsonObject json = new JsonObject();
    json.addProperty("cpu_util_total", cpu.total());
    json.addProperty("cpu_util_user", cpu.user());
    json.addProperty("cpu_util_system", cpu.system());
    // Retransmissions are counted per shard, not per connection: there is nothing to tell here.
    json.addProperty("sender_has_retransmits", 0);
    if (!plan.udp()) {
      json.addProperty("congestion_used", "newreno");
    }
    JsonArray array = new JsonArray();
    for (DataStream stream : streams) {
      Totals totals = totals(stream, seconds);
      JsonObject each = new JsonObject();
      each.addProperty("id", stream.id());
      each.addProperty("bytes", totals.bytes());
      each.addProperty("retransmits", -1);
      each.addProperty("jitter", totals.jitter());
      each.addProperty("errors", totals.lost());
      each.addProperty("packets", totals.packets());
      each.addProperty("start_time", 0);
      each.addProperty("end_time", seconds);
      array.add(each);
    }
    json.add("streams", array);
    return json;
  }

  private static Totals totals(DataStream stream, double seconds) {
    return new Totals(
        stream.bytes, stream.packets, stream.lost(), stream.jitterNanos() / 1e9, seconds);
  }

  static TestResult combine(
      List<DataStream> streams, double seconds, CpuShare ours, JsonObject theirs)
      throws ProtocolException {
    Map<Long, Totals> others = parse(theirs);
    List<OfStream> all = new ArrayList<>();
    for (DataStream stream : streams) {
      Totals own = totals(stream, seconds);
      Totals other = others.getOrDefault((long) stream.id(), Totals.NONE);
      all.add(
          new OfStream(
              stream.id(),
              stream.sender,
              stream.sender ? own : other,
              stream.sender ? other : own,
              stream.outOfOrder()));
    }
    CpuShare cpu =
        new CpuShare(
            Json.real(theirs, "cpu_util_total", 0),
            Json.real(theirs, "cpu_util_user", 0),
            Json.real(theirs, "cpu_util_system", 0));
    return new TestResult(List.copyOf(all), ours, cpu);
  }

  private static Map<Long, Totals> parse(JsonObject json) throws ProtocolException {
    JsonElement array = json.get("streams");
    if (array == null || !array.isJsonArray()) {
      throw new ProtocolException("its results have no streams");
    }
    Map<Long, Totals> all = new HashMap<>();
    for (JsonElement element : array.getAsJsonArray()) {
      if (!element.isJsonObject()) {
        throw new ProtocolException("one of its streams is not an object");
      }
      JsonObject each = element.getAsJsonObject();
      double seconds = Json.real(each, "end_time", 0) - Json.real(each, "start_time", 0);
      all.put(
          Json.number(each, "id", 0),
          new Totals(
              Json.number(each, "bytes", 0),
              Json.number(each, "packets", 0),
              Json.number(each, "errors", 0),
              Json.real(each, "jitter", 0),
              seconds));
    }
    return all;
  }
}
