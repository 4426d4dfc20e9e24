package io.millrace.driver.afpacket;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Notices that the interface is switched off or removed. The kernel says so as an error of the
 * socket, and until somebody takes the error the descriptor seems readable: a shard would never
 * sleep. <b>Thread:</b> the shard's.
 */
final class LinkWatch {
  private static final Logger LOG = System.getLogger("io.millrace.afpacket");
  private static final long INTERVAL_NANOS = 10_000_000;

  private final PacketSocket socket;
  private final String port;
  private final boolean reports;
  private long looked;

  /**
   * Watches one of a port's sockets.
   *
   * @param reports whether this is the one whose reports are for people
   */
  LinkWatch(PacketSocket socket, String port, boolean reports) {
    this.socket = socket;
    this.port = port;
    this.reports = reports;
  }

  /** Called while nothing arrives; looks every ten milliseconds. */
  void look(long now) {
    if (now - looked >= INTERVAL_NANOS || now < looked) {
      looked = now;
      if (socket.takeError() != 0) {
        report();
      }
    }
  }

  private void report() {
    if (!reports) {
      return;
    }
    if (socket.isRemoved()) {
      LOG.log(
          Level.WARNING,
          "{0}: the interface has been removed; nothing arrives or leaves any more",
          port);
    } else {
      LOG.log(
          Level.WARNING,
          "{0}: the interface has been switched off; it is used again once it is on",
          port);
    }
  }
}
