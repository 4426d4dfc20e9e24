package io.millrace.testkit.compliance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A standard and what it demands.
 *
 * @param name the file's name without its ending: {@code rfc826}
 * @param title the standard's name and title, as in the first line
 */
record Standard(String name, String title, List<Requirement> requirements) {
  private static final String ENDING = ".tsv";

  /** All standards in a folder, by number. */
  static List<Standard> readAll(Path folder) throws IOException {
    List<Standard> all = new ArrayList<>();
    try (var files = Files.newDirectoryStream(folder, "*" + ENDING)) {
      for (Path file : files) {
        all.add(read(file));
      }
    }
    all.sort(
        java.util.Comparator.comparingInt(
            each -> Integer.parseInt(each.name().replaceAll("[^0-9]", ""))));
    return all;
  }

  private static Standard read(Path file) throws IOException {
    String name = file.getFileName().toString().replace(ENDING, "");
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !lines.getFirst().startsWith("# ")) {
      throw new IllegalArgumentException(file + " has to begin with '# ' and the standard's title");
    }
    List<Requirement> requirements = new ArrayList<>();
    Set<String> numbers = new HashSet<>();
    for (String line : lines.subList(1, lines.size())) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      Requirement requirement = Requirement.parse(name, line);
      if (!numbers.add(requirement.number())) {
        throw new IllegalArgumentException(file + " has " + requirement.number() + " twice");
      }
      requirements.add(requirement);
    }
    return new Standard(name, lines.getFirst().substring(2), requirements);
  }
}
