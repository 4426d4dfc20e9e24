package io.millrace.apps;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README's example is the file that the build compiles, and as short as the README says. */
class ReadmeTest {
  private static final Path ROOT = Path.of("..");
  private static final Path EXAMPLE =
      Path.of("src/main/java/io/millrace/apps/example/EchoServer.java");
  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private static String classOf(String source) {
    return source.substring(source.indexOf("public final class"));
  }

  @Test
  void theEchoServerIsTheOneThatIsCompiled() throws IOException {
    Matcher block = BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
    assertThat(block.find()).isTrue();
    assertThat(block.group(1)).isEqualTo(classOf(Files.readString(EXAMPLE)));
  }

  @Test
  void andHasAtMostTwentyLines() throws IOException {
    List<String> lines =
        classOf(Files.readString(EXAMPLE)).lines().filter(line -> !line.isBlank()).toList();
    assertThat(lines).hasSizeLessThanOrEqualTo(20);
  }
}
