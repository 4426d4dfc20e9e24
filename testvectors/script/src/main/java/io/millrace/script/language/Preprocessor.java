package io.millrace.script.language;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What happens to a script's text before it is read: lines of other systems ({@code #ifdef FreeBSD}
 * ... {@code #else} ... {@code #endif}) are emptied, and tokens replaced ({@code -D NAME=value}).
 * Lines keep their numbers.
 */
final class Preprocessor {
  private static final Pattern DEFINITION =
      Pattern.compile("^\\s*-D\\s*([A-Za-z_]\\w*)=(\\S*)", Pattern.MULTILINE);
  private static final Pattern TOKEN = Pattern.compile("\"[^\"\\n]*\"|[A-Za-z_]\\w*");

  private Preprocessor() {}

  static String process(String text, String system, Map<String, String> given)
      throws ScriptException {
    String own = ofSystem(text, system);
    Map<String, String> tokens = new HashMap<>(given);
    Matcher definition = DEFINITION.matcher(own);
    while (definition.find()) {
      // What the command line says wins.
      tokens.putIfAbsent(definition.group(1), definition.group(2));
    }
    // The parser passes over a definition as one word.
    own = definition.replaceAll("-D$1=");
    return tokens.isEmpty() ? own : replaced(own, tokens);
  }

  private static String replaced(String text, Map<String, String> tokens) {
    return TOKEN
        .matcher(text)
        .replaceAll(
            token -> Matcher.quoteReplacement(tokens.getOrDefault(token.group(), token.group())));
  }

  private static String ofSystem(String text, String system) throws ScriptException {
    if (text.indexOf('#') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    Deque<Boolean> shown = new ArrayDeque<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      boolean directive = directive(line.strip(), system, shown, number);
      out.append(number == 1 ? "" : "\n").append(directive || shown.contains(false) ? "" : line);
    }
    if (!shown.isEmpty()) {
      throw new ScriptException(number, 0, "expected #endif, but the script ends");
    }
    return out.toString();
  }

  private static boolean directive(String line, String system, Deque<Boolean> shown, int number)
      throws ScriptException {
    String[] words = line.split("\\s+", -1);
    switch (words[0]) {
      case "#ifdef", "#ifndef" -> {
        if (words.length < 2) {
          throw new ScriptException(number, 0, "expected the name of a system behind " + words[0]);
        }
        shown.push(words[1].equals(system) == words[0].equals("#ifdef"));
      }
      case "#else", "#endif" -> {
        if (shown.isEmpty()) {
          throw new ScriptException(number, 0, words[0] + " without #ifdef");
        }
        boolean last = shown.pop();
        if (words[0].equals("#else")) {
          shown.push(!last);
        }
      }
      default -> {
        return false;
      }
    }
    return true;
  }
}
