package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.testkit.compliance.ComplianceReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the page about the standards says is so. */
class ComplianceTest {
  private static final Path ROOT = Path.of("../..");

  @Test
  void everyTagNamesADemandOfAStandard() throws IOException {
    assertThat(ComplianceReport.of(ROOT).unknownTags()).isEmpty();
  }

  @Test
  void everyDemandHasATestOrAReason() throws IOException {
    assertThat(ComplianceReport.of(ROOT).open()).isEmpty();
  }

  @Test
  void thePageIsUpToDate() throws IOException {
    ComplianceReport report = ComplianceReport.of(ROOT);
    assertThat(Files.readString(ComplianceReport.page(ROOT)))
        .as("./millrace compliance writes it anew")
        .isEqualTo(report.markdown());
  }
}
