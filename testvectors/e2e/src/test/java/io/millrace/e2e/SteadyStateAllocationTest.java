package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.Allocations;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Once warm, the thread that runs the stacks allocates nothing on the heap: not a byte in a million
 * packets, applications on both sides included.
 */
@ParameterizedClass
@ValueSource(booleans = {false, true})
class SteadyStateAllocationTest {
  private static final int PORT = 7;
  private static final int WARM_UP = 150_000;
  private static final int PACKETS = 1_000_000;
  private static final int ROUNDS = 3;

  @Parameter boolean ipv6;

  private final TwoStacks stacks = new TwoStacks();
  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    stacks.close();
    arena.close();
  }

  private IpAddress server() {
    return ipv6 ? TwoStacks.SERVER_IPV6 : TwoStacks.SERVER;
  }

  private WrappedBuffer buffer(int size) {
    return WrappedBuffer.of(arena.allocate(size).fill((byte) 0x5a));
  }

  /**
   * The compiler throws code away and returns to the interpreter when a rare branch is taken for
   * the first time, and objects that it had optimised away come into being then. That stops by
   * itself; an allocation per packet, or per thousand packets, does not.
   */
  private void assertNothingAllocated() {
    stacks.exchange(WARM_UP);
    long least = Long.MAX_VALUE;
    for (int i = 0; i < ROUNDS && least != 0; i++) {
      least = Math.min(least, Allocations.measure(() -> stacks.exchange(PACKETS)));
    }
    assertThat(least).as("bytes allocated in %,d packets", PACKETS).isZero();
    assertThat(stacks.client().counters().get(Counter.EXCEPTIONS)).isZero();
    assertThat(stacks.server().counters().get(Counter.EXCEPTIONS)).isZero();
  }

  @Test
  void tcp_in_bulk() {
    Tcp.of(stacks.server()).listen(null, PORT, c -> new Sink(), 16);
    Tcp.of(stacks.client()).connect(server(), PORT, new Source(buffer(1 << 20)));
    assertNothingAllocated();
  }

  @Test
  void tcp_requests_and_responses() {
    WrappedBuffer message = buffer(64);
    Tcp.of(stacks.server()).listen(null, PORT, c -> new Responder(message), 16);
    for (int i = 0; i < 16; i++) {
      Tcp.of(stacks.client()).connect(server(), PORT, new Responder(message));
    }
    assertNothingAllocated();
  }

  @Test
  void udp_echo() {
    Udp.of(stacks.server()).bind(PORT, new Echo());
    UdpSocket socket = Udp.of(stacks.client()).bind(0, new Echo());
    WrappedBuffer message = buffer(64);
    for (int i = 0; i < 4; i++) {
      socket.sendTo(server().hi(), server().lo(), PORT, message);
    }
    assertNothingAllocated();
  }

  private record Source(WrappedBuffer data) implements TcpHandler {
    @Override
    public void onConnected(TcpConnection c) {
      onWritable(c);
    }

    @Override
    public void onWritable(TcpConnection c) {
      while (c.send(data)) {
        // until the queue is full
      }
    }

    @Override
    public void onData(TcpConnection c, Buffer received) {}
  }

  private static final class Sink implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {}
  }

  /** Answers a message with a message; the one that connects begins. */
  private record Responder(WrappedBuffer message) implements TcpHandler {
    @Override
    public void onConnected(TcpConnection c) {
      if (c.remotePort() == PORT) {
        c.send(message);
      }
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(message);
    }
  }

  private static final class Echo implements UdpHandler {
    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      socket.sendTo(hi, lo, port, data);
    }
  }
}
