package io.millrace.e2e.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The links from page to page lead somewhere. */
class LinksTest {
  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(Page.root().resolve("README.md")));
    try (Stream<Path> files = Files.list(Page.root().resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
    }
    return pages;
  }

  private static boolean leadsSomewhere(Path page, String link) {
    if (link.contains("://")) {
      return true; // not ours, and no test asks the network
    }
    int hash = link.indexOf('#');
    String name = hash < 0 ? link : link.substring(0, hash);
    Path target = name.isEmpty() ? page : page.resolveSibling(name);
    return Files.exists(target)
        && (hash < 0 || Page.of(target).anchors().contains(link.substring(hash + 1)));
  }

  @Test
  void every_link_leads_to_a_file_and_a_section_that_are_there() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path page : pages()) {
      for (String link : Page.of(page).links()) {
        if (!leadsSomewhere(page, link)) {
          dead.add(page.getFileName() + ": " + link);
        }
      }
    }
    assertThat(dead).isEmpty();
  }
}
