package io.millrace.testkit.script;

import java.util.Map;

/**
 * What a script wants the stack under test to be.
 *
 * @param local the stack's address with its prefix, {@code 192.168.0.1/16} if not said
 * @param remote the peer's address
 * @param gateway the router that leads to it
 * @param mtu the link's, in bytes
 * @param settings what the script's commands set, by the system's names for it
 * @param profile whose choices are expected
 */
public record ScriptSetup(
    String local,
    String remote,
    String gateway,
    int mtu,
    Map<String, String> settings,
    Profile profile) {
  /** Copies the settings. */
  public ScriptSetup {
    settings = Map.copyOf(settings);
  }

  /** The stack's address without its prefix. */
  public String localAddress() {
    return local.substring(0, local.indexOf('/'));
  }
}
