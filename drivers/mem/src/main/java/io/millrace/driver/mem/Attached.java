package io.millrace.driver.mem;

import io.millrace.lane.LaneReceiver;
import io.millrace.spi.PortQueue;
import java.util.List;

/** A queue of an end, with the receivers that are closed with it. */
record Attached(PortQueue queue, List<LaneReceiver> receivers) {
  void close() {
    receivers.forEach(LaneReceiver::close);
  }
}
