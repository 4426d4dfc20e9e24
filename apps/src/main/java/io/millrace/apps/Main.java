package io.millrace.apps;

import io.millrace.apps.demo.DemoCommand;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * The command line: one command each for what {@code ./millrace} can do with a stack.
 *
 * <p>The exit code is 0 if it worked, 1 if it did not, 2 if the command line was wrong. What went
 * wrong is one sentence on the error stream.
 */
@Command(
    name = "./millrace",
    synopsisSubcommandLabel = "COMMAND",
    description = "A TCP/IP stack in Java, and what can be done with it.",
    subcommands = {
      DemoCommand.class,
      HttpdCommand.class,
      HttpBenchCommand.class,
      EchoCommand.class,
      Iperf3Command.class,
      FetchCommand.class,
      PingCommand.class,
      CaptureCommand.class
    })
public final class Main {
  private static final int WIDTH = 96;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Shows where in the program an error arose.")
  private boolean verbose;

  private Main() {}

  /** Runs a command and ends the program with its exit code. */
  public static void main(String[] args) {
    // What the stack logs is for people: one line each.
    System.setProperty("java.util.logging.SimpleFormatter.format", "%4$s: %5$s%6$s%n");
    PrintWriter out = new PrintWriter(System.out, true, System.out.charset());
    PrintWriter err = new PrintWriter(System.err, true, System.err.charset());
    System.exit(run(out, err, args));
  }

  /** Runs a command and returns its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    Main main = new Main();
    CommandLine line = withHelp(new CommandLine(main));
    line.setUsageHelpWidth(WIDTH);
    line.setOut(out).setErr(err);
    line.setParameterExceptionHandler(Main::wrongArguments);
    line.setExecutionExceptionHandler((e, command, _) -> main.failed(e, command));
    try {
      return line.execute(args);
    } catch (Error e) {
      // Such as no memory, or options of the JVM that are missing.
      return main.failed(e, line);
    }
  }

  private static CommandLine withHelp(CommandLine line) {
    line.getCommandSpec()
        .addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Shows this text.")
                .build());
    line.getSubcommands().values().forEach(Main::withHelp);
    return line;
  }

  private static int wrongArguments(CommandLine.ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String sentence = e.getMessage();
    if (command.getParent() == null && args.length == 0) {
      sentence = "say which command";
    }
    command
        .getErr()
        .printf("%s%nTry: %s --help%n", sentence, command.getCommandSpec().qualifiedName());
    return CommandLine.ExitCode.USAGE;
  }

  private int failed(Throwable e, CommandLine command) {
    PrintWriter err = command.getErr();
    String name = command.getCommandName();
    if (Failure.isExpected(e)) {
      err.printf("%s: %s%n", name, e.getMessage());
    } else {
      err.printf(
          "%s: this should not have happened: %s%s%n",
          name, e, verbose ? "" : " (--verbose says more)");
    }
    if (verbose) {
      e.printStackTrace(err);
    }
    return CommandLine.ExitCode.SOFTWARE;
  }
}
