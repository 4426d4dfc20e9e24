package io.millrace.script.language;

import java.util.List;
import java.util.Map;

/**
 * A script as it was read.
 *
 * @param options what stands before the first event, {@code --name=value}, without the dashes; an
 *     option without value has an empty one
 * @param init the shell command before the first event, or null
 * @param initLine the line that it starts on
 * @param events the events in order, at least one
 * @param cleanup the shell command behind the last event, or null
 */
public record Script(
    Map<String, String> options, String init, int initLine, List<Event> events, String cleanup) {
  /** Copies the collections. */
  public Script {
    options = Map.copyOf(options);
    events = List.copyOf(events);
  }
}
