package io.millrace.buf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What is said of a frame that is given back twice or not at all; the switches are read at start.
 */
class OwnersTest {
  /** The program that is run with one set of switches or another. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) {
      try (FramePool pool = new FramePool(2, 512, 0, false)) {
        takenByTheTest(pool);
        try {
          System.out.println(pool.outstanding());
        } catch (IllegalStateException e) {
          System.out.println(e.getMessage());
        }
        Frame frame = pool.allocate();
        releasedByTheTest(frame);
        try {
          frame.release();
        } catch (IllegalStateException e) {
          e.printStackTrace(System.out);
        }
      }
    }

    private static void takenByTheTest(FramePool pool) {
      pool.allocate().append(5);
    }

    private static void releasedByTheTest(Frame frame) {
      frame.release();
    }
  }

  private static String run(String... switches) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"));
    command.addAll(List.of(switches));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void withOwnersADoubleReleaseSaysWhoReleasedAndWhoTookTheFrame() throws Exception {
    String output = run("-Dmillrace.checks.owners=true");
    assertThat(output)
        .contains("frame 1: 5 bytes, references: 1, taken here: ")
        .contains("takenByTheTest")
        .contains("release() on a buffer that was already released")
        .containsSubsequence("released here", "releasedByTheTest", "taken here", "main");
  }

  @Test
  void withChecksAloneTheMessageSaysHowToLearnMore() throws Exception {
    assertThat(run("-Dmillrace.checks=true"))
        .contains("frame 1: 5 bytes, references: 1\n")
        .contains("-Dmillrace.checks.owners=true makes this say by whom")
        .doesNotContain("taken here");
  }

  @Test
  void withoutChecksFramesAreNotListed() throws Exception {
    assertThat(run())
        .contains("start the JVM with -Dmillrace.checks=true to list frames")
        .contains("already released");
  }
}
