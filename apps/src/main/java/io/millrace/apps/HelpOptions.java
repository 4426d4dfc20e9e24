package io.millrace.apps;

import picocli.CommandLine.Option;

/** The options that every command has. */
public final class HelpOptions {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this text.")
  private boolean help;

  // Read by Main before the command line is parsed.
  @Option(names = "--verbose", description = "Shows where in the program an error arose.")
  private boolean verbose;
}
