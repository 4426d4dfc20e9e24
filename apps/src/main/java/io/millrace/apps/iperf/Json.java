package io.millrace.apps.iperf;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.ByteBuffer;

/** Members of objects that somebody else wrote, and texts with their length in front. */
final class Json {
  private Json() {}

  static long number(JsonObject json, String name, long otherwise) throws ProtocolException {
    return (long) real(json, name, (double) otherwise);
  }

  static double real(JsonObject json, String name, double otherwise) throws ProtocolException {
    JsonElement value = json.get(name);
    if (value == null) {
      return otherwise;
    }
    if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()) {
      return value.getAsDouble();
    }
    throw new ProtocolException("'" + name + "' is not a number");
  }

  /** Flags are sent as true, or as a number. */
  static boolean flag(JsonObject json, String name) throws ProtocolException {
    JsonElement value = json.get(name);
    if (value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isBoolean()) {
      return value.getAsBoolean();
    }
    return number(json, name, 0) != 0;
  }

  static byte[] message(JsonObject json) {
    byte[] text = json.toString().getBytes(UTF_8);
    return ByteBuffer.allocate(4 + text.length).putInt(text.length).put(text).array();
  }
}
