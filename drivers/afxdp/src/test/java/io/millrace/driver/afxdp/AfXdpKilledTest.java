package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.FramePool;
import io.millrace.spi.PortConfig;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A process that is killed with SIGKILL leaves neither program nor socket. */
final class AfXdpKilledTest {
  private static final String ATTACHED = "prog/xdp";

  /** Opens the port, says so, and waits to be killed. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws InterruptedException {
      var port =
          new AfXdpDriver().open(new PortConfig(Cable.DEVICE, Map.of("netns", arguments[0]), 1));
      port.queue(0, new FramePool(64, 2112, 0, false));
      System.out.println("open");
      Thread.currentThread().join();
    }
  }

  @Test
  void leavesNothingBehind() throws IOException, InterruptedException {
    NetworkNamespace.assumeAvailable();
    try (Cable cable = new Cable(1, 1500)) {
      Process victim = start(cable.ours.name());
      try {
        var out = victim.inputReader();
        String line = out.readLine();
        assertThat(line).isEqualTo("open");
        assertThat(state(cable)).contains(ATTACHED);
      } finally {
        victim.destroyForcibly().waitFor();
      }
      Cable.until("detached", () -> !state(cable).contains(ATTACHED));
      cable.open(1, 2112, Map.of());
      assertThat(cable.closePort()).isTrue();
      assertThat(state(cable)).doesNotContain(ATTACHED);
    }
  }

  private static String state(Cable cable) {
    return cable.ours.run("ip", "link", "show", Cable.DEVICE);
  }

  private static Process start(String namespace) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--"))
        .forEach(command::add);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Victim.class.getName(), namespace));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }
}
