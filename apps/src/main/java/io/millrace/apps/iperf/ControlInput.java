package io.millrace.apps.iperf;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.millrace.buf.Buffer;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** What has come on a control connection and has not been used. Bounded. */
final class ControlInput {
  /** The results of 128 streams fit in several times over. */
  private static final int MOST_JSON = 256 << 10;

  private byte[] bytes = new byte[256];
  private int from;
  private int to;

  void append(Buffer data) throws ProtocolException {
    int length = data.length();
    if (to - from + length > MOST_JSON + 64) {
      throw new ProtocolException("it sends far more than the protocol needs");
    }
    if (to + length > bytes.length) {
      byte[] more = new byte[Math.max(2 * (to - from), to - from + length)];
      System.arraycopy(bytes, from, more, 0, to - from);
      bytes = more;
      to -= from;
      from = 0;
    }
    data.getBytes(0, bytes, to, length);
    to += length;
  }

  boolean has(int count) {
    return to - from >= count;
  }

  /** The next byte, signed; there is one. */
  int next() {
    return bytes[from++];
  }

  /** The next bytes; they are there. */
  byte[] next(int count) {
    from += count;
    return Arrays.copyOfRange(bytes, from - count, from);
  }

  /** A text in JSON behind its length in 4 bytes, or null if it is not all there. */
  JsonObject nextJson() throws ProtocolException {
    if (!has(4)) {
      return null;
    }
    int length = ByteBuffer.wrap(bytes, from, 4).getInt();
    if (length < 2 || length > MOST_JSON) {
      throw new ProtocolException("a text of " + length + " bytes is not possible");
    }
    if (!has(4 + length)) {
      return null;
    }
    String text = new String(bytes, from + 4, length, UTF_8);
    from += 4 + length;
    try {
      JsonElement json = JsonParser.parseString(text);
      if (json.isJsonObject()) {
        return json.getAsJsonObject();
      }
    } catch (JsonParseException e) {
      // Said below, like everything else that is not an object.
    }
    throw new ProtocolException("what it sends is not a JSON object");
  }
}
