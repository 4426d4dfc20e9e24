package io.millrace.e2e.shards;

import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv4.Ping;

/** Hears the replies to a ping; an error is one that nobody expects. */
record Replies(Runnable onReply) implements Ping.Handler {
  @Override
  public void onReply(IpAddress from, int sequence, int bytes, int ttl, long roundTrip) {
    onReply.run();
  }

  @Override
  public void onError(IpAddress from, int sequence, IcmpError error) {
    throw new AssertionError(error + " from " + from);
  }
}
