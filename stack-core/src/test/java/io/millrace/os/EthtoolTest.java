package io.millrace.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.flow.Toeplitz;
import io.millrace.ip.IpAddress;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What devices answer, byte by byte, and what the loopback really answers. */
class EthtoolTest {
  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

  private final Arena arena = Arena.ofConfined();
  private final long at = arena.allocate(8192, 8).address();
  private final RssMessage message = new RssMessage(at);

  @AfterEach
  void free() {
    arena.close();
  }

  private void words(int... values) {
    for (int i = 0; i < values.length; i++) {
      Bytes.put32Native(at + 4L * i, values[i]);
    }
  }

  /** An answer as a device gives it: its table sends hash {@code i} to queue {@code i % queues}. */
  private void answer(int hash, int change, int entries, int queues, byte[] key) {
    words(0x46, 0, entries, key.length, 0, 0);
    Bytes.put8(at + 16, hash);
    Bytes.put8(at + 17, change);
    for (int i = 0; i < entries; i++) {
      Bytes.put32Native(at + 24 + 4L * i, i % queues);
    }
    Bytes.copyIn(key, 0, at + 24 + 4L * entries, key.length);
  }

  @Test
  void readsTheKeyAndTheTable() {
    answer(1, 0, 128, 3, KEY);
    ReceiveHash hash = message.hash();
    assertThat(hash.reason()).isEmpty();
    Toeplitz toeplitz = hash.toeplitz();
    assertThat(toeplitz.key()).isEqualTo(KEY);
    IpAddress from = IpAddress.parse("66.9.149.187");
    IpAddress to = IpAddress.parse("161.142.100.80");
    int value = toeplitz.hash(from.hi(), from.lo(), to.hi(), to.lo(), 2794 << 16 | 1766);
    assertThat(value).isEqualTo(0x51ccc178);
    assertThat(toeplitz.queue(value)).isEqualTo(0x78 % 3);
  }

  @Test
  void takesAKeyThatIsLongerThanWhatIsHashed() {
    byte[] longer = java.util.Arrays.copyOf(KEY, 52);
    answer(1, 0, 512, 4, longer);
    assertThat(message.hash().toeplitz().key()).isEqualTo(KEY);
    assertThat(message.hash().toeplitz().indirection()).hasSize(512);
  }

  @Test
  void saysWhyAHashIsOfNoUse() {
    answer(2, 0, 128, 2, KEY);
    assertNone("its hash is not Toeplitz");
    answer(1, 1, 128, 2, KEY);
    assertNone("it changes addresses and ports before it hashes them");
    answer(1, 0, 0, 1, new byte[0]);
    assertNone("it does not say its hash key and its table");
    answer(1, 0, 128, 2, new byte[0]);
    assertNone("it does not say its hash key and its table");
    answer(1, 0, 100, 2, KEY);
    assertNone(
        "its hash cannot be computed here: an indirection table has a power of two of entries, at"
            + " most 4096, of 0 to 255");
    answer(1, 0, 128, 2, new byte[16]);
    assertNone("its hash cannot be computed here: a key has at least 40 bytes, not 16");
  }

  private void assertNone(String reason) {
    assertThat(message.hash()).isEqualTo(new ReceiveHash(null, reason));
  }

  @Test
  void neverTakesASizeForLessThanItIs() {
    words(0x46, 0, 128, 40, 1, 0);
    assertThat(message.size()).isEqualTo(24 + 512 + 40);
    words(0x46, 0, -1, -1, 1, 0);
    assertThat(message.size()).isEqualTo(24 + 5 * 0xffff_ffffL);
  }

  @Test
  void stretchesWhatADeviceIsGivenToItsSizes() {
    answer(2, 1, 512, 7, new byte[52]);
    Toeplitz wanted = new Toeplitz(KEY, 3);
    assertThat(message.set(wanted)).isTrue();
    assertThat(message.size()).isEqualTo(24 + 4 * 512 + 52);
    Toeplitz taken = message.hash().toeplitz();
    assertThat(taken.key()).isEqualTo(KEY);
    for (int hash = 0; hash < 1024; hash++) {
      assertThat(taken.queue(hash)).isEqualTo(wanted.queue(hash));
    }
  }

  @Test
  void givesNothingToADeviceThatCannotHoldIt() {
    answer(1, 0, 64, 2, KEY);
    assertThat(message.set(new Toeplitz(KEY, 2))).as("a shorter table").isFalse();
    answer(1, 0, 128, 2, new byte[16]);
    assertThat(message.set(new Toeplitz(KEY, 2))).as("a shorter key").isFalse();
    answer(1, 0, 0, 1, new byte[0]);
    assertThat(message.set(new Toeplitz(KEY, 2))).as("no table").isFalse();
  }

  @Test
  void countsQueuesThatReceiveAndTransmit() {
    // struct ethtool_channels: command, four maxima, then rx, tx, other, combined.
    words(0x3c, 8, 8, 1, 0, 4, 2, 0, 0);
    assertThat(Ethtool.queues(at)).isEqualTo(2);
    words(0x3c, 0, 0, 1, 16, 0, 0, 1, 6);
    assertThat(Ethtool.queues(at)).isEqualTo(6);
    words(0x3c, 8, 8, 1, 8, 2, 1, 0, 3);
    assertThat(Ethtool.queues(at)).isEqualTo(4);
    words(0x3c, 0, 0, 0, 0, 0, 0, 0, 0);
    assertThat(Ethtool.queues(at)).isEqualTo(1);
  }

  @Test
  void asksTheLoopback() {
    try (NetworkDevice lo = new NetworkDevice("lo");
        Ethtool ethtool = new Ethtool(lo)) {
      assertThat(lo.index()).isEqualTo(1);
      assertThat(lo.isEthernet()).isZero();
      assertThat(lo.mac()).isZero();
      assertThat(lo.mtu()).isGreaterThanOrEqualTo(68);
      assertThat(ethtool.driver()).isNotEqualTo("veth");
      assertThat(ethtool.feature(Ethtool.Feature.TX_CHECKSUM)).isEqualTo(1);
      assertThat(ethtool.queues()).isEqualTo(-Linux.EOPNOTSUPP);
      assertThat(ethtool.receiveHash())
          .isEqualTo(new ReceiveHash(null, "it has no hash to spread flows by"));
      assertThat(ethtool.receiveHash(new Toeplitz(KEY, 1))).isEqualTo(-Linux.EOPNOTSUPP);
    }
  }

  @Test
  void saysThatAnInterfaceDoesNotExist() {
    for (String name : new String[] {"mr-none", "a-name-of-sixteen"}) {
      try (NetworkDevice none = new NetworkDevice(name);
          Ethtool ethtool = new Ethtool(none)) {
        assertThat(none.index()).isEqualTo(-Linux.ENODEV);
        assertThat(none.mac()).isEqualTo(-Linux.ENODEV);
        assertThat(none.mtu()).isEqualTo(-Linux.ENODEV);
        assertThat(none.isUp()).isEqualTo(-Linux.ENODEV);
        assertThat(none.up(true)).isEqualTo(-Linux.ENODEV);
        assertThat(ethtool.driver()).isEmpty();
        assertThat(ethtool.queues()).isEqualTo(-Linux.ENODEV);
        assertThat(ethtool.link()).isEqualTo(-Linux.ENODEV);
        assertThat(ethtool.receiveHash().reason()).contains("No such device");
      }
    }
  }
}
