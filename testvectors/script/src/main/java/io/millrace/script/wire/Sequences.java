package io.millrace.script.wire;

import io.millrace.testkit.packet.TcpOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The script's numbers of one connection and the live ones: both ends count from their initial
 * sequence numbers, which the first SYN of each says. Timestamps that the stack is to echo are the
 * script's own; those that it sends are its own, and remembered under the number that the script
 * has for them.
 */
final class Sequences {
  private static final long WORD = 0xffff_ffffL;
  private static final long STACK_TICK_MICROS = 1_000;

  private final Map<Long, Long> liveTimestamps = new HashMap<>();
  private long localIsn;
  private long localSynInScript;
  private boolean localIsnKnown;
  private boolean localMayRestart;
  private long remoteIsn;
  private boolean remoteIsnKnown;
  private long firstScriptTimestamp = -1;
  private long firstLiveTimestamp;

  /** Another connection: nothing is known of it. */
  void forget() {
    remoteIsnKnown = false;
    localIsnKnown = false;
  }

  /** The stack opens a connection, perhaps the next one between the same ports. */
  void opens() {
    localMayRestart = true;
    remoteIsnKnown = false;
  }

  // ---- into the stack ----

  /** The peer's number on the wire; its first SYN says what it counts from. */
  long seqToLive(long seq, boolean syn, boolean withAck) {
    if (syn && !withAck && remoteIsnKnown && seq != 0) {
      localMayRestart = true;
    }
    if (syn && !remoteIsnKnown) {
      remoteIsn = seq;
      remoteIsnKnown = true;
      return seq;
    }
    return remoteIsn + seq;
  }

  long ackToLive(long ack) {
    return localIsn + ack;
  }

  TcpOption toLive(TcpOption option) {
    return switch (option.kind()) {
      case TcpOption.SACK -> shiftEdges(option, localIsn);
      case TcpOption.TIMESTAMPS ->
          TcpOption.timestamps(
              option.word(0), liveTimestamps.getOrDefault(option.word(1), option.word(1)));
      default -> option;
    };
  }

  private static TcpOption shiftEdges(TcpOption option, long by) {
    long[] edges = new long[option.body().length / 4];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = option.word(i) + by;
    }
    return TcpOption.sack(edges);
  }

  // ---- out of the stack ----

  /** Learns from a SYN that the script has numbered {@code seq}. */
  void synSeen(SeenPacket packet, long seq) {
    // A script may count on from the connection before.
    if (!localIsnKnown || (localMayRestart && seqToScript(packet) != seq)) {
      localIsn = packet.seq();
      localSynInScript = seq;
      localIsnKnown = true;
    }
    localMayRestart = false;
  }

  long seqToScript(SeenPacket packet) {
    long offset = packet.has('S') ? localSynInScript : 0;
    return packet.seq() - localIsn + offset & WORD;
  }

  long ackToScript(SeenPacket packet) {
    return packet.ack() - remoteIsn & WORD;
  }

  /** An option in the script's numbers, where {@code wanted} has some for its timestamp. */
  TcpOption toScript(TcpOption option, List<TcpOption> wanted) {
    if (option.kind() == TcpOption.SACK && option.body().length % 4 == 0) {
      return shiftEdges(option, -remoteIsn);
    }
    if (option.kind() == TcpOption.TIMESTAMPS && option.body().length == 8) {
      for (TcpOption each : wanted) {
        if (each.kind() == TcpOption.TIMESTAMPS) {
          liveTimestamps.put(each.word(0), option.word(0));
          return TcpOption.timestamps(each.word(0), option.word(1));
        }
      }
    }
    return option;
  }

  /**
   * How many microseconds a timestamp of the stack is away from where the script has it, if the
   * script counts in ticks of {@code tickMicros}. The first one is where it starts.
   */
  long timestampError(long script, long live, long tickMicros) {
    if (firstScriptTimestamp < 0) {
      firstScriptTimestamp = script;
      firstLiveTimestamp = live;
    }
    long passed = (int) (live - firstLiveTimestamp) * STACK_TICK_MICROS;
    return Math.abs(passed - (script - firstScriptTimestamp) * tickMicros);
  }
}
