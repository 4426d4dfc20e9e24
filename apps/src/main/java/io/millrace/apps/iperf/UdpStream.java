package io.millrace.apps.iperf;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.net.Shard;
import io.millrace.udp.SendResult;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;

/**
 * A stream of datagrams. Each begins with the time at which it was sent and its number, from 1:
 *
 * <pre>
 *  0             4                  8                    12 (or 16)
 * +-------------+------------------+--------------------+---------
 * | seconds (4) | microseconds (4) | number (4 or 8)    | anything
 * +-------------+------------------+--------------------+---------
 * </pre>
 */
final class UdpStream extends DataStream implements UdpHandler {
  private static final long SECOND = 1_000_000_000L;
  private static final long MICRO = 1_000;

  private final Arrivals arrivals = new Arrivals();
  private final Payload payload;
  private final Pace pace;
  private final int headerSize;
  private UdpSocket socket;

  /** The number of the last datagram sent. */
  private long number;

  private boolean blocked;

  /** Runs when the other end has answered; null then, or if it need not. */
  private Runnable onWelcome;

  UdpStream(Shard shard, TestPlan plan, boolean sender) {
    super(shard, plan, sender);
    headerSize = plan.longCounters() ? 16 : 12;
    payload = sender ? new Payload(plan.blockSize()) : null;
    pace = sender && plan.bitrate() != 0 ? new Pace(plan.bitrate(), plan.blockSize()) : null;
  }

  /** The socket that it will use. */
  void socket(UdpSocket own) {
    socket = own;
  }

  /** The socket is connected to the other end. */
  void connected() {
    between(
        new Ends(
            socket.localAddress(),
            socket.localPort(),
            socket.remoteAddress(),
            socket.remotePort()));
    socket.trafficClass(plan.trafficClass());
  }

  /** What to do when the other end has answered our greeting. */
  void onWelcome(Runnable action) {
    onWelcome = action;
  }

  /** Sends a number alone: a greeting or its answer. */
  static SendResult sendNumber(UdpSocket to, int number) {
    Frame frame = to.newDatagram();
    if (frame == null) {
      return SendResult.NO_FRAME;
    }
    Bytes.put32(frame.append(4), number);
    return to.sendFrame(frame);
  }

  @Override
  void start(long now) {
    running = true;
    if (sender) {
      if (pace != null) {
        pace.start(now);
      }
      send(now);
    }
  }

  @Override
  void send(long now) {
    for (int i = 0; i < BURST && !blocked; i++) {
      if (shareIsSent()) {
        finish(now);
        return;
      }
      if (pace != null && !pace.take(now)) {
        shard.wheel().schedule(this, pace.next());
        return;
      }
      if (!sendOne(now)) {
        break;
      }
    }
    if (!blocked) {
      shard.wheel().schedule(this, now); // the next duty cycle
    }
  }

  private boolean sendOne(long now) {
    Frame frame = socket.newDatagram();
    if (frame == null) {
      return false;
    }
    number++;
    long header = frame.append(headerSize);
    Bytes.put32(header, (int) (now / SECOND));
    Bytes.put32(header + 4, (int) (now % SECOND / MICRO));
    if (plan.longCounters()) {
      Bytes.put64(header + 8, number);
    } else {
      Bytes.put32(header + 8, (int) number);
    }
    int rest = plan.blockSize() - headerSize;
    if (rest != 0) {
      frame.tail(payload.buffer(), payload.buffer().address() + payload.next(), rest);
    }
    SendResult result = socket.sendFrame(frame);
    if (result == SendResult.SENT) {
      packets++;
      bytes += plan.blockSize();
      return true;
    }
    // Its number goes to the next one: what the other end misses was lost on the way.
    number--;
    blocked = result == SendResult.WOULD_BLOCK;
    return false;
  }

  @Override
  public void onWritable(UdpSocket s) {
    blocked = false;
    if (running && sender) {
      send(shard.clock().now());
    }
  }

  @Override
  public void onDatagram(UdpSocket s, Frame data, long hi, long lo, int port) {
    if (onWelcome != null) {
      Runnable action = onWelcome;
      onWelcome = null;
      action.run();
      return;
    }
    if (!running || sender || data.length() < headerSize) {
      return;
    }
    long header = data.address();
    long sent = Bytes.u32(header) * SECOND + Bytes.u32(header + 4) * MICRO;
    arrivals.add(
        plan.longCounters() ? Bytes.i64(header + 8) : Bytes.u32(header + 8),
        sent,
        shard.clock().now());
    bytes += data.length();
    packets = arrivals.expected();
  }

  @Override
  void restart() {
    super.restart();
    arrivals.restart();
  }

  @Override
  boolean hasArrived() {
    return true;
  }

  @Override
  void close() {
    stop();
    socket.close();
  }

  @Override
  long lost() {
    return arrivals.lost();
  }

  @Override
  long outOfOrder() {
    return arrivals.outOfOrder();
  }

  @Override
  long jitterNanos() {
    return arrivals.jitterNanos();
  }
}
