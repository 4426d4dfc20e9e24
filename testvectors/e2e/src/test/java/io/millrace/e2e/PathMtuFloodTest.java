package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.NarrowPaths;
import io.millrace.ip.Route;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.World;
import io.millrace.udp.Udp;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Somebody says of very many paths that they are narrow, to a socket that is open to all. */
class PathMtuFloodTest {
  private static final int FORGED = 1_000_000;
  private static final int ASKED = 3 * NarrowPaths.MOST;
  private static final int PORT = 7;

  @ParameterizedTest
  @CsvSource({"10.0.0.1/8, 10.0.0.1, 10.16.0.0", "2001:db8::1/64, 2001:db8::1, 2001:db8::1:0:0"})
  void neither_lies_nor_senders_that_are_made_up_fill_the_memory(
      String address, String ours, String first) {
    try (World world = new World(8)) {
      NetStack stack =
          world.stack(
              world
                  .builder(world.link().port(), address)
                  .with(Ipv6Autoconf.defaults().withDadTransmits(0)));
      world.run(Duration.ofSeconds(5));
      Shard shard = stack.shard(0);
      Udp.of(shard).bind(PORT, (socket, data, hi, lo, port) -> {});
      IpAddress us = IpAddress.parse(ours);
      IpAddress start = IpAddress.parse(first);
      IpFamily family = us.isV4() ? shard.ipv4() : shard.ipv6();
      int timers = shard.wheel().size();

      // Nothing was sent there: nothing is believed.
      for (int i = 0; i < FORGED; i++) {
        tooBig(shard, us, new IpAddress(start.hi(), start.lo() + i));
      }
      assertThat(shard.wheel().size()).isEqualTo(timers);
      assertThat(family.knownRoute(us.hi(), us.lo(), start.hi(), start.lo())).isNull();

      // Whoever asks gets an answer, so it is believed, of so many and no more.
      Route last = null;
      for (int i = 0; i < ASKED; i++) {
        IpAddress asking = new IpAddress(start.hi(), start.lo() + i);
        last = shard.route(us.hi(), us.lo(), asking.hi(), asking.lo());
        tooBig(shard, us, asking);
      }
      assertThat(shard.wheel().size()).isEqualTo(timers + NarrowPaths.MOST);
      assertThat(last.pathMtu()).as("the newest is remembered").isEqualTo(1_300);
      world.run(Duration.ofMinutes(11));
      assertThat(last.pathMtu()).as("for ten minutes").isEqualTo(1_500);
    }
  }

  private static void tooBig(Shard shard, IpAddress us, IpAddress them) {
    Frame quoted = shard.pool().allocate();
    long header = quoted.append(8);
    Bytes.put32(header, PORT << 16 | 9);
    shard
        .udp()
        .icmpError(
            IcmpError.PACKET_TOO_BIG,
            1_300,
            us.hi(),
            us.lo(),
            them.hi(),
            them.lo(),
            header,
            8,
            shard.clock().now());
    quoted.release();
  }
}
