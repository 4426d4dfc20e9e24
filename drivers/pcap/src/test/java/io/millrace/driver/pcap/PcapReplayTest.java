package io.millrace.driver.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.driver.pcap.Captures.Packet;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * When packets come, what the port is called, and what a person reads when a file cannot be had.
 */
final class PcapReplayTest {
  private static final long NOON = 1_700_000_000_000_000_000L;
  private static final long MILLI = 1_000_000L;

  @TempDir private Path folder;

  private final FramePool pool = new FramePool(32, 2048, 4, false);
  private final Frame[] burst = new Frame[8];

  @AfterEach
  void everyFrameIsBack() {
    int left = pool.available();
    pool.close();
    assertThat(left).isEqualTo(32);
  }

  /** A packet of {@code length} bytes, all of them {@code value}, to 02:00:00:00:00:0a. */
  private static byte[] packet(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    System.arraycopy(new byte[] {2, 0, 0, 0, 0, 10}, 0, bytes, 0, 6);
    return bytes;
  }

  private static List<Packet> threePackets() {
    return List.of(
        new Packet(NOON, packet(60, 1)),
        new Packet(NOON + 5 * MILLI, packet(61, 2)),
        new Packet(NOON + 5 * MILLI + 1, packet(62, 3)));
  }

  private Path file(List<Packet> packets) {
    return Captures.write(folder.resolve("in.pcapng"), packets);
  }

  private static Port open(Path file, String... options) {
    Map<String, String> map = new HashMap<>();
    for (String option : options) {
      map.put(option.substring(0, option.indexOf('=')), option.substring(option.indexOf('=') + 1));
    }
    return new PcapDriver().open(new PortConfig(file.toString(), map, 1));
  }

  /** The lengths of what has come at {@code now}. */
  private List<Integer> receive(PortQueue queue, long now) {
    List<Integer> lengths = new ArrayList<>();
    int n = queue.rxBurst(burst, burst.length, now);
    for (int i = 0; i < n; i++) {
      lengths.add(burst[i].length());
      burst[i].release();
    }
    return lengths;
  }

  @Test
  void isFoundByItsScheme() {
    assertThat(ServiceLoader.load(Driver.class)).extracting(Driver::scheme).containsExactly("pcap");
  }

  @Test
  void withoutTimingPacketsComeAsFastAsTheyAreTaken() {
    try (Port port = open(file(threePackets()))) {
      PortQueue queue = port.queue(0, pool);
      assertThat(queue.nextDeadline()).isLessThanOrEqualTo(0);
      assertThat(queue.rxBurst(burst, 2, 100)).isEqualTo(2);
      burst[0].release();
      burst[1].release();
      assertThat(queue.nextDeadline()).isLessThanOrEqualTo(100);
      assertThat(receive(queue, 100)).containsExactly(62);
      assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
      assertThat(receive(queue, 200)).isEmpty();
    }
  }

  @Test
  void withItsOwnTimingEachComesWhenItIsDueAndSaysSoBefore() {
    long start = 777_000L;
    try (Port port = open(file(threePackets()), "timing=original")) {
      PortQueue queue = port.queue(0, pool);
      assertThat(receive(queue, start)).containsExactly(60);
      assertThat(queue.nextDeadline()).isEqualTo(start + 5 * MILLI);
      assertThat(receive(queue, start + 5 * MILLI - 1)).isEmpty();
      assertThat(receive(queue, start + 5 * MILLI)).containsExactly(61);
      assertThat(queue.nextDeadline()).isEqualTo(start + 5 * MILLI + 1);
      assertThat(receive(queue, start + 60 * MILLI)).containsExactly(62);
      assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    }
  }

