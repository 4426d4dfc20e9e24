package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A client that connects as fast as it can to a server which closes first: every port is used again
 * while the server still has it in TIME-WAIT (RFC 6191, RFC 6056 §3.3.4).
 */
class TcpPortReuseTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");

  private final World world = new World(11).unchecked();
  private Shard client;
  private Shard server;
  private int done;
  private int failed;

  private void start(LinkConfig config) {
    world.clock().advance(Duration.ofSeconds(1));
    SimulatedLink link = world.link(config);
    NetStack clients = world.stack(link, "10.0.0.1/24");
    NetStack servers = world.stack(link, "10.0.0.2/24");
    client = clients.shard(0);
    server = servers.shard(0);
    Tcp.of(server)
        .listen(
            null,
            80,
            c ->
                (connection, data) -> {
                  connection.send(new byte[64], 0, 64);
                  connection.close();
                },
            1_000);
  }

  private void connect() {
    Tcp.of(client).connect(SERVER, 80, new Again());
  }

  private final class Again implements TcpHandler {
    @Override
    public void onConnected(TcpConnection c) {
      c.send(new byte[64], 0, 64);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {}

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      if (reason == TcpCloseReason.STACK_CLOSED) {
        return;
      }
      done++;
      if (reason != TcpCloseReason.NORMAL) {
        failed++;
      }
      connect();
    }
  }

  @Test
  void newerTimestampsLetEveryPortBeUsedAgain() {
    start(LinkConfig.perfect().withDelay(Duration.ofNanos(5_000)));
    for (int i = 0; i < 8; i++) {
      connect();
    }
    world.run(Duration.ofMillis(150));
    assertThat(done).isGreaterThan(2 * 16_384);
    assertThat(failed).isZero();
    assertThat(server.counters().get(DropReason.TCP_OUT_OF_WINDOW)).isZero();
    assertThat(client.counters().get(DropReason.TCP_BAD_ACK)).isZero();
    assertThat(client.counters().get(Counter.TCP_OUT_RSTS)).isZero();
    world.close();
  }

  @Test
  void aPortThatIsHeldDoesNotMakeTheNextOneComeTwice() {
    start(LinkConfig.perfect().withDelay(Duration.ofNanos(5_000)));
    // One connection that stays: its port is passed over each time around.
    Tcp.of(server).listen(null, 81, c -> (connection, data) -> {}, 10);
    for (int port = 49_152; port < 65_536; port += 1_000) {
      Tcp.of(client).connect(null, port, SERVER, 80, (connection, data) -> {});
    }
    connect();
    world.run(Duration.ofMillis(500));
    assertThat(done).isGreaterThan(16_384);
    assertThat(client.counters().get(DropReason.TCP_BAD_ACK)).isZero();
    assertThat(server.counters().get(DropReason.TCP_OUT_OF_WINDOW)).isZero();
    world.close();
  }
}
