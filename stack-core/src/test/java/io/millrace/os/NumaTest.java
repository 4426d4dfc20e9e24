package io.millrace.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines of several shapes, by what their /sys says. */
class NumaTest {
  @TempDir private Path sys;

  private void write(String file, String text) throws IOException {
    Path path = sys.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text + "\n");
  }

  private void node(int number, String cpus) throws IOException {
    write("devices/system/node/node" + number + "/cpulist", cpus);
  }

  @Test
  void twoSocketsWithTheirThreadsInterleaved() throws IOException {
    write("devices/system/node/online", "0-1");
    node(0, "0-3,8-11");
    node(1, "4-7,12-15");
    Numa numa = Numa.at(sys);
    assertThat(numa.nodes()).isEqualTo(2);
    for (int cpu = 0; cpu < 16; cpu++) {
      int node = cpu / 4 % 2;
      assertThat(numa.nodeOf(cpu)).as("node of CPU %d", cpu).isEqualTo(node);
      assertThat(numa.memoryFor(cpu)).isEqualTo(node);
    }
    assertThat(numa.nodeOf(16)).isEqualTo(Numa.ANY);
    assertThat(numa.nodeOf(-1)).isEqualTo(Numa.ANY);
    assertThat(numa.memoryFor(-1)).as("a thread that is not pinned").isEqualTo(Numa.ANY);
  }

  @Test
  void nodesThatAreNotNumberedFromZeroAndOneWithoutCpus() throws IOException {
    write("devices/system/node/online", "0,8,250");
    node(0, "0-79");
    node(8, "80,84,88-90");
    node(250, "");
    Numa numa = Numa.at(sys);
    assertThat(numa.nodes()).isEqualTo(3);
    assertThat(numa.nodeOf(79)).isZero();
    assertThat(numa.nodeOf(80)).isEqualTo(8);
    assertThat(numa.nodeOf(81)).isEqualTo(Numa.ANY);
    assertThat(numa.nodeOf(90)).isEqualTo(8);
  }

  @Test
  void oneNodePrefersNothing() throws IOException {
    write("devices/system/node/online", "0");
    node(0, "0-1");
    Numa numa = Numa.at(sys);
    assertThat(numa.nodes()).isEqualTo(1);
    assertThat(numa.nodeOf(1)).isZero();
    assertThat(numa.memoryFor(1)).isEqualTo(Numa.ANY);
  }

  @Test
  void nothingToReadIsOneNode() throws IOException {
    assertThat(Numa.at(sys).nodes()).isEqualTo(1);
    assertThat(Numa.at(sys).nodeOf(0)).isEqualTo(Numa.ANY);
    write("devices/system/node/online", "what?,-,3-,1-2-3,99999999");
    assertThat(Numa.at(sys).nodes()).isEqualTo(1);
    write("devices/system/node/online", "5-2,1020-999999");
    assertThat(Numa.at(sys).nodes()).as("never more than a mask has bits").isEqualTo(4);
  }

  @Test
  void aCardSaysItsNode() throws IOException {
    write("class/net/eth0/device/numa_node", "1");
    write("class/net/eth1/device/numa_node", "-1");
    Files.createDirectories(sys.resolve("class/net/veth0"));
    Numa numa = Numa.at(sys);
    assertThat(numa.nodeOfDevice("eth0")).isEqualTo(1);
    assertThat(numa.nodeOfDevice("eth1")).as("the firmware does not say").isEqualTo(Numa.ANY);
    assertThat(numa.nodeOfDevice("veth0")).as("no card").isEqualTo(Numa.ANY);
    assertThat(numa.nodeOfDevice("none")).isEqualTo(Numa.ANY);
  }

  @Test
  void thisMachineHasANode() {
    assertThat(Numa.system().nodes()).isPositive();
  }
}
