package io.millrace.e2e.script;

import io.millrace.testkit.script.Scripts;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** UDP, script by script, over the real IPv4 and ARP. */
final class UdpScriptsTest {
  @TestFactory
  Stream<DynamicTest> scripts() {
    return Scripts.in(Path.of("../data/scripts/udp"), StackHost::start);
  }
}
