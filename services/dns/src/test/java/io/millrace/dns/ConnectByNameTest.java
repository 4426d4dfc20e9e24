package io.millrace.dns;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.tcp.HostConnector;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link HostConnector} with names from a server (RFC 8305). */
class ConnectByNameTest {
  private static final int PORT = 7;

  private final NameSystem dns = new NameSystem();
  private final NetStack server = dns.world.stack(dns.link, "10.0.0.9/24");
  private final Client client = new Client();
  private int accepted;

  ConnectByNameTest() {
    Tcp.of(server.shard(0))
        .listen(
            null,
            PORT,
            c -> {
              accepted++;
              return new Greeter();
            },
            16);
    dns.world.settle();
  }

  /** Says hello and hangs up. */
  private static final class Greeter implements TcpHandler {
    @Override
    public void onConnected(TcpConnection connection) {
      connection.send("hello".getBytes(US_ASCII), 0, 5);
      connection.close();
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {}
  }

  /** Notes what it is told. */
  private static final class Client implements HostConnector.Result {
    final List<IpAddress> connected = new ArrayList<>();
    final List<IOException> failures = new ArrayList<>();
    final List<TcpCloseReason> ends = new ArrayList<>();
    String received = "";

    @Override
    public TcpHandler onConnected(TcpConnection connection) {
      connected.add(connection.remoteAddress());
      return new TcpHandler() {
        @Override
        public void onData(TcpConnection c, Buffer data) {
          received += new String(data.toByteArray(), US_ASCII);
        }

        @Override
        public void onClosed(TcpConnection c, TcpCloseReason reason) {
          ends.add(reason);
        }
      };
    }

    @Override
    public void onFailed(IOException reason) {
      failures.add(reason);
    }
  }

  private HostConnector connect(String host) {
    return HostConnector.connect(dns.shard(), host, PORT, client);
  }

  private void run(double seconds) {
    dns.world.run(Duration.ofMillis((long) (seconds * 1_000)));
  }

  @AfterEach
  void close() {
    dns.assertNothingLeft();
    dns.close();
  }

  @Test
  void theConnectionIsTheHandlersFromItsFirstByteOn() {
    dns.first.has("www.example.org. A 10.0.0.9");
    connect("www.example.org");
    run(60);

    assertThat(client.connected).containsExactly(IpAddress.parse("10.0.0.9"));
    assertThat(client.received).isEqualTo("hello");
    assertThat(client.ends).containsExactly(TcpCloseReason.NORMAL);
    assertThat(client.failures).isEmpty();
  }

  @Test
  void anAddressThatDoesNotAnswerCostsAQuarterOfASecond() {
    dns.first.has("www.example.org. A 10.0.0.77", "www.example.org. A 10.0.0.9");
    connect("www.example.org");
    run(0.24);
    assertThat(client.connected).isEmpty();
    run(0.06);
    assertThat(client.connected).containsExactly(IpAddress.parse("10.0.0.9"));
    assertThat(Tcp.of(dns.shard()).connectionCount()).as("the other is given up").isLessThan(2);
  }

  @Test
  void aHostWithoutARouteToIpv6ConnectsOverIpv4AtOnce() {
    dns.first.has("www.example.org. A 10.0.0.9").has("www.example.org. AAAA 2001:db8::1");
    connect("www.example.org");
    run(0.01);
    assertThat(client.connected).containsExactly(IpAddress.parse("10.0.0.9"));
  }

  @Test
  void ofSeveralThatAnswerOneIsTaken() {
    dns.world.stack(dns.link, "10.0.0.8/24");
    dns.first.has(
        "www.example.org. A 10.0.0.8", // refuses
        "www.example.org. A 10.0.0.9",
        "www.example.org. A 10.0.0.53");
    connect("www.example.org");
    run(5);
    assertThat(client.connected).containsExactly(IpAddress.parse("10.0.0.9"));
    assertThat(accepted).isEqualTo(1);
  }

  @Test
  void whereNoneAnswersTheFirstReasonIsTold() {
    dns.world.stack(dns.link, "10.0.0.8/24");
    dns.first.has("www.example.org. A 10.0.0.8").has("www.example.org. AAAA 2001:db8::1");
    connect("www.example.org");
    run(5);
    assertThat(client.failures).hasSize(1);
    assertThat(client.failures.get(0))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("refused");
  }

  @Test
  void anUnknownHostIsToldAsOne() {
    connect("nothing.example.org");
    run(5);
    assertThat(client.failures.get(0)).isInstanceOf(UnknownHostException.class);
  }

  @Test
  void aConnectorThatIsGivenUpTellsNothingAndLeavesNothing() {
    dns.first.has("www.example.org. A 10.0.0.77", "www.example.org. A 10.0.0.9");
    connect("www.example.org").cancel();
    HostConnector trying = connect("www.example.org");
    run(0.1);
    assertThat(Tcp.of(dns.shard()).connectionCount()).isEqualTo(1);
    trying.cancel();
    run(5);
    assertThat(client.connected).isEmpty();
    assertThat(client.failures).isEmpty();
    assertThat(accepted).isZero();
  }

  @Test
  void aLiteralIsConnectedToWithoutAskingAnybody() {
    connect("10.0.0.9");
    run(1);
    assertThat(client.connected).hasSize(1);
    assertThat(dns.first.asked).isEmpty();
  }
}