  @Test
  void timeDoesNotGoBackWhereTheFilesDoes() {
    List<Packet> packets =
        List.of(
            new Packet(NOON, packet(60, 1)),
            new Packet(NOON - 3 * MILLI, packet(61, 1)),
            new Packet(NOON + MILLI, packet(62, 1)));
    try (Port port = open(file(packets), "timing=original")) {
      PortQueue queue = port.queue(0, pool);
      assertThat(receive(queue, 0)).containsExactly(60, 61);
      assertThat(queue.nextDeadline()).isEqualTo(MILLI);
      assertThat(receive(queue, MILLI)).containsExactly(62);
    }
  }

  @Test
  void repeatsTheFile() {
    try (Port port = open(file(threePackets()), "loop=3")) {
      PortQueue queue = port.queue(0, pool);
      assertThat(receive(queue, 0)).containsExactly(60, 61, 62, 60, 61, 62, 60, 61);
      assertThat(receive(queue, 0)).containsExactly(62);
      assertThat(receive(queue, 0)).isEmpty();
    }
    try (Port port = open(file(threePackets()), "loop=2", "timing=original")) {
      PortQueue queue = port.queue(0, pool);
      assertThat(receive(queue, 0)).containsExactly(60);
      assertThat(receive(queue, 5 * MILLI + 1)).containsExactly(61, 62, 60);
      assertThat(queue.nextDeadline()).isEqualTo(10 * MILLI + 1);
    }
  }

  @Test
  void answersAreWrittenWithTheTimeThatHasPassed() {
    Path out = folder.resolve("out.pcapng");
    try (Port port = open(file(threePackets()), "timing=original", "out=" + out)) {
      PortQueue queue = port.queue(0, pool);
      queue.rxBurst(burst, 1, 1_000);
      assertThat(queue.txBurst(burst, 0, 1)).isEqualTo(1);
      queue.rxBurst(burst, 1, 1_000 + 7 * MILLI);
      assertThat(queue.txBurst(burst, 0, 1)).isEqualTo(1);
      assertThat(queue.takeTransmitDrops()).isZero();
    }
    List<Packet> answers = Captures.read(out);
    assertThat(answers).extracting(Packet::time).containsExactly(NOON, NOON + 7 * MILLI);
    assertThat(answers.get(1).bytes()).isEqualTo(packet(61, 2));
  }

  @Test
  void ourAddressIsThatOfTheFirstStationPacketsAreSentTo() {
    byte[] broadcast = packet(60, 0);
    java.util.Arrays.fill(broadcast, 0, 6, (byte) 0xff);
    byte[] cut = {2, 0, 0, 0, 0};
    List<Packet> packets =
        List.of(new Packet(0, broadcast), new Packet(0, cut), new Packet(0, packet(60, 0)));
    try (Port port = open(file(packets))) {
      assertThat(port.info().mac()).isEqualTo(0x0200_0000_000aL);
    }
    try (Port port = open(file(packets), "mac=02:00:00:00:00:2a")) {
      assertThat(port.info().mac()).isEqualTo(0x0200_0000_002aL);
    }
    try (Port port = open(file(packets.subList(0, 2)))) {
      assertThat(port.info().mac()).isEqualTo(0x0200_0000_0001L);
    }
  }

  @Test
  void vouchesForChecksumsOnlyIfAsked() {
    try (Port port = open(file(threePackets()))) {
      assertThat(port.info().offers(PortInfo.RX_CHECKSUM)).isFalse();
      port.queue(0, pool).rxBurst(burst, 1, 0);
      assertThat(burst[0].flags()).isZero();
      burst[0].release();
    }
    try (Port port = open(file(threePackets()), "trust=on")) {
      assertThat(port.info().offers(PortInfo.RX_CHECKSUM)).isTrue();
      port.queue(0, pool).rxBurst(burst, 1, 0);
      assertThat(burst[0].has(Frame.RX_CHECKSUM_OK)).isTrue();
      burst[0].release();
    }
  }

