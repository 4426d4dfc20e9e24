package io.millrace.tcp;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;
import io.millrace.tcp.engine.SegmentIn;
import io.millrace.tcp.engine.SegmentOut;
import io.millrace.tcp.engine.SegmentWriter;
import io.millrace.tcp.engine.SynCookies;
import io.millrace.tcp.engine.TcpMachine;
import io.millrace.tcp.engine.TimeWait;
import io.millrace.tcp.wire.TcpHeader;

/**
 * Turns what the machine describes into frames and gives them to the route. <b>Thread:</b> the
 * shard's.
 */
final class TcpOutput {
  /** Segments of one connection before the next one has its turn. */
  private static final int QUOTA = 64;

  /** Room that is left on the interface for acknowledgments, resets and other protocols. */
  private static final int RESERVE = 128;

  private final TcpMachine machine;
  private final FramePool pool;
  private final Counters counters;
  private final SegmentOut out = new SegmentOut();
  private final int hopLimit;

  /** Frames that are left for the same, and for receiving; a small pool keeps fewer. */
  private final int frameReserve;

  TcpOutput(Shard shard, TcpMachine machine) {
    this.machine = machine;
    this.pool = shard.pool();
    this.counters = shard.counters();
    this.hopLimit = machine.config().hopLimit();
    this.frameReserve = Math.min(RESERVE, pool.frames() / 8);
  }

  /** Sends what is due; false if there may be more than there was room for. */
  boolean transmit(StackTcpConnection c, long now) {
    NetInterface to = c.route.networkInterface();
    for (int i = 0; i < QUOTA; i++) {
      if (to.transmitRoom() < RESERVE || pool.available() < frameReserve) {
        return false;
      }
      if (!next(c, now)) {
        return true;
      }
    }
    return false;
  }

  /** Sends one segment if one is due. */
  boolean next(StackTcpConnection c, long now) {
    if (!machine.poll(c.tcb, out, now)) {
      return false;
    }
    send(c.route, c.ports(), c.trafficClass, now);
    return true;
  }

  void synAck(HalfOpen half, long now) {
    half.handshake.synAck(out, machine, now);
    send(half.route, half.handshake.ports(), 0, now);
  }

  /** A SYN-ACK of which nothing is remembered. */
  void cookie(SynCookies cookies, SegmentIn syn, Route back, int ports, int tsOffset, long now) {
    cookies.synAck(
        out,
        machine,
        syn,
        back.sourceHi(),
        back.sourceLo(),
        back.destinationHi(),
        back.destinationLo(),
        ports,
        tsOffset,
        now);
    send(back, ports, 0, now);
  }

  void acknowledge(HalfOpen half, long now) {
    half.handshake.acknowledgment(out, now);
    send(half.route, half.handshake.ports(), 0, now);
  }

  void acknowledge(TimeWait entry, Route route, long now) {
    if (route != null) {
      entry.acknowledgment(out, now);
      send(route, entry.ports(), 0, now);
    }
  }

  /** A reset in answer to {@code s}. */
  void reset(SegmentIn s, Route route, int ports, long now) {
    SegmentWriter.reset(out, s);
    counters.increment(Counter.TCP_OUT_RSTS);
    send(route, ports, 0, now);
  }

  private void send(Route route, int ports, int trafficClass, long now) {
    Frame frame = pool.allocate();
    if (frame == null) {
      counters.drop(DropReason.NO_FRAME); // as if the network had lost it
      return;
    }
    if (out.hasMss()) {
      limitMss(route);
    }
    boolean offload = route.networkInterface().info().offers(PortInfo.TX_CHECKSUM);
    SegmentWriter.write(frame, out, ports, route.pseudoHeaderSum(IpProtocol.TCP), offload);
    counters.increment(Counter.TCP_OUT_SEGS);
    // RFC 1191 §6: segments are never fragmented on the way; they become smaller instead.
    int hops = hopLimit == 0 ? route.hopLimit() : hopLimit;
    route.send(frame, IpProtocol.TCP, trafficClass, hops, true, now);
  }

  /** RFC 9293 §3.7.1 (MUST-67), RFC 6691 §2: the link's MTU without the headers of this family. */
  private void limitMss(Route route) {
    int most = route.networkInterface().mtu() - route.networkHeaderSize() - TcpHeader.MIN_SIZE;
    out.limitMss(most);
  }
}
