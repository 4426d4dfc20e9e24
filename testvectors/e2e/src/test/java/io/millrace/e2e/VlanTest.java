package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two stacks, four networks on the one link between them: UDP and TCP in each, on any shards. */
class VlanTest {
  private static final String[] NETWORKS = {"10.0.0", "10.10.0", "10.20.0", "10.30.0"};
  private static final int[] TAGS = {0, 10, 20, 100 << 16 | 10};
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final World world = new World(11);
  private final SimulatedLink link = world.link();
  private final List<byte[]> frames = new ArrayList<>();
  private final Arena arena = Arena.ofConfined();

  VlanTest() {
    link.tap((sender, frame, nanos) -> frames.add(frame));
  }

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  private NetStack stack(int host, int shards) {
    return world.stack(
        world
            .builder(link.port(), NETWORKS[0] + "." + host + "/24")
            .vlan(0, "10", NETWORKS[1] + "." + host + "/24")
            .vlan(0, "20", NETWORKS[2] + "." + host + "/24")
            .vlan(0, "100.10", NETWORKS[3] + "." + host + "/24")
            .shards(shards));
  }

  private WrappedBuffer buffer(int size) {
    return WrappedBuffer.of(arena.allocate(size).fill((byte) 0x5a));
  }

  private static int tagsOf(byte[] frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    int outer = bytes.getShort(12) == (short) 0x88a8 ? bytes.getShort(14) : 0;
    int at = outer == 0 ? 12 : 16;
    return outer << 16 | (bytes.getShort(at) == (short) 0x8100 ? bytes.getShort(at + 2) : 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void datagrams_large_and_small_are_echoed_in_each_network(int shards) {
    NetStack client = stack(1, 1);
    NetStack server = stack(2, shards);
    Shard last = server.shard(shards - 1);
    Udp.of(last).bind(7, (socket, data, hi, lo, port) -> socket.sendTo(hi, lo, port, data));
    List<Integer> seen = new ArrayList<>();
    UdpSocket socket =
        Udp.of(client.shard(0)).bind(0, (s, data, hi, lo, port) -> seen.add(data.length()));
    world.run(Duration.ofSeconds(5));
    WrappedBuffer data = buffer(6_000);
    for (String network : NETWORKS) {
      seen.clear();
      IpAddress to = IpAddress.parse(network + ".2");
      socket.sendTo(to, 7, data, 0, 20);
      world.runUntil(() -> seen.equals(List.of(20)), LIMIT);
      socket.sendTo(to, 7, data, 0, 6_000);
      world.runUntil(() -> seen.equals(List.of(20, 6_000)), LIMIT);
    }
    assertEachNetworkWasUsed();
  }

  private void assertEachNetworkWasUsed() {
    Set<Integer> used = new HashSet<>();
    for (byte[] frame : frames) {
      used.add(tagsOf(frame));
      assertThat(frame.length).as("tags do not make frames longer").isLessThanOrEqualTo(1514);
    }
    assertThat(used).containsExactlyInAnyOrder(0, TAGS[1], TAGS[2], TAGS[3]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void a_stream_of_bytes_arrives_in_each_network(int shards) {
    NetStack client = stack(1, 1);
    NetStack server = stack(2, shards);
    Tcp.listen(server, 80, connection -> new Echo());
    world.run(Duration.ofSeconds(5));
    for (String network : NETWORKS) {
      Talker talker = new Talker(buffer(100_000));
      Tcp.of(client.shard(0)).connect(IpAddress.parse(network + ".2"), 80, talker);
      world.runUntil(() -> talker.received.size() == 100_000, LIMIT);
    }
    assertEachNetworkWasUsed();
  }

  @Test
  void an_independent_decoder_sees_both_tags(@TempDir Path folder) throws IOException {
    Lab.assumeInstalled("tshark");
    datagrams_large_and_small_are_echoed_in_each_network(1);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    ByteBuffer head = ByteBuffer.allocate(24);
    head.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0);
    file.writeBytes(head.putInt(65_535).putInt(1).array());
    for (byte[] frame : frames) {
      ByteBuffer record = ByteBuffer.allocate(16 + frame.length).putInt(0).putInt(0);
      file.writeBytes(record.putInt(frame.length).putInt(frame.length).put(frame).array());
    }
    Path capture = Files.write(folder.resolve("tags.pcap"), file.toByteArray());
    Tshark tshark = new Tshark(capture);
    Set<Integer> counts = new TreeSet<>();
    counts.add(tshark.count("!vlan && !ieee8021ad && ip.addr == 10.0.0.0/24 && udp.port == 7"));
    counts.add(tshark.count("!ieee8021ad && vlan.id == 10 && ip.addr == 10.10.0.0/24 && udp"));
    counts.add(tshark.count("!ieee8021ad && vlan.id == 20 && ip.addr == 10.20.0.0/24 && udp"));
    counts.add(
        tshark.count("ieee8021ad.id == 100 && vlan.id == 10 && ip.addr == 10.30.0.0/24 && udp"));
    assertThat(counts).as("small and large, there and back").containsExactly(4);
    assertThat(tshark.show("_ws.malformed || udp.checksum.status == 0")).isEmpty();
  }

  private static final class Echo implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(data);
    }
  }

  private static final class Talker implements TcpHandler {
    private final WrappedBuffer data;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    Talker(WrappedBuffer data) {
      this.data = data;
    }

    @Override
    public void onConnected(TcpConnection c) {
      c.send(data);
    }

    @Override
    public void onData(TcpConnection c, Buffer more) {
      received.writeBytes(more.toByteArray());
    }
  }
}
