package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;

/** Asks poll(2), as a shard does that wants to sleep. */
final class Readable {
  private Readable() {}

  /** Whether sleeping on a descriptor would return at once. */
  static boolean now(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      long polled = arena.allocate(8, 8).address();
      Bytes.put32Native(polled, fd);
      Bytes.put16Native(polled + 4, Linux.POLLIN);
      return new Linux().poll(polled, 1, 0) != 0;
    }
  }
}
