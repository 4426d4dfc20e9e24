package io.millrace.apps;

import io.millrace.apps.demo.DemoCommand;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
      EchoCommand.class,
      FetchCommand.class,
      PingCommand.class,
      CaptureCommand.class
    })
public final class Main {
  private static final int WIDTH = 96;

  @Mixin private HelpOptions helpOptions;

  private Main() {}

  /** Runs a command and ends the program with its exit code. */
  public static void main(String[] args) {
    // What the stack logs is for people: one line each.
    System.setProperty("java.util.logging.SimpleFormatter.format", "%4$s: %5$s%6$s%n");
    PrintWriter out = new PrintWriter(System.out, true);
    PrintWriter err = new PrintWriter(System.err, true);
    int status;
    try {
      status = run(out, err, args);
    } catch (Error e) {
      // Such as no memory, or the JVM's options missing.
      err.printf("the program cannot go on: %s%n", e);
      if (isVerbose(args)) {
        e.printStackTrace(err);
      }
      status = CommandLine.ExitCode.SOFTWARE;
    }
    System.exit(status);
  }

  private static boolean isVerbose(String... args) {
    return List.of(args).contains("--verbose");
  }

  /** Runs a command and returns its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    boolean verbose = isVerbose(args);
    return new CommandLine(new Main())
        .setUsageHelpWidth(WIDTH)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler(Main::wrongArguments)
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command, verbose))
        .execute(args);
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

  private static int failed(Exception e, CommandLine command, boolean verbose) {
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
