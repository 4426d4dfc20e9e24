package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens to the device while the port is open is said once, and survived. */
final class AfXdpLinkTest {
  private static final int TYPE = 0x88b5;

  private final Logger logger = Logger.getLogger("io.millrace.driver.afxdp");
  private final List<String> sentences = new CopyOnWriteArrayList<>();
  private final Handler handler = new Sentences();
  private Cable cable;
  private PacketSocket kernel;

  /** Keeps what the driver says. */
  private final class Sentences extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord entry) {
      sentences.add(formatter.formatMessage(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @BeforeAll
  static void assume() {
    NetworkNamespace.assumeAvailable();
  }

  @BeforeEach
  void open() {
    logger.addHandler(handler);
    cable = new Cable(1, 1500);
    cable.open(1, 2112, Map.of());
    kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE);
    assertPasses();
    sentences.clear();
  }

  @AfterEach
  void close() {
    kernel.close();
    cable.close();
    logger.removeHandler(handler);
  }

  private void awaitSentence(String sentence) {
    Cable.until(sentence, () -> sentences.contains(sentence));
  }

  private static byte[] packet(int length) {
    byte[] packet = new byte[length];
    packet[0] = 2;
    packet[6] = 2;
    packet[11] = 1;
    packet[12] = (byte) (TYPE >>> 8);
    packet[13] = (byte) TYPE;
    return packet;
  }

  /** A packet each way. */
  private void assertPasses() {
    kernel.send(packet(100));
    Cable.until("a packet from the kernel", () -> cable.receive(0).stream().anyMatch(ours()));
    cable.send(0, packet(200));
    Cable.until("a packet to the kernel", () -> kernel.receive(1).isPresent());
  }

  private static java.util.function.Predicate<byte[]> ours() {
    return packet -> packet[12] == (byte) (TYPE >>> 8) && packet[13] == (byte) TYPE;
  }

  private void assertNothingKept() {
    cable.queue(0).reclaim(Integer.MAX_VALUE);
    assertThat(cable.closePort()).as("all frames are back").isTrue();
  }

  @Test
  void offAndOnAgain() {
    cable.veth.left().up(false);
    awaitSentence("mrx0 has been switched off: nothing comes or goes until 'ip link set mrx0 up'");
    PortQueue queue = cable.queue(0);
    int free = cable.pool(0).available();
    for (int i = 0; i < 10; i++) {
      cable.send(0, packet(64));
    }
    assertThat(queue.takeTransmitDrops()).as("dropped and counted").isGreaterThanOrEqualTo(9);
    assertThat(cable.pool(0).available()).isGreaterThanOrEqualTo(free - 1);
    assertThat(queue.nextDeadline()).as("nothing to wait for").isEqualTo(Long.MAX_VALUE);
    cable.veth.left().up(true);
    awaitSentence("mrx0 has been switched on");
    assertPasses();
    assertNothingKept();
  }

  @Test
  void theOtherEndOffAndOnAgain() {
    cable.veth.right().up(false);
    awaitSentence("mrx0 has no link: the cable is out, or the other end is off");
    cable.send(0, packet(64));
    assertThat(cable.queue(0).takeTransmitDrops()).isEqualTo(1);
    cable.veth.right().up(true);
    awaitSentence("mrx0 has a link again");
    kernel.close();
    kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE);
    assertPasses();
    assertNothingKept();
  }

  @Test
  void anotherMtu() {
    cable.veth.mtu(1400);
    awaitSentence(
        "mrx0 has an MTU of 1400 bytes now: the stack goes on with the one before; open the port"
            + " again to use it");
    assertPasses();
    assertNothingKept();
  }

  @Test
  void gone() {
    cable.veth.right().remove();
    awaitSentence(
        "mrx0 is gone: nothing comes or goes any more; open the port again when it is back");
    PortQueue queue = cable.queue(0);
    for (int i = 0; i < 10; i++) {
      assertThat(queue.rxBurst(new Frame[8], 8, 1)).isZero();
      cable.send(0, packet(64));
    }
    assertThat(queue.takeTransmitDrops()).isGreaterThanOrEqualTo(9);
    assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(Readable.now(queue.fd())).as("sleeps, and does not spin").isFalse();
    assertNothingKept();
  }
}
