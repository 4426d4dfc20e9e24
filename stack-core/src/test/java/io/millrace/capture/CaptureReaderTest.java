package io.millrace.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the reader makes of files that were put together by hand, whole and damaged. */
class CaptureReaderTest {
  private static final byte[] PACKET = {1, 2, 3, 4, 5};
  private static final byte[] OTHER = {9, 8, 7};

  private static CaptureReader reader(byte[] file) throws IOException {
    return CaptureReader.of(new ByteArrayInputStream(file), "the file");
  }

  private static CaptureReader reader(FileBytes file) throws IOException {
    return reader(file.toByteArray());
  }

  private static ByteOrder order(String name) {
    return name.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  @ParameterizedTest
  @CsvSource({
    "big, 0xa1b2c3d4, 1000",
    "little, 0xa1b2c3d4, 1000",
    "big, 0xa1b23c4d, 1",
    "little, 0xa1b23c4d, 1"
  })
  void readsPcapOfBothOrdersAndResolutions(String order, String magic, long unit)
      throws IOException {
    FileBytes file =
        FileBytes.pcap(order(order), Long.decode(magic).intValue(), 1)
            .u32(1_700_000_000)
            .u32(123_456)
            .u32(5)
            .u32(60)
            .bytes(PACKET)
            .u32(0xffff_ffff)
            .u32(999_999)
            .u32(3)
            .u32(3)
            .bytes(OTHER);
    try (CaptureReader in = reader(file)) {
      assertThat(in.next()).isTrue();
      assertThat(in.time()).isEqualTo(1_700_000_000L * 1_000_000_000 + 123_456 * unit);
      assertThat(in.length()).isEqualTo(5);
      assertThat(in.originalLength()).isEqualTo(60);
      assertThat(in.direction()).isEqualTo(Direction.UNKNOWN);
      assertThat(in.toByteArray()).isEqualTo(PACKET);
      assertThat(in.next()).isTrue();
      assertThat(in.time()).isEqualTo(0xffff_ffffL * 1_000_000_000 + 999_999 * unit);
      assertThat(in.toByteArray()).isEqualTo(OTHER);
      assertThat(in.next()).isFalse();
      assertThat(in.packets()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"big", "little"})
  void readsPcapngWithWhatSurroundsThePackets(String order) throws IOException {
    FileBytes file = FileBytes.pcapng(order(order));
    file.block(0x0bad, file.options().i64(7)) // unknown
        .ethernet(file.options().option(2, (byte) 'x').option(9, (byte) 9))
        .enhanced(0, 42, PACKET, file.options().optionNumber(2, 2))
        .block(5, file.options().i64(1).i64(2)) // interface statistics
        .block(3, file.options().u32(3).padded(OTHER)) // simple packet
        .block(2, file.options().u16(0).u16(9).u32(0).u32(77).u32(5).u32(5).padded(PACKET))
        .enhanced(0, 99, OTHER, file.options().option(1, (byte) 'c').optionNumber(2, 1));
    try (CaptureReader in = reader(file)) {
      assertThat(in.next()).isTrue();
      assertThat(in.time()).isEqualTo(42);
      assertThat(in.direction()).isEqualTo(Direction.OUTBOUND);
      assertThat(in.toByteArray()).isEqualTo(PACKET);
      assertThat(in.next()).isTrue();
      assertThat(in.time()).as("a simple packet keeps the time before").isEqualTo(42);
      assertThat(in.direction()).isEqualTo(Direction.UNKNOWN);
      assertThat(in.toByteArray()).isEqualTo(OTHER);
      assertThat(in.next()).isTrue();
      assertThat(in.time()).isEqualTo(77);
      assertThat(in.toByteArray()).isEqualTo(PACKET);
      assertThat(in.next()).isTrue();
      assertThat(in.direction()).isEqualTo(Direction.INBOUND);
      assertThat(in.toByteArray()).isEqualTo(OTHER);
      assertThat(in.next()).isFalse();
      assertThat(in.packets()).isEqualTo(4);
    }
  }

  @Test
  void aNewSectionMayChangeTheByteOrderAndForgetsTheInterfaces() throws IOException {
    FileBytes first = FileBytes.pcapng(ByteOrder.BIG_ENDIAN);
    first.ethernet(first.options().option(9, (byte) 3)).enhanced(0, 1, PACKET, first.options());
    FileBytes second = FileBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
    second.ethernet(second.options()).enhanced(0, 1, OTHER, second.options());
    try (CaptureReader in = reader(first.bytes(second.toByteArray()))) {
      assertThat(in.next()).isTrue();
      assertThat(in.time()).isEqualTo(1_000_000);
      assertThat(in.next()).isTrue();
      assertThat(in.time()).as("microseconds unless the file says otherwise").isEqualTo(1_000);
      assertThat(in.toByteArray()).isEqualTo(OTHER);
    }
    FileBytes orphan = FileBytes.pcapng(ByteOrder.BIG_ENDIAN);
    orphan.ethernet(orphan.options()).section().enhanced(0, 1, PACKET, orphan.options());
    try (CaptureReader in = reader(orphan)) {
      assertThatThrownBy(in::next)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("interface 0, which is not described");
    }
  }

  @Test
  void eachInterfaceHasAResolutionAndAnOffsetOfItsOwn() throws IOException {
    FileBytes file = FileBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
    file.ethernet(file.options().option(9, (byte) 0).optionNumber(14, -100L))
        .ethernet(file.options().option(9, (byte) 0x8a))
        .enhanced(0, 160, PACKET, file.options())
        .enhanced(1, 1536, PACKET, file.options());
    try (CaptureReader in = reader(file)) {
      assertThat(in.next()).isTrue();
      assertThat(in.interfaceId()).isZero();
      assertThat(in.time()).isEqualTo(60_000_000_000L);
      assertThat(in.next()).isTrue();
      assertThat(in.interfaceId()).isEqualTo(1);
      assertThat(in.time()).isEqualTo(1_500_000_000L);
    }
  }

  @Test
  void aSimplePacketIsCutByTheSnapLength() throws IOException {
    FileBytes file = FileBytes.pcapng(ByteOrder.BIG_ENDIAN);
    file.block(1, file.options().u16(1).u16(0).u32(3))
        .block(3, file.options().u32(1_000).padded(OTHER));
    try (CaptureReader in = reader(file)) {
      assertThat(in.next()).isTrue();
      assertThat(in.toByteArray()).isEqualTo(OTHER);
      assertThat(in.originalLength()).isEqualTo(1_000);
    }
  }

  @Test
  void refusesWhatIsNotEthernet() {
    assertThatThrownBy(() -> reader(FileBytes.pcap(ByteOrder.BIG_ENDIAN, 0xa1b2c3d4, 113)))
        .isInstanceOf(IOException.class)
        .hasMessage("the file holds packets of link type 113; only Ethernet (1) can be read");
    FileBytes wifi = FileBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
    wifi.block(1, wifi.options().u16(105).u16(0).u32(0));
    assertThatThrownBy(() -> reader(wifi).next())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("link type 105");
  }

  @Test
  void saysWhatIsWrongWithAFileThatIsNoCapture(@TempDir Path directory) {
    assertThatThrownBy(() -> reader(new byte[0])).hasMessage("the file is empty");
    assertThatThrownBy(() -> reader(new byte[] {1, 2}))
        .hasMessage("the file is truncated: it ends at byte 2, inside the file header");
    assertThatThrownBy(() -> reader(new byte[64]))
        .hasMessage("the file is neither a pcap nor a pcapng file");
    Path missing = directory.resolve("missing.pcap");
    assertThatThrownBy(() -> CaptureReader.open(missing))
        .isInstanceOf(IOException.class)
        .hasMessage("there is no file " + missing);
    assertThatThrownBy(() -> CaptureReader.open(directory)).isInstanceOf(IOException.class);
  }

  @Test
  void refusesLengthsThatNoHonestFileHas() {
    FileBytes pcap = FileBytes.pcap(ByteOrder.BIG_ENDIAN, 0xa1b2c3d4, 1);
    pcap.u32(0).u32(0).u32(Integer.MIN_VALUE).u32(1);
    assertThatThrownBy(() -> reader(pcap).next())
        .hasMessage(
            "the file is damaged at byte 24: packet 1 claims 2147483648 bytes, more than 262144");
    FileBytes huge = FileBytes.pcapng(ByteOrder.BIG_ENDIAN).u32(6).u32(0x7fff_fffc);
    assertThatThrownBy(() -> reader(huge).next()).hasMessageContaining("more than 1048576");
    FileBytes odd = FileBytes.pcapng(ByteOrder.BIG_ENDIAN).u32(6).u32(33);
    assertThatThrownBy(() -> reader(odd).next()).hasMessageContaining("a block claims 33 bytes");
    FileBytes torn = FileBytes.pcapng(ByteOrder.BIG_ENDIAN).u32(77).u32(12).u32(16);
    assertThatThrownBy(() -> reader(torn).next()).hasMessageContaining("length fields differ");
    FileBytes beyond = FileBytes.pcapng(ByteOrder.BIG_ENDIAN);
    beyond
        .ethernet(beyond.options())
        .block(6, beyond.options().u32(0).u32(0).u32(0).u32(9).u32(9).u32(0));
    assertThatThrownBy(() -> reader(beyond).next())
        .hasMessageContaining("claims 9 bytes, but only 4 are there");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFileCutAtAnyByteGivesItsWholePacketsAndSaysWhereItEnds(boolean ng) throws IOException {
    FileBytes file = ng ? FileBytes.pcapng(ByteOrder.LITTLE_ENDIAN) : null;
    int head;
    if (ng) {
      file.ethernet(file.options());
      head = file.toByteArray().length;
      file.enhanced(0, 1, PACKET, file.options()).enhanced(0, 2, PACKET, file.options());
    } else {
      file = FileBytes.pcap(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, 1);
      head = file.toByteArray().length;
      file.u32(0).u32(0).u32(5).u32(5).bytes(PACKET).u32(0).u32(0).u32(5).u32(5).bytes(PACKET);
    }
    byte[] whole = file.toByteArray();
    int one = (whole.length - head) / 2;
    for (int size = 1; size < whole.length; size++) {
      byte[] cut = Arrays.copyOf(whole, size);
      int expected = size < head ? 0 : (size - head) / one;
      boolean clean = (size >= head && (size - head) % one == 0) || (ng && size == 28);
      int got = 0;
      try (CaptureReader in = reader(cut)) {
        while (in.next()) {
          got++;
        }
        assertThat(clean).as("no complaint about a file of %d bytes", size).isTrue();
      } catch (IOException e) {
        assertThat(clean).as("%d bytes: %s", size, e.getMessage()).isFalse();
        assertThat(e).hasMessageContaining("truncated: it ends at byte " + size + ",");
      }
      assertThat(got).isEqualTo(expected);
    }
  }

  @Property(tries = 20_000)
  void garbageGivesAnErrorOrPacketsButNothingElse(
      @ForAll @Size(max = 400) byte[] garbage, @ForAll @IntRange(min = 0, max = 5) int magic) {
    byte[] start =
        switch (magic) {
          case 0 -> new byte[] {(byte) 0xa1, (byte) 0xb2, (byte) 0xc3, (byte) 0xd4};
          case 1 -> new byte[] {(byte) 0xd4, (byte) 0xc3, (byte) 0xb2, (byte) 0xa1};
          case 2 -> new byte[] {(byte) 0x4d, (byte) 0x3c, (byte) 0xb2, (byte) 0xa1};
          case 3, 4 -> new byte[] {10, 13, 13, 10};
          default -> new byte[0];
        };
    byte[] file = Arrays.copyOf(start, start.length + garbage.length);
    System.arraycopy(garbage, 0, file, start.length, garbage.length);
    drain(file);
  }

  @Property(tries = 20_000)
  void aDamagedFileGivesAnErrorOrPacketsButNothingElse(
      @ForAll boolean ng,
      @ForAll boolean big,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 0, max = 399) Integer> where,
      @ForAll long seed) {
    ByteOrder order = big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    byte[] packet = new byte[60];
    FileBytes built;
    if (ng) {
      built = FileBytes.pcapng(order);
      built
          .ethernet(built.options().option(9, (byte) 9).optionNumber(14, 5L))
          .enhanced(0, 5, packet, built.options().optionNumber(2, 1).u32(0))
          .block(3, built.options().u32(60).padded(packet))
          .enhanced(0, 6, packet, built.options());
    } else {
      built = FileBytes.pcap(order, 0xa1b2c3d4, 1);
      for (int i = 0; i < 4; i++) {
        built.u32(1).u32(2).u32(60).u32(60).bytes(packet);
      }
    }
    byte[] file = built.toByteArray();
    Random random = new Random(seed);
    for (int index : where) {
      file[index % file.length] = (byte) (random.nextBoolean() ? random.nextInt() : 0xff);
    }
    drain(file);
  }

  private static void drain(byte[] file) {
    try (CaptureReader in = CaptureReader.of(new ByteArrayInputStream(file), "the file")) {
      while (in.next()) {
        assertThat(in.length()).isBetween(0, file.length);
        assertThat(in.toByteArray()).hasSize(in.length());
      }
    } catch (IOException e) {
      assertThat(e).hasMessageStartingWith("the file ");
    }
  }
}
