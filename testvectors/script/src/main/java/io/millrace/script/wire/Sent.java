package io.millrace.script.wire;

import java.util.List;

/**
 * What the stack sent: one packet, or consecutive segments that the script writes as one.
 *
 * @param packets the packets, at least one
 * @param firstNanos when the first was sent
 * @param lastNanos when the last was sent
 */
public record Sent(List<SeenPacket> packets, long firstNanos, long lastNanos) {
  /** Copies the list. */
  public Sent {
    packets = List.copyOf(packets);
  }

  SeenPacket first() {
    return packets.getFirst();
  }

  /** The payload of all. */
  int length() {
    return packets.stream().mapToInt(SeenPacket::length).sum();
  }

  /** The flags of all. */
  String flags() {
    StringBuilder all = new StringBuilder();
    for (SeenPacket packet : packets) {
      for (int i = 0; i < packet.flags().length(); i++) {
        char flag = packet.flags().charAt(i);
        if (all.indexOf(String.valueOf(flag)) < 0) {
          all.append(flag);
        }
      }
    }
    return all.toString();
  }
}
