package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.cc.CongestionAlgorithm;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * One stack, and a test that plays its peer segment by segment. Sequence numbers are relative: 0 is
 * each side's SYN, 1 its first byte.
 *
 * <pre>{@code
 * try (TcpWire wire = TcpWire.server()) {
 *   wire.in("S").seq(0).mss(1460).arrives();
 *   wire.out("SA").seq(0).ack(1);
 *   wire.silence();
 * }
 * }</pre>
 *
 * <p>On closing, everything is aborted and no frame may be missing.
 */
final class TcpWire implements AutoCloseable {
  /** The default configuration, with the congestion control whose windows are whole segments. */
  static final TcpConfig NEW_RENO =
      TcpConfig.defaults().with().congestion(CongestionAlgorithm.NEW_RENO).build();

  static final String US = "10.0.0.1";
  static final String PEER = "10.0.0.2";
  static final int MSS = 1460;

  final World world = new World(1);
  final NetStack stack;
  final Tcp tcp;
  final SimulatedLink link;
  final Station station;

  /** What the application was told, in order. */
  final List<String> events = new ArrayList<>();

  /** The bytes that the application has received. */
  final List<Byte> received = new ArrayList<>();

  /** The latest connection. */
  TcpConnection connection;

  TcpListener listener;

  /** Runs inside of the handler method with this name: connected, data, writable, ... */
  String hookAt = "";

  Consumer<TcpConnection> hook = c -> {};

  /** Receives the data itself if it is set. */
  Consumer<Buffer> onData = data -> {};

  int ourPort = 80;
  int peerPort = 5000;

  /** The peer's initial number; ours is learnt from our SYN. */
  long peerIss = 0xffff_f000L;

  long ourIss;

  /** Options of the peer, sent when they are agreed on. */
  boolean sack;

  boolean timestamps;
  boolean scaling;

  /** The clock of the peer's timestamps, and the latest of ours. */
  long peerClock = 1_000;

  long ourTimestamp;
  int peerWindow = 65_535;

  /** For tests that keep them: what both sides expect next. */
  long rcvNxt = 1;

  long sndNxt = 1;

  private final int frames;
  private final List<Decoded> sent = new ArrayList<>();

  private TcpWire(TcpConfig config, LinkConfig linkConfig) {
    world.clock().advance(Duration.ofSeconds(1));
    link = world.link(linkConfig);
    stack = world.stack(world.builder(link.port(), US + "/24").with(config));
    station = link.station();
    tcp = Tcp.of(stack.shard(0));
    frames = stack.shard(0).pool().available();
  }

  // ---- how it begins ----

  /** A stack that listens on port 80. */
  static TcpWire server(TcpConfig config) {
    TcpWire wire = new TcpWire(config, LinkConfig.perfect());
    wire.listener = wire.tcp.listen(null, 80, wire::accept, 2);
    return wire;
  }

  static TcpWire server() {
    return server(NEW_RENO);
  }

  /** A stack that has been told to connect, and has sent its SYN. */
  static TcpWire client(TcpConfig config) {
    TcpWire wire = new TcpWire(config, LinkConfig.perfect());
    wire.connect();
    return wire;
  }

  static TcpWire client() {
    return client(NEW_RENO);
  }

  /** A stack on a link, without a listener. */
  static TcpWire idle(TcpConfig config, LinkConfig link) {
    return new TcpWire(config, link);
  }

  /** Connects to the peer's port 80; the SYN is still to be taken. */
  void connect() {
    ourPort = 40_000;
    peerPort = 80;
    connection = tcp.connect(null, ourPort, IpAddress.parse(PEER), peerPort, new Recorder());
    world.settle();
  }

  /** A server with an established connection. */
  static TcpWire open(TcpConfig config) {
    return server(config).handshake();
  }

  static TcpWire open() {
    return open(NEW_RENO);
  }

  /** The peer's options, before {@link #handshake}. */
  TcpWire withSack() {
    sack = true;
    return this;
  }

  TcpWire withTimestamps() {
    timestamps = true;
    return this;
  }

