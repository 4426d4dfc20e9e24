package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.flow.Toeplitz;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.netns.VethRss;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import io.millrace.transport.Listening;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Very many connections of the kernel's to a stack of two shards on a veth that spreads flows as a
 * network card does, by AF_XDP: 100,000 of them.
 */
@Order(48)
class XdpEvennessInteropTest {
  private static final int CONNECTIONS = 100_000;

  /** Programs that share them: a process may not have so many. */
  private static final int PROGRAMS = 8;

  private static final int EACH = CONNECTIONS / PROGRAMS;
  private static final int DESCRIPTORS = EACH + 500;
  private static final int PORT = 7;

  private Lab lab;
  private VethRss rss;

  @BeforeEach
  void open() throws IOException {
    Lab.assume("ip", "ethtool");
    byte[] key = new byte[Toeplitz.KEY_SIZE];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) (0x6d * (i + 1));
    }
    String digits = java.util.HexFormat.of().formatHex(key);
    lab = Lab.open(Link.XDP_TWO_QUEUES.with("rss-key=" + digits));
    rss = VethRss.attach(lab.veth().left(), new Toeplitz(key, 2));
    assumeDescriptors();
    for (int i = 0; i < PROGRAMS; i++) {
      lab.veth().left().address(address(i) + "/24");
    }
    lab.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535");
  }

  @AfterEach
  void close() {
    if (rss != null) {
      rss.close();
    }
    if (lab != null) {
      lab.close();
    }
  }

  private void assumeDescriptors() {
    Lab.assumeTrue(
        lab.attempt("sh", "-c", "ulimit -n " + DESCRIPTORS).exitCode() == 0,
        "a process may not have " + DESCRIPTORS + " descriptors here ('ulimit -n')");
  }

  private static String address(int i) {
    return "10.99.0." + (10 + i);
  }

  /** A program with its part of the connections, from an address of its own. */
  private Process crowd(int number) {
    return lab.start(
        "sh",
        "-c",
        "ulimit -n " + DESCRIPTORS + " && exec \"$@\"",
        "sh",
        System.getProperty("java.home") + "/bin/java",
        "-Xmx128m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        KernelCrowd.class.getProtectionDomain().getCodeSource().getLocation().getPath(),
        KernelCrowd.class.getName(),
        "" + EACH,
        Lab.STACK,
        "" + PORT,
        address(number));
  }

  /** Sends back what comes. */
  private static final class Echo implements TcpHandler {
    @Override
    public void onData(TcpConnection connection, Buffer data) {
      connection.send(data);
    }
  }

  private int[] connections() {
    int[] each = new int[2];
    for (int i = 0; i < each.length; i++) {
      Shard shard = lab.stack().shard(i);
      each[i] = Await.ask(shard, () -> Tcp.of(shard).connectionCount());
    }
    return each;
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void a_hundred_thousand_connections_are_spread_evenly_and_all_live() throws IOException {
    TcpHandler echo = new Echo();
    ListenConfig where = ListenConfig.port(PORT).withPolicy(AcceptPolicy.LEAST_CONNECTIONS);
    Listening listening = Tcp.listen(lab.stack(), where, c -> echo);
    long before = heap();
    long start = System.nanoTime();
    List<Process> crowds = new ArrayList<>();
    for (int i = 0; i < PROGRAMS; i++) {
      crowds.add(crowd(i));
    }
    for (Process crowd : crowds) {
      assertThat(crowd.inputReader().readLine()).isEqualTo("held " + EACH);
    }
    final long opened = System.nanoTime() - start;
    assertThat(listening.accepted()).isEqualTo(CONNECTIONS);
    int[] each = connections();
    assertThat(each[0] + each[1]).isEqualTo(CONNECTIONS);
    assertThat((double) Math.max(each[0], each[1]) / Math.min(each[0], each[1]))
        .as("%d and %d", each[0], each[1])
        .isLessThanOrEqualTo(1.1);
    long handedOver = lab.stack().count(Counter.FRAMES_HANDED_OVER);
    // Half of them live on the shard that their packets do not come to, or thereabouts.
    assertThat(handedOver).as("frames on the wrong shard").isPositive();
    System.out.printf(
        "%,d connections in %.1f s: %,d and %,d; %,d of %,d segments came to the wrong shard;"
            + " %,d bytes of heap each%n",
        CONNECTIONS,
        opened / 1e9,
        each[0],
        each[1],
        handedOver,
        lab.stack().count(Counter.TCP_IN_SEGS),
        (heap() - before) / CONNECTIONS);

    for (Process crowd : crowds) {
      crowd.outputWriter().write("\n");
      crowd.outputWriter().flush();
    }
    for (Process crowd : crowds) {
      assertThat(crowd.inputReader().readLine())
          .as("all of them still live")
          .isEqualTo("again " + EACH);
      crowd.getOutputStream().close();
      assertThat(Lab.exitCode(crowd)).isZero();
    }
    Await.until("the end of all connections", () -> connections()[0] + connections()[1] == 0);
    lab.assertNothingThrown();
  }
}
