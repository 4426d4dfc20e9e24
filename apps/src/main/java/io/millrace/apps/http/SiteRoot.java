package io.millrace.apps.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * The folder whose files are served, and the guard at its door: nothing outside it is ever found,
 * neither by {@code ..} nor by percent-encoding nor by a symbolic link that leads out.
 */
final class SiteRoot {
  /**
   * What a target leads to.
   *
   * @param status 200, 301 (a folder without its slash), 400 or 404
   * @param file the file if the status is 200, else null
   */
  record Found(int status, Path file) {
    private static final Found NOTHING = new Found(404, null);
  }

  private final Path root;

  /**
   * Serves {@code folder}.
   *
   * @throws IOException if it is not there
   */
  SiteRoot(Path folder) throws IOException {
    root = folder.toRealPath();
  }

  /** What the path of a request's target, undecoded and without query, leads to. */
  Found find(byte[] target) {
    String path = decode(target);
    if (path == null) {
      return new Found(400, null);
    }
    for (String segment : path.split("/", -1)) {
      if (segment.equals("..")) {
        return Found.NOTHING;
      }
    }
    try {
      // A link may lead anywhere: what counts is where the file really is.
      Path file = root.resolve("." + path).toRealPath();
      if (!file.startsWith(root)) {
        return Found.NOTHING;
      }
      if (Files.isDirectory(file)) {
        if (!path.endsWith("/")) {
          return new Found(301, null);
        }
        file = file.resolve("index.html").toRealPath();
      } else if (path.endsWith("/")) {
        return Found.NOTHING;
      }
      // Opening anything else, a named pipe for instance, could block for ever.
      return file.startsWith(root) && Files.isRegularFile(file)
          ? new Found(200, file)
          : Found.NOTHING;
    } catch (IOException | InvalidPathException e) {
      return Found.NOTHING;
    }
  }

  /** The path in characters (RFC 3986 §2.1, UTF-8), or null if it is malformed. */
  static String decode(byte[] target) {
    if (target.length == 0 || target[0] != '/') {
      return null;
    }
    byte[] plain = new byte[target.length];
    int n = 0;
    for (int i = 0; i < target.length; i++) {
      int c = target[i];
      if (c == '%') {
        int high = i + 2 < target.length ? Ascii.hex(target[i + 1] & 0xff) : -1;
        int low = i + 2 < target.length ? Ascii.hex(target[i + 2] & 0xff) : -1;
        if (high < 0 || low < 0) {
          return null;
        }
        c = high << 4 | low;
        i += 2;
      }
      if (c == 0) {
        return null;
      }
      plain[n++] = (byte) c;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(plain, 0, n)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
