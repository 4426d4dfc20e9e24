package io.millrace.apps.demo;

import io.millrace.apps.Failure;
import io.millrace.spi.PortException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the stack at work, against the kernel where that is possible. */
@Command(
    name = "demo",
    description = {
      "Serves a web page from a TCP/IP stack in Java and fetches it with the kernel's curl,",
      "in a network namespace of its own that vanishes with it. Takes about ten seconds."
    },
    footer = {
      "",
      "Needs root, or a system that lets users make network namespaces and open",
      "/dev/net/tun. Where neither is so, two stacks talk over a wire in memory instead."
    })
public final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--capture",
      paramLabel = "FILE",
      defaultValue = "millrace-demo.pcapng",
      description = "Where the packets are written. Default: ${DEFAULT-VALUE}")
  private Path capture;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How long the load lasts, 1 to 600 seconds. Default: ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "64",
      description = "Connections of the load, 1 to 10000. Default: ${DEFAULT-VALUE}")
  private int connections;

  @Option(
      names = "--in-memory",
      description = "Does not ask the kernel: two stacks, joined by a wire in memory.")
  private boolean inMemory;

  // Told by the script, which knows what the system allows.
  @Option(names = "--namespace", hidden = true)
  private String namespace;

  @Option(names = "--no-namespace-because", hidden = true)
  private String noNamespace;

  /** Called by the command line. */
  public DemoCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    check(seconds >= 1 && seconds <= 600, "--seconds takes 1 to 600");
    check(connections >= 1 && connections <= 10_000, "--connections takes 1 to 10000");
    if (capture.toString().indexOf(',') >= 0) {
      throw new Failure("the name of the capture file cannot have a comma");
    }
    PrintWriter out = spec.commandLine().getOut();
    Story story = new Story(out, capture, seconds, connections);
    if (!inMemory && namespace != null) {
      try {
        story.withKernel(namespace);
        return 0;
      } catch (PortException e) {
        out.printf("%nNo TAP device can be had here: %s.%n", e.getMessage());
      }
    } else if (!inMemory) {
      out.printf(
          "No network namespace can be made here: %s.%n",
          noNamespace == null ? "start the demo with ./millrace demo" : noNamespace);
    }
    story.inMemory();
    return 0;
  }

  private void check(boolean right, String sentence) {
    if (!right) {
      throw new picocli.CommandLine.ParameterException(spec.commandLine(), sentence);
    }
  }
}
