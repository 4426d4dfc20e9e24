package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.net.NetStack;
import io.millrace.testkit.World;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A stack of four shards whose port has one queue: a group that is joined on any shard is heard
 * there, and the routers are told by the first.
 */
class MulticastShardsTest {
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final int PORT = 5_000;

  private final World world = new World(11);
  private final NetStack sender;
  private final NetStack members;
  private final List<String> heard = new ArrayList<>();

  MulticastShardsTest() {
    var link = world.link();
    sender = world.stack(link, "10.0.0.1/24");
    members = world.stack(world.builder(link.port(), "10.0.0.2/24").shards(4));
    world.run(SECOND);
  }

  @AfterEach
  void close() {
    assertThat(members.count(Counter.EXCEPTIONS)).isZero();
    world.close();
  }

  private UdpSocket member(int shard) {
    return Udp.of(members.shard(shard))
        .bindShared(Udp.ANY, PORT, (s, data, hi, lo, port) -> heard.add("shard " + shard));
  }

  private void send() {
    Frame data = sender.shard(0).pool().allocate();
    data.append(10);
    Udp.of(sender.shard(0)).bind(0, (s, d, hi, lo, port) -> {}).sendTo(GROUP, PORT, data, 0, 10);
    data.release();
    world.run(SECOND);
  }

  @Test
  void every_shard_with_a_member_hears_the_group() {
    member(1).join(GROUP);
    member(3).join(GROUP);
    member(2); // has the port, but has not joined
    world.run(SECOND);
    send();
    assertThat(heard).containsExactlyInAnyOrder("shard 1", "shard 3");
  }

  @Test
  void the_first_shard_reports_what_the_shards_want_together() {
    IpAddress one = IpAddress.parse("10.0.0.1");
    UdpSocket first = member(1);
    UdpSocket second = member(2);
    first.listen(GROUP, 0, SourceFilter.exclude(one));
    world.run(SECOND);
    world.run(SECOND);
    assertThat(members.count(Counter.IGMP_OUT_MSGS)).as("said, and repeated").isEqualTo(2);
    second.listen(GROUP, 0, SourceFilter.include(one));
    world.run(SECOND);
    world.run(SECOND);
    assertThat(members.count(Counter.IGMP_OUT_MSGS)).as("the source is wanted").isEqualTo(4);
    assertThat(members.shard(0).counters().get(Counter.IGMP_OUT_MSGS)).isEqualTo(4);
    send();
    assertThat(heard).containsExactly("shard 2");
  }

  @Test
  void a_group_that_the_last_shard_leaves_is_heard_no_more() {
    UdpSocket first = member(1);
    UdpSocket second = member(2);
    first.join(GROUP);
    second.join(GROUP);
    world.run(SECOND);
    first.leave(GROUP);
    world.run(SECOND);
    send();
    assertThat(heard).containsExactly("shard 2");
    second.close();
    world.run(SECOND);
    send();
    assertThat(heard).hasSize(1);
  }
}
