package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.netns.VethPair;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A transfer in both directions over AF_XDP, with two shards, while the link goes down and up,
 * changes its MTU, or is taken away: said in the log, and survived where that can be.
 */
@Order(47)
class XdpVanishingInteropTest {
  private static final int PORT = 7;
  private static final long SIZE = 40 << 20;
  private static final int BURST = 64;
  private static final int QUARTER = (int) SIZE / 4;

  private final Pattern ours = new Pattern(1);
  private final Pattern theirs = new Pattern(2);
  private final byte[] answer = ours.bytes(SIZE);
  private final Logger logger = Logger.getLogger("io.millrace.driver.afxdp");
  private final Sentences sentences = new Sentences();
  private final CompletableFuture<Holding> accepted = new CompletableFuture<>();
  private Lab lab;
  private Process nc;
  private InputStream received;

  /** What comes to the kernel from {@link #goOn} on. */
  private CompletableFuture<byte[]> left;

  private int frames;

  /** Keeps what the driver says. */
  private static final class Sentences extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();
    private final List<String> all = new CopyOnWriteArrayList<>();

    @Override
    public void publish(LogRecord entry) {
      all.add(formatter.formatMessage(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** Reads a quarter of what comes, and the rest when it is told to. */
  private static final class Holding implements TcpHandler {
    private final StreamPeer peer;
    private final CompletableFuture<Void> held = new CompletableFuture<>();
    private TcpConnection connection;
    private long count;
    private boolean free;

    Holding(StreamPeer peer) {
      this.peer = peer;
    }

    void goOn() {
      connection
          .shard()
          .execute(
              () -> {
                free = true;
                connection.resumeReading();
              });
    }

    @Override
    public void onConnected(TcpConnection c) {
      connection = c;
      peer.onConnected(c);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      peer.onData(c, data);
      count += data.length();
      if (count >= QUARTER && !free) {
        c.pauseReading();
        held.complete(null);
      }
    }

    @Override
    public void onWritable(TcpConnection c) {
      peer.onWritable(c);
    }

    @Override
    public void onPeerClosed(TcpConnection c) {
      peer.onPeerClosed(c);
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      peer.onClosed(c, reason);
    }
  }

  @BeforeEach
  void open() {
    Lab.assume("nc", "ip", "ethtool");
    logger.addHandler(sentences);
  }

  @AfterEach
  void close() {
    logger.removeHandler(sentences);
    if (lab != null) {
      lab.close();
    }
  }

  /** Both ends are in the middle then: each has read a quarter, and reads no more for now. */
  private Holding begin(TcpConfig config) throws IOException {
    lab = Lab.open(Link.XDP_TWO_QUEUES, config);
    frames = frames();
    Tcp.listen(
        lab.stack(),
        PORT,
        c -> {
          Holding holding = new Holding(new StreamPeer(ours, theirs, SIZE));
          accepted.complete(holding);
          return holding;
        });
    nc = lab.startWith(theirs.bytes(SIZE), "nc", "-N", Lab.STACK, "" + PORT);
    received = nc.getInputStream();
    assertThat(received.readNBytes(QUARTER)).isEqualTo(Arrays.copyOf(answer, QUARTER));
    Holding holding = Await.value("a connection", accepted);
    Await.value("a quarter of what comes", holding.held);
    return holding;
  }

  /** Both ends read again: there is data on its way in both directions then. */
  private void goOn(Holding holding) {
    left =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return received.readAllBytes();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    holding.goOn();
  }

  private void assertExactBytesBothWays(Holding holding) {
    byte[] rest = Await.value("the rest of what comes to the kernel", left);
    assertThat(Arrays.equals(rest, 0, rest.length, answer, QUARTER, answer.length))
        .as("what came to the kernel, %d bytes", rest.length)
        .isTrue();
    assertThat(Lab.exitCode(nc)).isZero();
    assertThat(Await.value("the end of the connection", holding.peer.end()))
        .isEqualTo(new StreamPeer.End(TcpCloseReason.NORMAL, SIZE, -1));
    assertNothingLeft();
  }

  private void assertNothingLeft() {
    assertNoConnectionLeft();
    Await.until("all frames back in the pools", () -> frames() == frames);
  }

  private void assertNoConnectionLeft() {
    for (int i = 0; i < 2; i++) {
      Shard shard = lab.stack().shard(i);
      Await.until(
          "no connection left", () -> Await.ask(shard, () -> Tcp.of(shard).connectionCount() == 0));
    }
    lab.assertNothingThrown();
  }

  private int frames() {
    int sum = 0;
    for (int i = 0; i < 2; i++) {
      Shard shard = lab.stack().shard(i);
      sum += Await.ask(shard, () -> shard.pool().available() + shard.pool().availableLarge());
    }
    return sum;
  }

  private void awaitSentence(String sentence) {
    Await.until(sentence, () -> sentences.all.contains(sentence));
  }

  private long retransmissions() {
    return lab.stack().count(Counter.TCP_RETRANS_SEGS);
  }

  private void awaitRetransmission(long before) {
    Await.until("a retransmission into the void", () -> retransmissions() > before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_transfer_both_ways_survives_that_an_end_goes_down_and_up_again(boolean stacksEnd)
      throws IOException {
    Holding holding = begin(TcpConfig.defaults());
    VethPair.End end = stacksEnd ? lab.veth().right() : lab.veth().left();
    end.up(false);
    awaitSentence(
        stacksEnd
            ? "mre1 has been switched off: nothing comes or goes until 'ip link set mre1 up'"
            : "mre1 has no link: the cable is out, or the other end is off");
    // What is sent now, and the windows that open, reach nobody.
    long before = retransmissions();
    goOn(holding);
    awaitRetransmission(before);
    end.up(true);
    awaitSentence(stacksEnd ? "mre1 has been switched on" : "mre1 has a link again");
    assertExactBytesBothWays(holding);
  }

  @Test
  void a_transfer_both_ways_survives_flap_after_flap() throws IOException {
    Holding holding = begin(TcpConfig.defaults());
    goOn(holding);
    for (int i = 0; i < 6; i++) {
      VethPair.End end = i % 2 == 0 ? lab.veth().right() : lab.veth().left();
      end.up(false);
      end.up(true);
    }
    assertExactBytesBothWays(holding);
  }

  @Test
  void a_transfer_both_ways_survives_other_mtus() throws IOException {
    Holding holding = begin(TcpConfig.defaults());
    lab.veth().mtu(1400);
    awaitSentence(
        "mre1 has an MTU of 1400 bytes now: the stack goes on with the one before; open the port"
            + " again to use it");
    long before = retransmissions();
    goOn(holding);
    // Full segments do not fit any more, and no router is there to say so.
    awaitRetransmission(before);
    lab.veth().mtu(3000);
    awaitSentence(
        "mre1 has an MTU of 3000 bytes now: the stack goes on with the one before; open the port"
            + " again to use it");
    assertExactBytesBothWays(holding);
  }

  @Test
  void a_peer_that_is_killed_leaves_nothing() throws IOException {
    Holding holding = begin(TcpConfig.defaults());
    Lab.kill(nc);
    holding.goOn();
    assertThat(Await.value("the end of the connection", holding.peer.end()).reason())
        .isEqualTo(TcpCloseReason.RESET);
    assertNothingLeft();
  }

  /** The cable is taken away, and does not come back. */
  @Test
  void a_peer_that_is_gone_without_a_word_times_out() throws IOException {
    // Gives up within seconds, not minutes.
    Holding holding = begin(TcpConfig.defaults().with().dataRetries(3).build());
    lab.veth().left().remove();
    awaitSentence(
        "mre1 is gone: nothing comes or goes any more; open the port again when it is back");
    holding.goOn();
    assertThat(Await.value("the end of the connection", holding.peer.end()).reason())
        .isEqualTo(TcpCloseReason.TIMED_OUT);
    assertNoConnectionLeft();
    // What was in the ring when the device went stays there until the port is closed.
    assertThat(frames - frames()).as("frames in the ring").isBetween(0, BURST);
  }
}