  TcpWire withScaling() {
    scaling = true;
    return this;
  }

  /** The peer opens; nothing is left to be taken. */
  TcpWire handshake() {
    syn().arrives();
    out("SA").seq(0).ack(1);
    in("A").seq(1).ack(1).arrives();
    assertThat(events).contains("connected");
    silence();
    events.clear();
    return this;
  }

  /** A SYN of the peer with its options. */
  In syn() {
    In syn = in("S").seq(0).mss(MSS);
    if (sack) {
      syn.option(TcpOption.sackPermitted());
    }
    if (scaling) {
      syn.option(TcpOption.windowScale(7));
    }
    return syn;
  }

  /** Answers the SYN that we have sent; our ACK is taken too. */
  TcpWire accepted() {
    out("S").seq(0);
    synAck().arrives();
    out("A").seq(1).ack(1);
    silence();
    return this;
  }

  In synAck() {
    In in = in("SA").seq(0).ack(1).mss(MSS);
    if (sack) {
      in.option(TcpOption.sackPermitted());
    }
    if (scaling) {
      in.option(TcpOption.windowScale(7));
    }
    return in;
  }

  private TcpHandler accept(TcpConnection c) {
    connection = c;
    return new Recorder();
  }

  // ---- segments in ----

  /** A segment of the peer. */
  In in(String flags) {
    return new In(flags);
  }

  /** {@code length} bytes of the peer's stream at {@code seq}, acknowledging {@code ack}. */
  void data(long seq, int length, long ack) {
    in("A").seq(seq).ack(ack).length(length).arrives();
  }

  /** A pure acknowledgment. */
  void ack(long seq, long ack) {
    in("A").seq(seq).ack(ack).arrives();
  }

  /** The byte at a position of the peer's stream. */
  static byte at(long position) {
    return Peer.at(position, 3);
  }

  final class In {
    private final PacketBuilder packet =
        PacketBuilder.tcp()
            .ethernet(station.mac(), 0x0200_0000_0001L)
            .from(PEER, peerPort)
            .to(US, ourPort);
    private final List<TcpOption> options = new ArrayList<>();
    private boolean stamped = timestamps;
    private long seq;
    private int length;

    private In(String flags) {
      packet.flags(flags).window(peerWindow);
    }

    In seq(long relative) {
      seq = relative;
      packet.seq(peerIss + relative);
      return this;
    }

    In ack(long relative) {
      packet.ack(ourIss + relative);
      return this;
    }

    In length(int bytes) {
      length = bytes;
      return this;
    }

    In window(int field) {
      packet.window(field);
      return this;
    }

    In mss(int bytes) {
      return option(TcpOption.mss(bytes));
    }

    In option(TcpOption option) {
      options.add(option);
      return this;
    }

    /** SACK blocks in relative numbers. */
    In sack(long... edges) {
      return option(TcpOption.sack(Arrays.stream(edges).map(each -> each + ourIss).toArray()));
    }

    In timestamp(long value, long echo) {
      stamped = false;
      return option(TcpOption.timestamps(value, echo));
    }

    In unstamped() {
      stamped = false;
      return this;
    }

    In urgent(int pointer) {
      packet.flags("U").urgent(pointer);
      return this;
    }

    /** Puts it on the link without letting the stack run. */
    void isSent() {
      if (stamped) {
        options.add(TcpOption.nop());
        options.add(TcpOption.nop());
        options.add(TcpOption.timestamps(peerClock, ourTimestamp));
      }
      byte[] payload = new byte[length];
      for (int i = 0; i < length; i++) {
        payload[i] = at(seq + i);
      }
      station.send(packet.options(options).payload(payload).bytes());
    }

    void arrives() {
      isSent();
      world.settle();
    }
  }

  // ---- segments out ----

  private Decoded poll() {
    sent.addAll(station.drain());
    return sent.isEmpty() ? null : sent.removeFirst();
  }

