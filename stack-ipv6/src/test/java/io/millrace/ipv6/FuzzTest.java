package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever comes in: nothing is thrown, no frame is lost, no memory grows. */
class FuzzTest {
  private static final int[] NUMBERS = {0, 43, 44, 51, 60, 59, 58, 17, 6, 200};

  @Property(tries = 200)
  void chainsOfHeadersWithAnythingInThem(@ForAll long seed) {
    Random random = new Random(seed);
    Ipv6Config config = Ipv6Config.defaults().withSkipAuthentication(random.nextBoolean());
    try (TestHost host = TestHost.start(config).introducePeer()) {
      for (int i = 0; i < 100; i++) {
        byte[] frame = chain(random);
        for (int n = random.nextInt(6); n > 0; n--) {
          int at = random.nextInt(3) == 0 ? random.nextInt(frame.length) : 18;
          frame[Math.max(at, 54 + random.nextInt(Math.max(1, frame.length - 54))) % frame.length] =
              (byte) random.nextInt();
        }
        host.port.put(
            random.nextInt(8) == 0
                ? java.util.Arrays.copyOf(frame, 14 + random.nextInt(frame.length - 14))
                : frame);
      }
      host.step();
      assertThat(host.family.reassembly().datagrams()).isLessThanOrEqualTo(256);
    }
  }

  private static byte[] chain(Random random) {
    int last = NUMBERS[random.nextInt(NUMBERS.length)];
    byte[] payload = new byte[random.nextInt(100)];
    random.nextBytes(payload);
    if (last == 58 && payload.length > 1) {
      payload[0] = (byte) (random.nextBoolean() ? 1 + random.nextInt(4) : 128 + random.nextInt(16));
    }
    Packets.Ip packet = Packets.ip(last, payload);
    if (random.nextInt(8) == 0) {
      packet.to("ff02::1");
    }
    if (random.nextInt(4) == 0) {
      packet.hops(255);
    }
    for (int n = random.nextInt(5); n > 0; n--) {
      int number = NUMBERS[random.nextInt(5)];
      if (number == 44) {
        packet.fragment(random.nextInt(4), random.nextInt(16) * 8, random.nextBoolean());
        continue;
      }
      int[] header = new int[8 * (1 + random.nextInt(3))];
      for (int i = 2; i < header.length; i++) {
        header[i] = random.nextInt(6) == 0 ? random.nextInt(256) : 0;
      }
      header[1] = number == 51 ? header.length / 4 - 2 : header.length / 8 - 1;
      packet.with(number, header);
    }
    return packet.build();
  }
}
