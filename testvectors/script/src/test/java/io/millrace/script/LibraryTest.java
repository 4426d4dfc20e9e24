package io.millrace.script;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The library of scripts in the neutral profile, over everything that IP is spoken in. */
final class LibraryTest {
  private static final Path LIBRARY = Path.of("../data/scripts");
  private static final RunOptions NEUTRAL = RunOptions.of(Profile.NEUTRAL);

  @TestFactory
  Stream<DynamicTest> overIpv4() {
    return Scripts.in(LIBRARY, NEUTRAL);
  }

  @TestFactory
  Stream<DynamicTest> overIpv6() {
    return Scripts.in(LIBRARY, NEUTRAL.over("ipv6"));
  }

  @TestFactory
  Stream<DynamicTest> overMappedAddresses() {
    return Scripts.in(LIBRARY, NEUTRAL.over("ipv4-mapped-ipv6"));
  }
}
