package io.millrace.testkit;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * An Ethernet segment in memory that joins two or more ends: ports of stacks, and {@link Station
 * stations}. A frame goes to the end with its destination address, or else to all but its sender,
 * after the delay and with the faults of its {@link LinkConfig}, the same for the same seed.
 *
 * <p>Allocates nothing once as many frames were under way as ever will be (unless a tap or a
 * station listens). <b>Thread:</b> the test's.
 */
public final class SimulatedLink {
  private static final int ETHERNET = Ethernet.HEADER_SIZE + Ethernet.VLAN_TAG_SIZE;

  private final VirtualClock clock;
  private final SplittableRandom random;
  private final List<End> ends = new ArrayList<>();
  private final List<FrameTap> taps = new ArrayList<>();
  private final Deque<InFlight> free = new ArrayDeque<>();
  private LinkConfig config;
  private long sequence;
  private long lost;

  /** Creates a link without ends. */
  public SimulatedLink(VirtualClock clock, LinkConfig config, long seed) {
    this.clock = clock;
    this.config = config;
    this.random = new SplittableRandom(seed);
  }

  /** Changes how frames are treated from now on. The MTU and offloads of ports stay as they are. */
  public void configure(LinkConfig newConfig) {
    config = newConfig;
  }

  /** What the link does to frames now. */
  public LinkConfig config() {
    return config;
  }

  /** A new end for a stack; its link address is 02:00:00:00:00:01 for the first, and so on. */
  public Port port() {
    return port(0x0200_0000_0001L + ends.size());
  }

  /** A new end for a stack, with a link address in the low 48 bits. */
  public Port port(long mac) {
    End end = new End(ends.size(), mac);
    ends.add(end);
    return end;
  }

  /** A new end for a test to write and read. */
  public Station station() {
    End end = (End) port();
    Station station = new Station(this, end);
    end.station = station;
    return station;
  }

  /** Shows every frame that is sent from now on to {@code tap}. */
  public void tap(FrameTap tap) {
    taps.add(tap);
  }

  /** Whether the end with this number is a station. */
  public boolean isStation(int number) {
    return ends.get(number).station != null;
  }

  /** Frames that were lost on purpose, by chance or because a queue was full. */
  public long lost() {
    return lost;
  }

  /** Frames that are under way. */
  public int inFlight() {
    return ends.stream().mapToInt(end -> end.arrivals.size()).sum();
  }

  /** When the next frame arrives anywhere; {@code Long.MAX_VALUE} if none is under way. */
  public long nextDeadline() {
    long earliest = Long.MAX_VALUE;
    for (End end : ends) {
      earliest = Math.min(earliest, end.nextDeadline());
    }
    return earliest;
  }

  /** Lets stations take what has arrived; returns how many frames. Called by the world. */
  int pollStations(long now) {
    int n = 0;
    for (End end : ends) {
      if (end.station != null) {
        n += end.station.poll(now);
      }
    }
    return n;
  }

  // ---- the way of a frame ----

  void send(End from, byte[] frame) {
    InFlight copy = take(frame.length);
    System.arraycopy(frame, 0, copy.data, 0, frame.length);
    send(from, copy);
  }

  private void send(End from, Frame frame) {
    InFlight copy = take(frame.totalLength());
    Bytes.copyOut(frame.address(), copy.data, 0, frame.length());
    if (frame.tailLength() != 0) {
      Bytes.copyOut(frame.tailAddress(), copy.data, frame.length(), frame.tailLength());
    }
    send(from, copy);
  }

  private void send(End from, InFlight frame) {
    long now = clock.getAsLong();
    if (!taps.isEmpty()) {
      byte[] shown = java.util.Arrays.copyOf(frame.data, frame.length);
      for (int i = 0; i < taps.size(); i++) {
        taps.get(i).onFrame(from.number, shown, now);
      }
    }
    long sent = from.transmitted(frame.length, now);
    if (sent < 0 || happens(config.loss())) {
      lost++;
      free.push(frame);
      return;
    }
    long arrival = sent + config.delayNanos();
    if (happens(config.reorder())) {
      arrival += config.reorderNanos();
    }
    if (happens(config.corrupt())) {
      int bit = random.nextInt(Ethernet.HEADER_SIZE * 8, frame.length * 8);
      frame.data[bit >> 3] ^= (byte) (1 << (bit & 7));
    }
    if (happens(config.duplicate())) {
      deliver(from, copy(frame), arrival);
    }
    deliver(from, frame, arrival);
  }

  private boolean happens(double part) {
    return part > 0 && random.nextDouble() < part;
  }

  private void deliver(End from, InFlight frame, long arrival) {
    frame.arrival = arrival;
    frame.sequence = sequence++;
    long destination = frame.destination();
    End only = null;
    for (int i = 0; i < ends.size(); i++) {
      End end = ends.get(i);
      if (end != from && (end.mac == destination || ends.size() == 2)) {
        only = end;
      }
    }
    if (only != null) {
      only.arrivals.add(frame);
      return;
    }
    for (End end : ends) {
      if (end != from) {
        InFlight copy = copy(frame);
        copy.arrival = arrival;
        copy.sequence = frame.sequence;
        end.arrivals.add(copy);
      }
    }
    free.push(frame);
  }

