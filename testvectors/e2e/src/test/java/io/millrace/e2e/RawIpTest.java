package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.RawIp;
import io.millrace.net.NetStack;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A protocol of two applications' own, over both families, with tags and several shards. */
class RawIpTest {
  /** For experiments (RFC 3692). */
  private static final int PROTOCOL = 253;

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final World world = new World(3);
  private final List<String> seen = new ArrayList<>();
  private NetStack client;
  private NetStack server;
  private List<Integer> freeAtFirst;

  @AfterEach
  void close() {
    assertThat(freeFrames()).isEqualTo(freeAtFirst);
    world.close();
  }

  /** Without those that shards have posted for each other. */
  private List<Integer> freeFrames() {
    List<Integer> free = new ArrayList<>();
    for (NetStack stack : List.of(client, server)) {
      for (int i = 0; i < stack.shardCount(); i++) {
        free.add(stack.shard(i).pool().available());
      }
    }
    return free;
  }

  private void start(int shards) {
    SimulatedLink link = world.link();
    client =
        world.stack(
            world
                .builder(link.port(), "10.0.0.1/24", "2001:db8::1/64")
                .vlan(0, "100.10", "10.1.0.1/24", "2001:db8:1::1/64"));
    server =
        world.stack(
            world
                .builder(link.port(), "10.0.0.2/24", "2001:db8::2/64")
                .vlan(0, "100.10", "10.1.0.2/24", "2001:db8:1::2/64")
                .shards(shards));
    world.run(Duration.ofSeconds(5));
    freeAtFirst = freeFrames();
  }

  private Frame frame(int length) {
    Frame frame = client.shard(0).pool().allocate();
    long at = frame.append(length);
    Bytes.fill(at, length, (byte) 0x5a);
    return frame;
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.2,1",
    "10.1.0.2,1",
    "2001:db8::2,1",
    "2001:db8:1::2,1",
    "10.1.0.2,3",
    "2001:db8:1::2,3"
  })
  void goes_there_and_back_in_the_frame_that_it_came_in(String to, int shards) {
    start(shards);
    RawIp.open(
        server.shard(shards - 1),
        PROTOCOL,
        (raw, data) -> {
          seen.add("request of " + data.length());
          data.retain();
          raw.send(data, data.sourceHi(), data.sourceLo());
        });
    world.settle(); // the other shards hear of it
    RawIp raw =
        RawIp.open(
            client.shard(0), PROTOCOL, (own, data) -> seen.add("answer of " + data.length()));
    IpAddress address = IpAddress.parse(to);
    assertThat(raw.send(frame(100), address.hi(), address.lo())).isTrue();
    world.run(SECOND);
    assertThat(seen).containsExactly("request of 100", "answer of 100");
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.2", "2001:db8:1::2"})
  void what_nobody_takes_is_counted(String to) {
    start(1);
    RawIp raw = RawIp.open(client.shard(0), PROTOCOL, (own, data) -> seen.add("answer"));
    IpAddress address = IpAddress.parse(to);
    raw.send(frame(100), address.hi(), address.lo());
    world.run(SECOND);
    assertThat(server.dropped(DropReason.IP_PROTOCOL_UNKNOWN)).isOne();
    assertThat(seen).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"2001:db8::2,20", "2001:db8:1::2,20"})
  void a_packet_with_its_own_header_of_ipv6_is_sent_as_it_is(String to, int hops) {
    start(1);
    RawIp.open(
        server.shard(0),
        PROTOCOL,
        (raw, data) ->
            seen.add(
                data.length()
                    + " from "
                    + new IpAddress(data.sourceHi(), data.sourceLo())
                    + " with "
                    + data.hopLimit()));
    RawIp raw = RawIp.open(client.shard(0), PROTOCOL, (own, data) -> {});
    IpAddress source = IpAddress.parse("2001:db8:9::9");
    IpAddress address = IpAddress.parse(to);
    Frame packet = frame(48);
    long at = packet.address();
    Bytes.put64(at, 0x6000_0000_0008_0000L | PROTOCOL << 8 | hops);
    Bytes.put64(at + 8, source.hi());
    Bytes.put64(at + 16, source.lo());
    Bytes.put64(at + 24, address.hi());
    Bytes.put64(at + 32, address.lo());
    assertThat(raw.sendDatagram(packet)).isTrue();
    world.run(SECOND);
    assertThat(seen).containsExactly("8 from " + source + " with 20");
    assertThat(raw.sendDatagram(frame(48))).as("no header at all").isFalse();
    assertThat(client.dropped(DropReason.IP_BAD_VERSION)).isOne();
  }
}
