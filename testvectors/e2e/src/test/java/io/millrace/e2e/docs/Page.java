package io.millrace.e2e.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of the documentation. */
record Page(Path file, List<String> lines) {
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]+\\]\\(([^)\\s]+)\\)");
  private static final String FENCE = "```";

  /**
   * A fenced block of Java.
   *
   * @param line where its code begins, counted from 1
   */
  record Sample(Path page, int line, List<String> code) {
    @Override
    public String toString() {
      return page.getFileName() + ":" + line;
    }
  }

  static Page of(Path file) {
    try {
      return new Page(file, Files.readAllLines(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The top of the source tree that the tests run in. */
  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("docs/user-guide.md"))) {
      folder = folder.getParent();
    }
    return folder;
  }

  List<Sample> samples() {
    List<Sample> samples = new ArrayList<>();
    int begin = -1;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.equals(FENCE + "java")) {
        begin = i + 1;
      } else if (line.equals(FENCE) && begin >= 0) {
        samples.add(new Sample(file, begin + 1, lines.subList(begin, i)));
        begin = -1;
      }
    }
    return samples;
  }

  /** What its links lead to, as they are written. */
  List<String> links() {
    List<String> links = new ArrayList<>();
    boolean fenced = false;
    for (String line : lines) {
      if (line.strip().startsWith(FENCE)) {
        fenced = !fenced;
      }
      Matcher link = LINK.matcher(line);
      while (!fenced && link.find()) {
        links.add(link.group(1));
      }
    }
    return links;
  }

  /** The names that links can give its sections: as the forges that show Markdown make them. */
  List<String> anchors() {
    return lines.stream()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("#+\\s+", "").toLowerCase(java.util.Locale.ROOT))
        .map(line -> line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }
}
