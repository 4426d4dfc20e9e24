package io.millrace.script;

import io.millrace.script.language.Event.CommandEvent;
import io.millrace.script.language.Script;
import io.millrace.script.language.ScriptException;
import io.millrace.script.language.ScriptParser;
import io.millrace.script.setting.ShellCommands;
import io.millrace.script.setting.StackSettings;
import io.millrace.script.setting.StartOptions;
import io.millrace.tcp.TcpConfig;
import io.millrace.testkit.World;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs scripts, each against a stack of its own on a virtual clock.
 *
 * <p>A script passes only if everything that it expects happened, and it expected something. A
 * packet that the stack sent and the script did not ask for before its last event fails it. A
 * script that needs what the stack or the runner does not have is skipped, with the reason.
 * <b>Thread:</b> any; scripts may run at the same time.
 */
public final class ScriptRunner {
  private ScriptRunner() {}

  /**
   * Runs a file.
   *
   * @throws IOException if it cannot be read
   */
  public static ScriptResult run(Path file, RunOptions options) throws IOException {
    return run(new String(Files.readAllBytes(file), StandardCharsets.UTF_8), options);
  }

  /** Runs the script in {@code text}. */
  public static ScriptResult run(String text, RunOptions options) {
    Profile profile = options.profile();
    try {
      Script script = ScriptParser.parse(text, profile.system(), options.tokens());
      ScriptOptions understood = ScriptOptions.of(script, options);
      TcpConfig config = config(script, profile);
      try (World world = new World(1)) {
        return play(script, understood, new Stage(world, understood, profile, config));
      }
    } catch (UnsupportedOperationException e) {
      return ended(ScriptResult.Outcome.SKIP, 0, e.getMessage());
    } catch (ScriptException e) {
      String where = e.column() == 0 ? "" : " (column " + e.column() + ")";
      return ended(ScriptResult.Outcome.FAIL, e.line(), e.getMessage() + where);
    } catch (RuntimeException | AssertionError e) {
      return ended(ScriptResult.Outcome.FAIL, 0, "the stack cannot be started: " + e);
    }
  }

  /** What the commands in front of the first other event set; nothing has started before them. */
  private static TcpConfig config(Script script, Profile profile) {
    StackSettings settings = new StackSettings();
    ShellCommands commands = new ShellCommands(settings);
    if (script.init() != null) {
      commands.read(script.init());
    }
    script.events().stream()
        .takeWhile(CommandEvent.class::isInstance)
        .forEach(event -> commands.read(((CommandEvent) event).command()));
    StartOptions.read(script, settings);
    return settings.config(profile);
  }

  private static ScriptResult ended(ScriptResult.Outcome outcome, int line, String reason) {
    return new ScriptResult(outcome, line, reason, 0, List.of());
  }

  private static ScriptResult play(Script script, ScriptOptions options, Stage stage) {
    Player player = new Player(script, options, stage);
    ScriptResult.Outcome outcome = ScriptResult.Outcome.PASS;
    String reason = "";
    int line = 0;
    try {
      player.play();
    } catch (UnsupportedOperationException e) {
      outcome = ScriptResult.Outcome.SKIP;
      line = player.line();
      reason = "line " + line + ": " + e.getMessage();
    } catch (ScriptFailure e) {
      outcome = ScriptResult.Outcome.FAIL;
      line = e.line();
      reason = e.getMessage();
    } catch (RuntimeException | AssertionError e) {
      outcome = ScriptResult.Outcome.FAIL;
      line = player.line();
      reason = e.toString();
    }
    return new ScriptResult(outcome, line, reason, player.nanos(), player.exchange());
  }
}
