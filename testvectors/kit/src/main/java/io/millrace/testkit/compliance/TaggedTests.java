package io.millrace.testkit.compliance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds the tests that name a requirement: Java methods and classes, and packet scripts. */
final class TaggedTests {
  /** JUnit's tag, or that of jqwik for properties. */
  private static final Pattern TAG =
      Pattern.compile("@(?:net\\.jqwik\\.api\\.)?Tag\\(\\s*\"(rfc[0-9]+:[^\"]+)\"\\s*\\)");

  /** A tag, or the beginning of a type or a method behind tags. */
  private static final Pattern WORTH =
      Pattern.compile(
          TAG.pattern()
              + "|\\b(?:class|interface|record)\\s+(\\w+)|\\b(?:void|Stream<\\w+>)\\s+(\\w+)\\s*\\(");

  private final Map<String, Set<String>> byTag = new TreeMap<>();

  /** Reads all test sources and scripts under a folder. */
  static TaggedTests read(Path root) throws IOException {
    TaggedTests tests = new TaggedTests();
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> sources = files.filter(TaggedTests::isTest).sorted().toList();
      for (Path each : sources) {
        tests.readFile(each);
      }
    }
    return tests;
  }

  private static boolean isTest(Path file) {
    String name = file.toString();
    return (name.endsWith(".java") && name.contains("/src/test/")) || name.endsWith(".pkt");
  }

  private void readFile(Path file) throws IOException {
    String text = Files.readString(file);
    String name = file.getFileName().toString();
    if (name.endsWith(".pkt")) {
      Matcher tags = TAG.matcher(text);
      while (tags.find()) {
        add(tags.group(1), name);
      }
      return;
    }
    String type = name.replace(".java", "");
    Set<String> pending = new TreeSet<>();
    Matcher matcher = WORTH.matcher(text);
    while (matcher.find()) {
      if (matcher.group(1) != null) {
        pending.add(matcher.group(1));
      } else if (!pending.isEmpty()) {
        String test = matcher.group(2) != null ? matcher.group(2) : type + "." + matcher.group(3);
        pending.forEach(tag -> add(tag, test));
        pending.clear();
      }
    }
  }

  private void add(String tag, String test) {
    byTag.computeIfAbsent(tag, _ -> new TreeSet<>()).add(test);
  }

  /** The tests with this tag. */
  Set<String> of(String tag) {
    return byTag.getOrDefault(tag, Set.of());
  }

  /** All tags that tests have. */
  Set<String> tags() {
    return byTag.keySet();
  }
}