  private InFlight copy(InFlight frame) {
    InFlight copy = take(frame.length);
    System.arraycopy(frame.data, 0, copy.data, 0, frame.length);
    return copy;
  }

  private InFlight take(int length) {
    InFlight frame = free.poll();
    if (frame == null) {
      frame = new InFlight();
    }
    if (frame.data.length < length) {
      frame.data = new byte[Math.max(length, 2048)];
    }
    frame.length = length;
    return frame;
  }

  /** A frame between two ends. */
  private static final class InFlight {
    private static final Comparator<InFlight> ORDER =
        (a, b) ->
            a.arrival == b.arrival
                ? Long.compare(a.sequence, b.sequence)
                : Long.compare(a.arrival, b.arrival);

    byte[] data = {};
    int length;
    long arrival;
    long sequence;

    long destination() {
      long mac = 0;
      for (int i = 0; i < 6; i++) {
        mac = mac << 8 | (data[i] & 0xff);
      }
      return mac;
    }
  }

  /** One end of the link: a port with one queue, or what a station speaks through. */
  final class End implements Port, PortQueue {
    private final int number;
    private final long mac;
    private final int mtu = config.mtu();
    private final int offloads = config.offloads();
    private final PriorityQueue<InFlight> arrivals = new PriorityQueue<>(64, InFlight.ORDER);
    private FramePool pool;
    private Station station;
    private long busyUntil;
    private long dropped;
    private boolean closed;

    End(int number, long mac) {
      this.number = number;
      this.mac = mac;
    }

    long mac() {
      return mac;
    }

    /** When a frame that is sent now has left, or -1 if the queue has no room for it. */
    private long transmitted(int length, long now) {
      long rate = config.bitsPerSecond();
      if (rate == 0) {
        return now;
      }
      long start = Math.max(now, busyUntil);
      double waiting = (double) (start - now) * rate / 8e9;
      if (waiting + length > config.queueBytes()) {
        return -1;
      }
      busyUntil = start + Math.round(length * 8e9 / rate);
      return busyUntil;
    }

    /** The next frame that has arrived by now, or null. */
    byte[] take(long now) {
      InFlight frame = arrivals.peek();
      if (frame == null || frame.arrival > now) {
        return null;
      }
      arrivals.poll();
      byte[] bytes = java.util.Arrays.copyOf(frame.data, frame.length);
      free.push(frame);
      return bytes;
    }

    @Override
    public PortInfo info() {
      return new PortInfo("sim" + number, mac, mtu, 1, offloads);
    }

    @Override
    public PortQueue queue(int index, FramePool newPool) {
      pool = newPool;
      return this;
    }

    @Override
    public void close() {
      closed = true;
    }

    @Override
    public int rxBurst(Frame[] out, int max, long now) {
      int n = 0;
      while (n < max) {
        InFlight next = arrivals.peek();
        if (next == null || next.arrival > now) {
          break;
        }
        arrivals.poll();
        Frame frame = allocate(next.length);
        if (frame == null) {
          dropped++;
        } else {
          Bytes.copyIn(next.data, 0, frame.append(next.length), next.length);
          frame.receiveTime(now);
          out[n++] = frame;
        }
        free.push(next);
      }
      return n;
    }

    private Frame allocate(int length) {
      return length <= pool.frameSize() - FramePool.HEADROOM
          ? pool.allocate()
          : pool.allocateLarge();
    }

    @Override
    public int txBurst(Frame[] frames, int from, int to) {
      for (int i = from; i < to; i++) {
        Frame frame = frames[i];
        if (frame.totalLength() > mtu + ETHERNET) {
          throw new AssertionError(
              "a frame of " + frame.totalLength() + " bytes was sent over a link of MTU " + mtu);
        }
        if (frame.has(Frame.CHECKSUM_PARTIAL)) {
          sum(frame);
        }
        if (!closed) {
          send(this, frame);
        }
        frame.release();
      }
      return to - from;
    }

    private void sum(Frame frame) {
      if ((offloads & PortInfo.TX_CHECKSUM) == 0) {
        throw new AssertionError("checksum offload was asked of a port that does not offer it");
      }
      long from = frame.checksumAddress();
      long sum = Checksum.add(0, from, (int) (frame.address() + frame.length() - from));
      if (frame.tailLength() != 0) {
        long tail = Checksum.add(0, frame.tailAddress(), frame.tailLength());
        boolean odd = ((frame.address() + frame.length() - from) & 1) != 0;
        sum += odd ? Short.reverseBytes((short) Checksum.fold(tail)) & 0xffff : tail;
      }
      int checksum = Checksum.finish(sum);
      Bytes.put16(from + frame.checksumOffset(), checksum == 0 ? 0xffff : checksum);
    }

    @Override
    public void flush() {}

    @Override
    public int reclaim(int max) {
      return 0;
    }

    @Override
    public int fd() {
      return -1;
    }

    @Override
    public long nextDeadline() {
      InFlight next = arrivals.peek();
      return next == null ? Long.MAX_VALUE : next.arrival;
    }

    @Override
    public long takeReceiveDrops() {
      long n = dropped;
      dropped = 0;
      return n;
    }
  }
}
