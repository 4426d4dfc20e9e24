package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.time.ShardClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A path that drops full segments without a word (RFC 2923 §2.1): TCP finds out what it takes (RFC
 * 4821). Two stacks on a virtual clock.
 */
class BlackHoleTest {
  private static final long MILLISECOND = 1_000_000;
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final long BYTES = 3_000_000;
  private static int wires;

  private final Pattern pattern = new Pattern(11);
  private NetStack client;
  private NetStack server;
  private long now;
  private final StreamPeer receiver = new StreamPeer(pattern, pattern, 0);
  private final StreamPeer sender = new StreamPeer(pattern, pattern, BYTES);

  private void start(int mtu, int narrow, int timeouts) {
    String wire = "mem:hole-" + wires++ + ",ring=256,mtu=" + mtu;
    TcpConfig config = TcpConfig.defaults().with().blackHoleTimeouts(timeouts).build();
    client = stack(wire + ",delay=2ms,narrow=" + narrow, "10.0.0.1/24", config);
    server = stack(wire, SERVER + "/24", config);
    Tcp.listen(server, 7, c -> receiver);
    Tcp.of(client.shard(0)).connect(SERVER, 7, sender);
  }

  private NetStack stack(String port, String address, TcpConfig config) {
    return NetStack.builder()
        .driven(ShardClock.of(() -> now))
        .port(port, address)
        .with(config)
        .start();
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  /** Turns both stacks until the connection is over or the time is. */
  private void run(long nanos) {
    Shard a = client.shard(0);
    Shard b = server.shard(0);
    long end = now + nanos;
    while (now < end && !(sender.end().isDone() && receiver.end().isDone())) {
      if (a.step() + b.step() == 0) {
        long next = Math.min(a.nextDeadline(), b.nextDeadline());
        now = Math.max(now + 1_000, Math.min(next, end));
      } else {
        now += 1_000;
      }
    }
  }

  private long lost() {
    return client.dropped(DropReason.IMPAIRED_TOO_LONG);
  }

  @ParameterizedTest
  @ValueSource(ints = {1_300, 1_420, 1_480, 1_492})
  void whatThePathTakesIsFoundAndAllBytesArrive(int path) {
    start(1_500, path, 3);
    run(60_000 * MILLISECOND);
    assertThat(receiver.end().join().reason()).isEqualTo(TcpCloseReason.NORMAL);
    assertThat(receiver.end().join().received()).isEqualTo(BYTES);
    assertThat(receiver.end().join().firstWrong()).isEqualTo(-1);
    // Timeouts only until the hole is noticed: probes that are lost cost none.
    assertThat(client.count(Counter.TCP_TIMEOUTS)).isLessThanOrEqualTo(4);
    // Most of the transfer used segments larger than the base of 1,200 bytes.
    long segments = client.count(Counter.TCP_OUT_SEGS);
    assertThat(segments).isLessThan(BYTES / 1_148 + 100);
    assertThat(lost()).as("a first flight, its repetitions, and probes").isLessThan(60);
  }

  @Test
  void aPathWithoutAHoleIsNotSearched() {
    start(9_000, 9_000, 3);
    run(60_000 * MILLISECOND);
    assertThat(receiver.end().join().received()).isEqualTo(BYTES);
    assertThat(client.count(Counter.TCP_TIMEOUTS)).isZero();
    assertThat(lost()).isZero();
  }

  @Test
  void aPathThatTakesLessThanTheBaseIsServedWithTheLeast() {
    start(1_500, 700, 3);
    run(600_000 * MILLISECOND);
    assertThat(receiver.end().join().received()).isEqualTo(BYTES);
  }

  @Test
  void whoSwitchesItOffHangsAsEverybodyDidBefore() {
    start(1_500, 1_300, 0);
    run(60_000 * MILLISECOND);
    assertThat(sender.end()).isNotDone();
    assertThat(receiver.end()).isNotDone();
  }
}