  /** Takes the next segment, which must have exactly these flags. */
  Out out(String flags) {
    Decoded segment = poll();
    if (segment == null) {
      throw new AssertionError("nothing was sent, expected " + flags);
    }
    if (segment.hasFlag('S')) {
      ourIss = segment.seq();
    }
    Out out = new Out(segment);
    TcpOption stamp = segment.option(TcpOption.TIMESTAMPS);
    if (stamp != null) {
      ourTimestamp = stamp.word(0);
    }
    assertThat(sorted(segment.flags())).as(out.toString()).isEqualTo(sorted(flags));
    return out;
  }

  private static String sorted(String letters) {
    char[] all = letters.toCharArray();
    Arrays.sort(all);
    return new String(all);
  }

  /** A segment with data, pushed or not. */
  Out outData(long seq, int length) {
    Decoded segment = poll();
    if (segment == null) {
      throw new AssertionError("nothing was sent, expected " + length + " bytes at " + seq);
    }
    Out out = new Out(segment);
    TcpOption stamp = segment.option(TcpOption.TIMESTAMPS);
    if (stamp != null) {
      ourTimestamp = stamp.word(0);
    }
    return out.seq(seq).length(length);
  }

  /** The next segment, or null. */
  Out maybeOut() {
    Decoded segment = poll();
    return segment == null ? null : new Out(segment);
  }

  /** Nothing is waiting to be taken. */
  void silence() {
    Decoded segment = poll();
    if (segment != null) {
      throw new AssertionError("expected silence, but there is " + new Out(segment));
    }
  }

  /** Drops segments until one has exactly these flags, which is taken. */
  Out skipTo(String flags) {
    Out out = maybeOut();
    while (out != null && !sorted(out.segment.flags()).equals(sorted(flags))) {
      out = maybeOut();
    }
    if (out == null) {
      throw new AssertionError("nothing was sent with " + flags);
    }
    TcpOption stamp = out.segment.option(TcpOption.TIMESTAMPS);
    if (stamp != null) {
      ourTimestamp = stamp.word(0);
    }
    return out;
  }

  /** Drops whatever was sent and returns how many segments it was. */
  int skip() {
    int n = 0;
    while (poll() != null) {
      n++;
    }
    return n;
  }

  /** Drops the next segment; false if there is none. */
  boolean skipOne() {
    return poll() != null;
  }

  final class Out {
    private final Decoded segment;

    private Out(Decoded segment) {
      this.segment = segment;
    }

    Out seq(long relative) {
      assertThat(segment.seq() - ourIss & 0xffff_ffffL)
          .as("seq of " + this)
          .isEqualTo(relative & 0xffff_ffffL);
      return this;
    }

    Out ack(long relative) {
      assertThat(segment.ack() - peerIss & 0xffff_ffffL)
          .as("ack of " + this)
          .isEqualTo(relative & 0xffff_ffffL);
      return this;
    }

    int destinationPort() {
      return segment.destinationPort();
    }

    int relativeSeq() {
      return (int) (segment.seq() - ourIss);
    }

    /** The numbers as they are on the wire. */
    Out rawSeq(long number) {
      assertThat(segment.seq()).as(toString()).isEqualTo(number & 0xffff_ffffL);
      return this;
    }

    Out rawAck(long number) {
      assertThat(segment.ack()).as(toString()).isEqualTo(number & 0xffff_ffffL);
      return this;
    }

    Out length(int bytes) {
      assertThat(segment.payload().length).as("length of " + this).isEqualTo(bytes);
      return this;
    }

    Out window(int field) {
      assertThat(segment.window()).as(toString()).isEqualTo(field);
      return this;
    }

    int window() {
      return segment.window();
    }

    Out has(TcpOption option) {
      assertThat(segment.options()).as(toString()).contains(option);
      return this;
    }

    Out hasNo(int kind) {
      assertThat(segment.option(kind)).as(toString()).isNull();
      return this;
    }

