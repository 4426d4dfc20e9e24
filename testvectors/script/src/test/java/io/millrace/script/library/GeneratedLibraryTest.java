package io.millrace.script.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.script.Profile;
import io.millrace.script.RunOptions;
import io.millrace.script.Scripts;
import io.millrace.script.library.StateMatrix.Case;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The part of the library that comes out of tables of the RFCs, over both families. */
final class GeneratedLibraryTest {
  private static final RunOptions NEUTRAL = RunOptions.of(Profile.NEUTRAL);

  private static List<Case> all() {
    List<Case> all = new ArrayList<>(OpeningMatrix.cases());
    all.addAll(StateMatrix.cases());
    all.addAll(Orderings.cases());
    return all;
  }

  private static Stream<DynamicTest> over(String version) {
    RunOptions options = NEUTRAL.over(version);
    return all().stream().map(each -> Scripts.of(each.name(), each.script(), options));
  }

  @TestFactory
  Stream<DynamicTest> overIpv4() {
    return over("ipv4");
  }

  @TestFactory
  Stream<DynamicTest> overIpv6() {
    return over("ipv6");
  }

  @Test
  void everyCaseIsThereOnceAndThereAreHundreds() {
    assertThat(new HashSet<>(all().stream().map(Case::name).toList())).hasSameSizeAs(all());
    assertThat(all()).hasSizeGreaterThan(600);
    assertThat(Orderings.cases()).hasSize(120);
  }
}
