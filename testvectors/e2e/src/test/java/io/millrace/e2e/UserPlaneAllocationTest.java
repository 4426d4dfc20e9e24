package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.apps.example.UserPlane;
import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpRoute;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.Allocations;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.time.ShardClock;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpTunnel;
import io.millrace.udp.UdpTunnelConfig;
import io.millrace.udp.tunnel.GtpU;
import io.millrace.udp.tunnel.PduSession;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A user's packets go round and round: radio, user plane, server, and back. Once warm, none of the
 * three stacks allocates a byte, and in each a packet stays in the frame that it came in.
 */
class UserPlaneAllocationTest {
  private static final IpAddress USER = IpAddress.parse("10.45.0.7");
  private static final IpAddress RADIO = IpAddress.parse("10.3.0.2");
  private static final IpAddress ACCESS = IpAddress.parse("10.3.0.1");
  private static final IpAddress SERVER = IpAddress.parse("10.6.0.9");
  private static final int PACKETS = 32;
  private static final int WARM_UP = 200_000;
  private static final int ROUND_TRIPS = 500_000;
  private static final int ROUNDS = 3;

  private long now;
  private final NetStack radio = builder("n3", RADIO + "/24").start();
  private final NetStack server =
      builder("n6", SERVER + "/24").route("10.45.0.0/16", "10.6.0.1").start();
  private final NetStack router =
      builder("n3", ACCESS + "/24")
          .port("mem:upf-n6", "10.6.0.1/24")
          .route(new IpRoute(IpPrefix.parse("10.45.0.0/16"), null, 0, 0, null))
          .with(ForwardingConfig.defaults())
          .start();
  private final Radio handler = new Radio(radio.shard(0));

  private NetStack.Builder builder(String wire, String address) {
    return NetStack.builder().driven(ShardClock.of(() -> now)).port("mem:upf-" + wire, address);
  }

  @AfterEach
  void close() {
    radio.close();
    router.close();
    server.close();
  }

  private void turn() {
    now += 1_000;
    radio.shard(0).step();
    router.shard(0).step();
    server.shard(0).step();
  }

  private void exchange(long n) {
    long end = handler.received + n;
    long idle = 0;
    for (long last = handler.received; last < end; ) {
      turn();
      idle = handler.received == last ? idle + 1 : 0;
      if (idle == 1_000_000) {
        throw new AssertionError("nothing comes back any more");
      }
      last = handler.received;
    }
  }

  @Test
  void nothing_is_allocated_on_the_way_through_the_tunnel_and_back() {
    Shard shard = router.shard(0);
    UserPlane plane = new UserPlane(shard, shard.networkInterface(0));
    handler.teid = plane.open(USER, RADIO, 0x77, 9);
    Udp.of(server.shard(0)).bind(7, new Echo());
    for (int i = 0; i < PACKETS; i++) {
      handler.first();
      exchange(1); // the first ones wait for link addresses, where few may wait
    }
    exchange(WARM_UP);
    long least = Long.MAX_VALUE;
    double best = 0;
    for (int i = 0; i < ROUNDS && least != 0; i++) {
      long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      least = Math.min(least, Allocations.measure(() -> exchange(ROUND_TRIPS)));
      long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
      best = Math.max(best, ROUND_TRIPS * 1e3 / nanos);
    }
    System.out.printf(
        Locale.ROOT,
        "%-46s %10.2f %-7s %s%n",
        "GTP-U in, forward, UDP echo and back, 64 B",
        best,
        "M/s",
        "round trips; radio, user plane and server on one thread");
    assertThat(least).as("bytes allocated in %,d round trips", ROUND_TRIPS).isZero();
    assertThat(router.count(Counter.EXCEPTIONS)).isZero();
    assertThat(router.count(Counter.IP_OUT_FORW_DATAGRAMS))
        .as("each packet was forwarded twice on each round trip")
        .isGreaterThanOrEqualTo(2 * handler.received);
  }

  /** A radio that sends each packet that comes for its user back, as the user would. */
  private static final class Radio implements UdpHandler {
    private final Shard shard;
    private final UdpTunnel tunnel;
    private long received;
    private int teid;

    Radio(Shard shard) {
      this.shard = shard;
      this.tunnel = UdpTunnel.to(shard, ACCESS, GtpU.PORT, UdpTunnelConfig.defaults());
      Udp.of(shard).bind(GtpU.PORT, this);
    }

    /** Makes a packet of the user's and sends it into the tunnel. */
    void first() {
      byte[] packet =
          PacketBuilder.udp()
              .from(USER.toString(), 4000)
              .to(SERVER.toString(), 7)
              .payload(36)
              .bytes();
      Frame frame = shard.pool().allocate();
      int length = packet.length - 14;
      Bytes.copyIn(packet, 14, frame.append(length), length);
      send(frame);
    }

    private void send(Frame packet) {
      GtpU.push(packet, teid, PduSession.UPLINK, 9);
      tunnel.send(packet, GtpU.PORT, 0);
    }

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      received++;
      GtpU.pop(data, GtpU.validate(data.address(), data.length()));
      data.retain();
      turnRound(data.address());
      send(data);
    }

    /** Addresses and ports change places; the hop limit is new, and the checksum with it. */
    private static void turnRound(long ip) {
      long addresses = Bytes.i64(ip + 12);
      Bytes.put64(ip + 12, addresses >>> 32 | addresses << 32);
      int ports = Bytes.i32(ip + 20);
      Bytes.put32(ip + 20, ports >>> 16 | ports << 16);
      Bytes.put8(ip + 8, 64);
      Bytes.put16(ip + 10, 0);
      Bytes.put16(ip + 10, Checksum.finish(Checksum.add(0, ip, 20)));
    }
  }

  private static final class Echo implements UdpHandler {
    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      data.retain();
      socket.sendFrame(data, hi, lo, port);
    }
  }
}
