package io.millrace.e2e.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Java on our pages compiles: every block that is fenced as {@code java}.
 *
 * <p>A page shows what matters and leaves out the rest. So that a compiler takes it,
 *
 * <ul>
 *   <li>a block that declares a class is taken as it is, and the other blocks may use that class;
 *   <li>a block that begins with a modifier is a method, of a class that is a packet filter;
 *   <li>everything else is what stands in a method that may throw anything;
 *   <li>a line with nothing but {@code ...} is left out, and {@code -> ...} does nothing;
 *   <li>the names of {@link #GIVEN} are there, and {@link #IMPORTS} are imported.
 * </ul>
 */
class SamplesTest {
  private static final List<String> IMPORTS =
      List.of(
          "static java.nio.charset.StandardCharsets.US_ASCII",
          "io.millrace.blocking.*",
          "io.millrace.buf.*",
          "io.millrace.diag.*",
          "io.millrace.dns.*",
          "io.millrace.filter.*",
          "io.millrace.futures.*",
          "io.millrace.ip.*",
          "io.millrace.ipv4.*",
          "io.millrace.ipv6.*",
          "io.millrace.net.*",
          "io.millrace.tcp.*",
          "io.millrace.testkit.*",
          "io.millrace.transport.*",
          "io.millrace.udp.*",
          "java.io.*",
          "java.time.Duration",
          "java.util.*");

  private static final String GIVEN =
      """
      abstract class Given {
        NetStack stack;
        Shard shard;
        TcpHandler handler;
        TcpAcceptor acceptor;
        byte[] hello;
        byte[] request;
        byte[] header;
        boolean done;
        String[] args;

        abstract boolean isUnwanted(long header);
      }
      """;

  @TempDir Path classes;

  private static List<Page.Sample> samples() {
    return Stream.of("README.md", "docs/user-guide.md")
        .flatMap(name -> Page.of(Page.root().resolve(name)).samples().stream())
        .toList();
  }

  /** A unit for the compiler, with the lines where the page has them. */
  private static final class Source extends SimpleJavaFileObject {
    private final String code;
    private final String place;
    private final int offset;

    Source(String place, int offset, String code) {
      super(URI.create("sample:///Unit" + place.hashCode() + ".java"), Kind.SOURCE);
      this.place = place;
      this.offset = offset;
      this.code = code;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return code;
    }

    String describe(Diagnostic<?> problem) {
      return place
          + ", line "
          + (problem.getLineNumber() + offset)
          + ": "
          + problem.getMessage(Locale.ENGLISH);
    }
  }

  private static Source source(Page.Sample sample, int number) {
    String code =
        sample.code().stream()
            .map(line -> line.strip().equals("...") ? "" : line.replace("-> ...", "-> {}"))
            .collect(Collectors.joining("\n"));
    String first = sample.code().getFirst();
    String head =
        IMPORTS.stream().map(each -> "import " + each + ";").collect(Collectors.joining());
    String unit;
    if (first.matches("((public|final|abstract) )*(class|record|interface) .*")) {
      // Several public classes fit into no file.
      unit = head + "\n" + code.replaceFirst("^public ", "");
    } else if (first.startsWith("public ")) {
      unit =
          head
              + "abstract class Sample%d extends Given implements PacketFilter {\n"
                  .formatted(number)
              + code
              + "\n}";
    } else {
      unit =
          head
              + "abstract class Sample%d extends Given { void sample() throws Exception {\n"
                  .formatted(number)
              + code
              + "\n}}";
    }
    return new Source(sample.toString(), sample.line() - 2, unit);
  }

  private static List<String> problems(List<Source> sources, Path classes) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-proc:none", "-d", classes.toString(), "-cp", System.getProperty("java.class.path"));
    compiler.getTask(null, null, found, options, null, sources).call();
    return found.getDiagnostics().stream()
        .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
        .map(
            each ->
                each.getSource() instanceof Source source
                    ? source.describe(each)
                    : each.getMessage(Locale.ENGLISH))
        .toList();
  }

  private static Source given() {
    String imports =
        IMPORTS.stream().map(each -> "import " + each + ";").collect(Collectors.joining());
    return new Source("what is given", 0, imports + GIVEN);
  }

  @Test
  void what_the_pages_show_compiles() {
    List<Source> sources = new ArrayList<>(List.of(given()));
    for (Page.Sample sample : samples()) {
      sources.add(source(sample, sources.size()));
    }
    assertThat(sources).as("the pages have samples").hasSizeGreaterThan(15);
    assertThat(problems(sources, classes)).isEmpty();
  }

  @Test
  void what_does_not_compile_is_said_with_its_place() {
    Path page = Path.of("page.md");
    List<String> code = List.of("...", "stack.shard(0).nothingOfTheKind();");
    Source wrong = source(new Page.Sample(page, 10, code), 1);
    assertThat(problems(List.of(given(), wrong), classes))
        .singleElement()
        .asString()
        .startsWith("page.md:10, line 11: cannot find symbol");
  }
}
