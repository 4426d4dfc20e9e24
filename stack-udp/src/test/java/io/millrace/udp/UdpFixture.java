package io.millrace.udp;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counters;
import io.millrace.ip.IcmpError;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.PlainIpv4;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.PacketBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A stack at 10.0.0.1 and a station at 10.0.0.2 on one link. */
final class UdpFixture implements AutoCloseable {
  final World world;
  final SimulatedLink link;
  final NetStack stack;
  final Shard shard;
  final Udp udp;
  final Station peer;

  UdpFixture() {
    this(LinkConfig.perfect(), UdpConfig.defaults());
  }

  UdpFixture(LinkConfig config, UdpConfig udpConfig) {
    world = new World(1);
    link = world.link(config);
    stack = world.stack(world.builder(link.port(), "10.0.0.1/24").with(udpConfig));
    shard = stack.shard(0);
    udp = Udp.of(shard);
    peer = link.station();
  }

  /** A datagram from the peer to the stack. */
  static PacketBuilder toStack(int from, int to) {
    return PacketBuilder.udp()
        .ethernet(0x0200_0000_0002L, 0x0200_0000_0001L)
        .from("10.0.0.2", from)
        .to("10.0.0.1", to);
  }

  void inject(PacketBuilder packet) {
    inject(packet.bytes());
  }

  void inject(byte[] frame) {
    peer.send(frame);
    world.settle();
  }

  PlainIpv4 ip() {
    return (PlainIpv4) shard.ipv4();
  }

  Counters counters() {
    return shard.counters();
  }

  /** Frames that are not in the pool. */
  int framesOut() {
    return shard.pool().frames() - shard.pool().available();
  }

  /** Off-heap bytes to send. */
  static WrappedBuffer buffer(byte... bytes) {
    MemorySegment memory = Arena.ofAuto().allocate(Math.max(bytes.length, 1));
    MemorySegment.copy(bytes, 0, memory, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes.length);
    return WrappedBuffer.of(memory.asSlice(0, bytes.length));
  }

  static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + 7);
    }
    return bytes;
  }

  @Override
  public void close() {
    world.close();
  }

  /** Remembers what it is told. */
  static final class Recorder implements UdpHandler {
    final List<byte[]> received = new ArrayList<>();
    final List<Integer> sources = new ArrayList<>();
    final List<String> errors = new ArrayList<>();
    int writable;

    @Override
    public void onDatagram(
        UdpSocket socket, Frame data, long sourceHi, long sourceLo, int sourcePort) {
      received.add(data.toByteArray());
      sources.add(sourcePort);
    }

    @Override
    public void onError(
        UdpSocket socket, IcmpError error, long remoteHi, long remoteLo, int remotePort) {
      errors.add(error + " " + new io.millrace.ip.IpAddress(remoteHi, remoteLo) + " " + remotePort);
    }

    @Override
    public void onWritable(UdpSocket socket) {
      writable++;
    }
  }
}
