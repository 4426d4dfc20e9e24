import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.StringWrapper;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks or rewrites the format of every Java source file below a directory, with
 * google-java-format. Run by the build as {@code java Format.java check|write DIRECTORY}.
 */
final class Format {

  private enum Outcome {
    SAME,
    DIFFERENT,
    BROKEN
  }

  private record Result(Path file, Outcome outcome, String detail) {}

  private Format() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 2 || !(args[0].equals("check") || args[0].equals("write"))) {
      System.err.println("usage: java Format.java check|write DIRECTORY");
      System.exit(2);
    }
    boolean write = args[0].equals("write");
    Path root = Path.of(args[1]);
    List<Result> results =
        sources(root).parallelStream()
            .map(file -> format(file, write))
            .filter(result -> result.outcome() != Outcome.SAME)
            .toList();

    boolean different = false;
    boolean broken = false;
    for (Result result : results) {
      Path name = root.relativize(result.file());
      switch (result.outcome()) {
        case BROKEN -> {
          broken = true;
          System.err.println("cannot be parsed: " + name + ": " + result.detail());
        }
        case DIFFERENT -> {
          different = true;
          System.err.println((write ? "formatted: " : "not formatted: ") + name);
        }
        case SAME -> {}
      }
    }
    if (different && !write) {
      System.err.println(
          "Run './millrace format' (or 'mvn -q -N -Pformat validate') to format these files.");
    }
    System.exit(broken || (different && !write) ? 1 : 0);
  }

  private static Result format(Path file, boolean write) {
    try {
      String before = Files.readString(file);
      Formatter formatter = new Formatter();
      String after = StringWrapper.wrap(formatter.formatSourceAndFixImports(before), formatter);
      if (after.equals(before)) {
        return new Result(file, Outcome.SAME, "");
      }
      if (write) {
        Files.writeString(file, after);
      }
      return new Result(file, Outcome.DIFFERENT, "");
    } catch (FormatterException | IOException e) {
      return new Result(file, Outcome.BROKEN, String.valueOf(e.getMessage()).strip());
    }
  }

  /** All Java sources below the root, without build output and hidden directories. */
  private static List<Path> sources(Path root) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            String name = dir.getFileName().toString();
            boolean skip = !dir.equals(root) && (name.equals("target") || name.startsWith("."));
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.getFileName().toString().endsWith(".java")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    found.sort(null);
    return found;
  }
}