  @Test
  void longPacketsComeInLargeFramesAndGiantsAreCounted() {
    List<Packet> packets =
        List.of(
            new Packet(0, packet(65_549, 7)),
            new Packet(0, packet(100_000, 8)),
            new Packet(0, packet(60, 9)));
    try (Port port = open(file(packets), "mtu=9000")) {
      assertThat(port.info().mtu()).isEqualTo(9000);
      assertThat(port.info().offers(PortInfo.RX_LARGE)).isTrue();
      PortQueue queue = port.queue(0, pool);
      assertThat(queue.rxBurst(burst, 8, 0)).isEqualTo(2);
      assertThat(burst[0].toByteArray()).isEqualTo(packet(65_549, 7));
      assertThat(burst[1].toByteArray()).isEqualTo(packet(60, 9));
      assertThat(queue.takeReceiveDrops()).isEqualTo(1);
      burst[0].release();
      burst[1].release();
      assertThat(pool.availableLarge()).isEqualTo(4);
    }
  }

  @Test
  void aPacketWaitsUntilThereIsAFrameForIt() {
    try (Port port = open(file(threePackets()))) {
      PortQueue queue = port.queue(0, pool);
      List<Frame> hoard = new ArrayList<>();
      while (pool.available() > 1) {
        hoard.add(pool.allocate());
      }
      assertThat(queue.rxBurst(burst, 8, 0)).isEqualTo(1);
      assertThat(queue.rxBurst(burst, 8, 0)).isZero();
      burst[0].release();
      hoard.forEach(Frame::release);
      assertThat(receive(queue, 0)).containsExactly(61, 62);
      assertThat(queue.takeReceiveDrops()).isZero();
      assertThat(pool.exhausted()).isZero();
    }
  }

  @Test
  void aDamagedFileEndsTheReplay() throws IOException {
    Path file = file(threePackets());
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 30));
    try (Port port = open(file, "loop=5")) {
      PortQueue queue = port.queue(0, pool);
      assertThat(receive(queue, 0)).containsExactly(60, 61);
      assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
      assertThat(receive(queue, 0)).isEmpty();
    }
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path in = file(threePackets());
    Path missing = folder.resolve("missing.pcap");
    assertRefused(Path.of(""), "the capture has no name: write, for example, pcap:in.pcap");
    assertRefused(missing, "there is no file " + missing);
    Path text = Files.writeString(folder.resolve("notes.txt"), "this is not a capture file");
    assertThatThrownBy(() -> open(text))
        .isInstanceOf(PortException.class)
        .hasMessageContaining(text.toString());
    assertRefused(
        in, "option out=" + in + " is the file to be replayed; name another one", "out=" + in);
    assertThat(Captures.read(in)).as("it was not emptied").hasSize(3);
    Path nowhere = folder.resolve("none/out.pcapng");
    assertRefused(in, "cannot write " + nowhere + ": there is no such directory", "out=" + nowhere);
    assertRefused(in, "option timing=fast: give original or none", "timing=fast");
    assertRefused(in, "option loop=0: give a whole number from 1 to 2147483647", "loop=0");
    assertRefused(in, "option mtu=67: give a whole number from 68 to 65535", "mtu=67");
    assertRefused(
        in, "unknown option speed; known are loop, mac, mtu, out, timing, trust", "speed=1");
  }

  private static void assertRefused(Path file, String sentence, String... options) {
    assertThatThrownBy(() -> open(file, options))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void replayingAllocatesNothing() {
    List<Packet> packets = new ArrayList<>();
    for (int i = 0; i < 400_000; i++) {
      packets.add(new Packet(NOON + i, packet(60, i)));
    }
    Path out = folder.resolve("out.pcapng");
    try (Port port = open(file(packets), "out=" + out)) {
      PortQueue queue = port.queue(0, pool);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long allocated = -1;
      // The first rounds also run in the interpreter, where small objects are not optimised away.
      for (int round = 0; round < 4 && allocated != 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int got = 0; got < 100_000; ) {
          int n = queue.rxBurst(burst, burst.length, got);
          queue.txBurst(burst, 0, n);
          got += n;
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(allocated).isZero();
    }
  }
}
