package io.millrace.e2e.script;

import io.millrace.spi.Port;
import io.millrace.testkit.World;
import io.millrace.testkit.script.ScriptHost;
import io.millrace.testkit.script.ScriptSetup;
import io.millrace.testkit.script.Scripts;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** TCP, script by script, over the real IPv4 and ARP. */
final class TcpScriptsTest {
  @TestFactory
  Stream<DynamicTest> scripts() {
    return Scripts.in(Path.of("../data/scripts/tcp"), new Factory());
  }

  private static final class Factory implements ScriptHost.Factory {
    @Override
    public ScriptHost start(World world, Port port, ScriptSetup setup) {
      return StackHost.start(world, port, setup);
    }

    @Override
    public boolean knows(String setting, String value) {
      return TcpSettings.NAMES.contains(setting) && value.matches("\\d{1,9}");
    }
  }
}
