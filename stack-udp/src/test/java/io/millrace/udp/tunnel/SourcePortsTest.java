package io.millrace.udp.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.net.Shard;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.PacketBuilder;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The outer source port follows the inner flow (RFC 7348 §5). */
class SourcePortsTest {
  private static byte[] packet(int from, int size) {
    return PacketBuilder.udp().from("10.0.0.1", from).to("10.0.0.2", 80).payload(size).bytes();
  }

  @Test
  void aFlowHasOnePortAndFlowsDiffer() {
    try (World world = new World(3)) {
      Shard shard = world.stack(world.link(), "10.0.0.9/24").shard(0);
      SourcePorts ports = SourcePorts.of(shard);
      Set<Integer> seen = new HashSet<>();
      for (int flow = 1; flow <= 1_000; flow++) {
        Frame small = Packets.frame(shard.pool(), packet(flow, 1));
        Frame large = Packets.frame(shard.pool(), packet(flow, 900));
        int port = ports.ofIp(small.address() + 14, small.length() - 14);
        assertThat(port).isBetween(49_152, 65_535);
        assertThat(ports.ofIp(large.address() + 14, large.length() - 14)).isEqualTo(port);
        assertThat(ports.ofEthernet(small.address(), small.length())).isEqualTo(port);
        seen.add(port);
        small.release();
        large.release();
      }
      assertThat(seen).as("of 1,000 flows").hasSizeGreaterThan(900);
    }
  }

  @Test
  void whatIsNoIpHasAPortToo() {
    try (World world = new World(3)) {
      Shard shard = world.stack(world.link(), "10.0.0.9/24").shard(0);
      SourcePorts ports = SourcePorts.of(shard);
      Frame frame = shard.pool().allocate();
      frame.append(40);
      for (int length = 0; length <= 40; length++) {
        assertThat(ports.ofIp(frame.address(), length)).isBetween(49_152, 65_535);
        assertThat(ports.ofEthernet(frame.address(), length)).isBetween(49_152, 65_535);
      }
      frame.release();
    }
  }
}
