package io.millrace.buf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.os.Numa;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory that is there, zeroed, aligned, and gone after closing. */
class RegionTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 4_095, 4_096, 4_097, 10_000_000})
  void isAtLeastAsLargeAsAskedZeroedAndAligned(long bytes) {
    try (Region region = Region.allocate(bytes, false)) {
      assertThat(region.size()).isGreaterThanOrEqualTo(bytes);
      assertThat(region.address() % 4_096).isZero();
      assertThat(region.onHugePages()).isFalse();
      assertThat(Bytes.u8(region.address())).isZero();
      assertThat(Bytes.u8(region.address() + bytes - 1)).isZero();
      Bytes.put8(region.address() + bytes - 1, 1);
    }
  }

  @Test
  void hugePagesAreTakenWhereThereAreAnyElseOrdinaryOnes() {
    try (Region region = Region.allocate(3_000_000, true)) {
      assertThat(region.size()).isGreaterThanOrEqualTo(3_000_000);
      if (region.onHugePages()) {
        assertThat(region.address() % (2 << 20)).isZero();
        assertThat(region.size() % (2 << 20)).isZero();
      }
      Bytes.fill(region.address(), region.size(), 1);
    }
  }

  @Test
  void saysWhichNodeItIsOn() throws Exception {
    try (Region anywhere = Region.allocate(4_096, false);
        Region near = Region.allocate(4_096, false, 0);
        Region nowhere = Region.allocate(4_096, false, 1_000)) {
      assertThat(anywhere.node()).isEqualTo(Numa.ANY);
      assertThat(nowhere.node()).as("a node that there is not").isEqualTo(Numa.ANY);
      Bytes.put8(nowhere.address(), 1);
      assumeTrue(near.node() == 0, "this kernel or container lets nobody choose a NUMA node");
      String address = Long.toHexString(near.address());
      assertThat(Files.readAllLines(Path.of("/proc/self/numa_maps")))
          .anyMatch(line -> line.startsWith(address + " prefer:0 "));
    }
  }

  @Test
  void theDescriptorIsOfTheSameMemory() throws Exception {
    try (Region region = Region.allocate(4_096, false)) {
      Bytes.put32(region.address() + 100, 0x01020304);
      if (region.fd() >= 0) {
        byte[] file = Files.readAllBytes(Path.of("/proc/self/fd/" + region.fd()));
        assertThat(file).hasSize(4_096);
        assertThat(java.util.Arrays.copyOfRange(file, 100, 104)).containsExactly(1, 2, 3, 4);
      }
    }
  }

  @Test
  void closingGivesTheDescriptorBackOnceNobodyRetainsIt() {
    Region region = Region.allocate(4_096, false);
    Path descriptor = Path.of("/proc/self/fd/" + region.fd());
    region.retain();
    region.close();
    region.close();
    assertThat(Files.exists(descriptor)).as("still retained").isTrue();
    Bytes.put8(region.address(), 1);
    region.release();
    assertThat(Files.exists(descriptor)).isFalse();
  }

  @Test
  void nothingIsNoRegion() {
    assertThatThrownBy(() -> Region.allocate(0, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one byte");
  }
}
