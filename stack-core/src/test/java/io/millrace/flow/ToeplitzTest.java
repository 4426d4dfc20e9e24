package io.millrace.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.ip.IpAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The hash against the published vectors, and against its definition bit by bit. */
class ToeplitzTest {
  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

  private final Toeplitz published = new Toeplitz(KEY, 4);

  @ParameterizedTest
  @CsvSource({
    "66.9.149.187, 2794, 161.142.100.80, 1766, 323e8fc2, 51ccc178",
    "199.92.111.2, 14230, 65.69.140.83, 4739, d718262a, c626b0ea",
    "24.19.198.95, 12898, 12.22.207.184, 38024, d2d0a5de, 5c2b394a",
    "38.27.205.30, 48228, 209.142.163.6, 2217, 82989176, afc7327f",
    "153.39.163.191, 44251, 202.188.127.2, 1303, 5d1809c5, 10e828a2",
    "3ffe:2501:200:1fff::7, 2794, 3ffe:2501:200:3::1, 1766, 2cc18cd5, 40207d3d",
    "3ffe:501:8::260:97ff:fe40:efab, 14230, ff02::1, 4739, 0f0c461c, dde51bbf",
    "3ffe:1900:4545:3:200:f8ff:fe21:67cf, 44251, fe80::200:f8ff:fe21:67cf, 38024, 4b61e985,"
        + " 02d1feef"
  })
  void thePublishedVectors(
      String source, int sourcePort, String destination, int port, String addresses, String all) {
    IpAddress from = IpAddress.parse(source);
    IpAddress to = IpAddress.parse(destination);
    assertThat(published.hash(from.hi(), from.lo(), to.hi(), to.lo()))
        .isEqualTo(Integer.parseUnsignedInt(addresses, 16));
    assertThat(published.hash(from.hi(), from.lo(), to.hi(), to.lo(), Flow.ports(sourcePort, port)))
        .isEqualTo(Integer.parseUnsignedInt(all, 16));
  }

  /** The definition: shift the key along, and take its first 32 bits where the input has a one. */
  private static int definition(byte[] key, byte[] input) {
    int hash = 0;
    java.math.BigInteger bits = new java.math.BigInteger(1, key);
    for (int i = 0; i < input.length * 8; i++) {
      if ((input[i / 8] & 0x80 >> i % 8) != 0) {
        hash ^= bits.shiftRight(key.length * 8 - 32 - i).intValue();
      }
    }
    return hash;
  }

  @Property
  void anyKeyAndAnyInput(
      @ForAll @Size(40) byte[] key,
      @ForAll long sourceHi,
      @ForAll long sourceLo,
      @ForAll long destinationHi,
      @ForAll long destinationLo,
      @ForAll int ports) {
    Toeplitz toeplitz = new Toeplitz(key, 1);
    assertThat(toeplitz.key()).isEqualTo(key);
    byte[] six =
        ByteBuffer.allocate(36)
            .putLong(sourceHi)
            .putLong(sourceLo)
            .putLong(destinationHi)
            .putLong(destinationLo)
            .putInt(ports)
            .array();
    if (!IpAddress.isV4(sourceHi, sourceLo)) {
      assertThat(toeplitz.hash(sourceHi, sourceLo, destinationHi, destinationLo, ports))
          .isEqualTo(definition(key, six));
      assertThat(toeplitz.hash(sourceHi, sourceLo, destinationHi, destinationLo))
          .isEqualTo(definition(key, Arrays.copyOf(six, 32)));
    }
    int source = (int) sourceLo;
    int destination = (int) destinationLo;
    byte[] four = ByteBuffer.allocate(12).putInt(source).putInt(destination).putInt(ports).array();
    assertThat(toeplitz.hash(0, IpAddress.v4Lo(source), 0, IpAddress.v4Lo(destination), ports))
        .isEqualTo(definition(key, four));
  }

  @Property
  void theSymmetricKeyHashesBothDirectionsTheSame(
      @ForAll long aHi, @ForAll long aLo, @ForAll long bHi, @ForAll long bLo, @ForAll int ports) {
    Toeplitz symmetric = Toeplitz.symmetric(8);
    int back = Flow.ports(ports & 0xffff, ports >>> 16);
    assertThat(symmetric.hash(bHi, bLo, aHi, aLo, back))
        .isEqualTo(symmetric.hash(aHi, aLo, bHi, bLo, ports));
    long a = IpAddress.v4Lo((int) aLo);
    long b = IpAddress.v4Lo((int) bLo);
    assertThat(symmetric.hash(0, b, 0, a, back)).isEqualTo(symmetric.hash(0, a, 0, b, ports));
  }

  @Test
  void theSymmetricKeyStillSpreadsFlows() {
    Toeplitz symmetric = Toeplitz.symmetric(4);
    int[] flows = new int[4];
    for (int port = 0; port < 4_000; port++) {
      int hash =
          symmetric.hash(
              0, IpAddress.v4Lo(0x0a00_0001), 0, IpAddress.v4Lo(0x0a00_0002), 80 << 16 | port);
      flows[symmetric.queue(hash)]++;
    }
    for (int each : flows) {
      assertThat(each).isBetween(800, 1_200);
    }
  }

  @Test
  void theTableSpreadsHashesEvenlyUnlessTheHardwareSaysOtherwise() {
    int[] entries = new int[4];
    for (int hash = 0; hash < 128; hash++) {
      entries[published.queue(hash)]++;
      assertThat(published.queue(hash | 0xffff_ff80)).isEqualTo(published.queue(hash));
    }
    assertThat(entries).containsExactly(32, 32, 32, 32);
    int[] table = new int[128];
    table[5] = 127;
    Toeplitz told = new Toeplitz(KEY, table);
    assertThat(told.queue(5)).isEqualTo(127);
    assertThat(told.queue(6)).isZero();
    assertThat(told.queue(-1)).isZero();
    assertThat(told.indirection()).isEqualTo(table);
  }

  @Test
  void tablesHaveTheSizeThatTheHardwareHas() {
    int[] table = new int[512];
    table[511] = 255;
    Toeplitz wide = new Toeplitz(Arrays.copyOf(KEY, 52), table);
    assertThat(wide.queue(511)).isEqualTo(255);
    assertThat(wide.queue(127)).isZero();
    assertThat(wide.key()).isEqualTo(KEY);
  }

  @Test
  void impossibleKeysAndTablesAreRefused() {
    assertThatThrownBy(() -> new Toeplitz(new byte[39], 1)).hasMessageContaining("40 bytes");
    assertThatThrownBy(() -> new Toeplitz(KEY, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Toeplitz(KEY, 129)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Toeplitz(KEY, new int[127]))
        .isInstanceOf(IllegalArgumentException.class);
    int[] wrong = new int[128];
    wrong[127] = 256;
    assertThatThrownBy(() -> new Toeplitz(KEY, wrong)).isInstanceOf(IllegalArgumentException.class);
  }
}