    /** Exactly these SACK blocks in this order, in relative numbers; none for none. */
    Out sack(long... edges) {
      TcpOption option = segment.option(TcpOption.SACK);
      long[] blocks = new long[option == null ? 0 : option.body().length / 4];
      for (int i = 0; i < blocks.length; i++) {
        blocks[i] = option.word(i) - peerIss & 0xffff_ffffL;
      }
      assertThat(blocks).as("SACK blocks of " + this).containsExactly(edges);
      return this;
    }

    /** The timestamp that is echoed. */
    Out echoes(long value) {
      assertThat(segment.option(TcpOption.TIMESTAMPS)).as(toString()).isNotNull();
      assertThat(segment.option(TcpOption.TIMESTAMPS).word(1)).as(toString()).isEqualTo(value);
      return this;
    }

    Out pushed(boolean expected) {
      assertThat(segment.hasFlag('P')).as("PSH of " + this).isEqualTo(expected);
      return this;
    }

    Out finished(boolean expected) {
      assertThat(segment.hasFlag('F')).as("FIN of " + this).isEqualTo(expected);
      return this;
    }

    Decoded decoded() {
      return segment;
    }

    @Override
    public String toString() {
      return segment
          + " (relative: seq "
          + (int) (segment.seq() - ourIss)
          + ", ack "
          + (int) (segment.ack() - peerIss)
          + ")";
    }
  }

  // ---- time and state ----

  void after(Duration duration) {
    world.run(duration);
  }

  void afterMillis(long millis) {
    world.run(Duration.ofMillis(millis));
  }

  TcpState state() {
    return connection.state();
  }

  long dropped(DropReason reason) {
    return stack.shard(0).counters().get(reason);
  }

  long count(Counter counter) {
    return stack.shard(0).counters().get(counter);
  }

  /** Sends {@code length} bytes of the application's. */
  boolean send(int length) {
    boolean more = connection.send(new byte[length], 0, length);
    world.settle();
    return more;
  }

  void close(TcpConnection c) {
    c.close();
    world.settle();
  }

  /** An ICMP error about the segment of ours with this relative number. */
  void icmp(IcmpError error, int mtu, long seq) {
    IpAddress us = IpAddress.parse(US);
    IpAddress peer = IpAddress.parse(PEER);
    try (Arena arena = Arena.ofConfined()) {
      long quoted = arena.allocate(8).address();
      Bytes.put32(quoted, ourPort << 16 | peerPort);
      Bytes.put32(quoted + 4, (int) (ourIss + seq));
      tcp.icmpError(error, mtu, us.hi(), us.lo(), peer.hi(), peer.lo(), quoted, 8, world.now());
    }
    world.settle();
  }

  /** What the application has received is the peer's stream from 1 to {@code end}. */
  void receivedUpTo(long end) {
    assertThat(received).hasSize((int) (end - 1));
    for (int i = 0; i < received.size(); i++) {
      assertThat(received.get(i)).as("byte " + i).isEqualTo(at(i + 1L));
    }
  }

  @Override
  public void close() {
    hook = c -> {};
    hookAt = "";
    if (connection != null) {
      connection.resumeReading();
      connection.abort();
    }
    world.settle();
    assertThat(stack.shard(0).pool().available()).as("frames").isEqualTo(frames);
    world.close();
  }

  /** Writes down what the application is told. Does not close when the peer does. */
  final class Recorder implements TcpHandler {
    private void told(String event, TcpConnection c) {
      events.add(event);
      if (event.startsWith(hookAt) && !hookAt.isEmpty()) {
        hook.accept(c);
      }
    }

    @Override
    public void onConnected(TcpConnection c) {
      told("connected", c);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      for (byte each : data.toByteArray()) {
        received.add(each);
      }
      onData.accept(data);
      told("data " + data.length(), c);
    }

    @Override
    public void onWritable(TcpConnection c) {
      told("writable", c);
    }

    @Override
    public void onPeerClosed(TcpConnection c) {
      told("peer closed", c);
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      told("closed " + reason, c);
    }
  }

  /** The latest connection's slow start threshold, which applications cannot see. */
  int slowStartThreshold() {
    return ((StackTcpConnection) connection).tcb.ssthresh();
  }
}
