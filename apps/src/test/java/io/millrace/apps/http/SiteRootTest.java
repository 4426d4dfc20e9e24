package io.millrace.apps.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SiteRootTest {
  @TempDir private Path folder;
  private Path www;
  private SiteRoot root;

  @BeforeEach
  void makeFiles() throws IOException {
    www = Files.createDirectories(folder.resolve("www"));
    Files.writeString(www.resolve("index.html"), "index");
    Files.writeString(www.resolve("a b.txt"), "blank");
    Files.writeString(www.resolve("ä.txt"), "umlaut");
    Files.createDirectories(www.resolve("sub/empty"));
    Files.writeString(www.resolve("sub/index.html"), "sub");
    Files.writeString(folder.resolve("secret.txt"), "secret");
    Files.createDirectories(folder.resolve("www2"));
    Files.writeString(folder.resolve("www2/x.txt"), "neighbour with the same beginning");
    Files.createSymbolicLink(www.resolve("out.txt"), folder.resolve("secret.txt"));
    Files.createSymbolicLink(www.resolve("outside"), folder);
    Files.createSymbolicLink(www.resolve("inside.txt"), www.resolve("a b.txt"));
    Files.createDirectories(www.resolve("trap"));
    Files.createSymbolicLink(www.resolve("trap/index.html"), folder.resolve("secret.txt"));
    root = new SiteRoot(www);
  }

  private SiteRoot.Found find(String target) {
    return root.find(target.getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "/, index.html",
    "/index.html, index.html",
    "/a%20b.txt, a b.txt",
    "/%61%20b.txt, a b.txt",
    "/%C3%A4.txt, ä.txt",
    "/./sub//index.html, sub/index.html",
    "/sub/, sub/index.html",
    "/inside.txt, a b.txt",
  })
  void findsFiles(String target, String file) {
    assertThat(find(target)).isEqualTo(new SiteRoot.Found(200, www.resolve(file)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/..%2fsecret.txt",
        "/sub/..",
        "/../www2/x.txt",
        "//../secret.txt",
        "/out.txt",
        "/outside/secret.txt",
        "/trap/",
        "/nothing",
        "/sub/empty/",
        "/index.html/",
        "/index.html/x",
      })
  void findsNothingElse(String target) {
    assertThat(find(target).status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/%", "/%4", "/%zz", "/%00", "/%ff", "", "x"})
  void refusesMalformedTargets(String target) {
    assertThat(find(target).status()).isEqualTo(400);
  }

  @Test
  void sendsAFolderWithoutSlashToTheOneWithIt() {
    assertThat(find("/sub").status()).isEqualTo(301);
  }

  @Property(tries = 2_000)
  void noBytesLeadOutsideOrThrow(@ForAll @Size(max = 40) byte[] target) throws IOException {
    Path here = Path.of("src").toRealPath();
    SiteRoot.Found found = new SiteRoot(here).find(target);
    assertThat(found.file() == null || found.file().startsWith(here)).isTrue();
  }
}
