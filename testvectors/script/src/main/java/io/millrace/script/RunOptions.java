package io.millrace.script;

import java.util.Map;

/**
 * How scripts are run, beside what they say themselves.
 *
 * @param profile whose choices they expect
 * @param options options in front of a script that says nothing else, without the dashes
 * @param tokens what replaces tokens of a script ({@code -D NAME=value})
 */
public record RunOptions(Profile profile, Map<String, String> options, Map<String, String> tokens) {
  /** Copies the maps. */
  public RunOptions {
    options = Map.copyOf(options);
    tokens = Map.copyOf(tokens);
  }

  /** A profile, and otherwise what the scripts say. */
  public static RunOptions of(Profile profile) {
    return new RunOptions(profile, Map.of(), Map.of());
  }

  /**
   * The same over another IP.
   *
   * @param version {@code ipv4}, {@code ipv6} or {@code ipv4-mapped-ipv6}
   */
  public RunOptions over(String version) {
    Map<String, String> all = new java.util.HashMap<>(options);
    all.put("ip_version", version);
    return new RunOptions(profile, all, tokens);
  }
}
