package io.millrace.apps.iperf;

import com.google.gson.JsonObject;

/**
 * What a test is to do; the client says it to the server.
 *
 * @param udp over UDP, else TCP
 * @param reverse the server sends
 * @param bidirectional both send; so many streams each way
 * @param streams streams in one direction, 1 to 128
 * @param seconds how long, if {@code bytes} and {@code blocks} are 0
 * @param omit seconds at the beginning that do not count
 * @param bytes how much to send in one direction, or 0
 * @param blocks how many blocks to send in one direction, or 0
 * @param blockSize bytes per write or datagram
 * @param bitrate bits per second of each stream, or 0 for as many as possible
 * @param longCounters datagrams are numbered with 64 bits, else with 32
 * @param trafficClass DSCP and ECN of the packets
 */
public record TestPlan(
    boolean udp,
    boolean reverse,
    boolean bidirectional,
    int streams,
    int seconds,
    int omit,
    long bytes,
    long blocks,
    int blockSize,
    long bitrate,
    boolean longCounters,
    int trafficClass) {
  /** A write of TCP if nothing else is said. */
  public static final int TCP_BLOCK = 128 << 10;

  static final int MOST_STREAMS = 128;
  static final int LARGEST_BLOCK = 1 << 20;
  static final int LARGEST_DATAGRAM = 65_507;
  static final int SMALLEST_DATAGRAM = 16;
  static final int LONGEST_SECONDS = 86_400;
  static final int LONGEST_OMIT = 600;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException with a sentence
   */
  public TestPlan {
    within("the number of streams", streams, 1, MOST_STREAMS);
    within("the time in seconds", seconds, 0, LONGEST_SECONDS);
    within("the time to omit in seconds", omit, 0, LONGEST_OMIT);
    within("the number of bytes", bytes, 0, Long.MAX_VALUE >> 1);
    within("the number of blocks", blocks, 0, Long.MAX_VALUE >> 21);
    within("the bitrate", bitrate, 0, 1_000_000_000_000L);
    within("the traffic class", trafficClass, 0, 255);
    if (udp) {
      within("the size of a datagram", blockSize, SMALLEST_DATAGRAM, LARGEST_DATAGRAM);
    } else {
      within("the size of a block", blockSize, 1, LARGEST_BLOCK);
    }
    if (seconds == 0 && bytes == 0 && blocks == 0) {
      throw new IllegalArgumentException("say how long or how much");
    }
    if (reverse && bidirectional) {
      throw new IllegalArgumentException("a test is in reverse or both ways, not both");
    }
  }

  private static void within(String what, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " is " + value + ", which is not between " + least + " and " + most);
    }
  }

  /** TCP, one stream from the client for 10 seconds. */
  public static TestPlan defaults() {
    return new TestPlan(false, false, false, 1, 10, 0, 0, 0, TCP_BLOCK, 0, false, 0);
  }

  /** Streams in both directions together. */
  int allStreams() {
    return bidirectional ? 2 * streams : streams;
  }

  /** Bytes that one direction sends, or 0 if the time ends it. */
  long bytesInAll() {
    return blocks != 0 ? blocks * blockSize : bytes;
  }

  /** A stream's share of them, in whole blocks. */
  long bytesPerStream() {
    long share = (bytesInAll() + streams - 1) / streams;
    return (share + blockSize - 1) / blockSize * blockSize;
  }

  boolean endsByTime() {
    return bytesInAll() == 0;
  }

  JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty(udp ? "udp" : "tcp", true);
    json.addProperty("omit", omit);
    json.addProperty("time", endsByTime() ? seconds : 0);
    json.addProperty("num", bytes);
    json.addProperty("blockcount", blocks);
    json.addProperty("parallel", streams);
    if (reverse) {
      json.addProperty("reverse", true);
    }
    if (bidirectional) {
      json.addProperty("bidirectional", true);
    }
    json.addProperty("len", blockSize);
    if (bitrate != 0) {
      json.addProperty("bandwidth", bitrate);
    }
    json.addProperty("pacing_timer", 1_000);
    if (trafficClass != 0) {
      json.addProperty("TOS", trafficClass);
    }
    if (longCounters) {
      json.addProperty("udp_counters_64bit", 1);
    }
    json.addProperty("client_version", "3.12");
    return json;
  }

  static TestPlan parse(JsonObject json) throws ProtocolException {
    boolean udp = Json.flag(json, "udp");
    if (Json.flag(json, "sctp")) {
      throw new ProtocolException("the client wants SCTP, which is not there");
    }
    long bytes = Json.number(json, "num", 0);
    long blocks = Json.number(json, "blockcount", 0);
    try {
      return new TestPlan(
          udp,
          Json.flag(json, "reverse"),
          Json.flag(json, "bidirectional"),
          Math.toIntExact(Json.number(json, "parallel", 1)),
          Math.toIntExact(Json.number(json, "time", bytes == 0 && blocks == 0 ? 10 : 0)),
          Math.toIntExact(Json.number(json, "omit", 0)),
          bytes,
          blocks,
          Math.toIntExact(Json.number(json, "len", udp ? 1_448 : TCP_BLOCK)),
          Json.number(json, "bandwidth", 0),
          Json.flag(json, "udp_counters_64bit"),
          Math.toIntExact(Json.number(json, "TOS", 0)));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolException("the client asks for what is not possible: " + e.getMessage());
    }
  }
}
